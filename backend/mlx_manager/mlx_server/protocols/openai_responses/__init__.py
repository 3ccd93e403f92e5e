"""`/v1/responses`: created, streamed, stored, and read again."""
