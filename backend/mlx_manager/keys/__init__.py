"""API keys: made, limited and revoked by whom they belong to."""
