"""What the owner of the server may see and do."""
