"""Frozen types that cross the server's rooms: requests, events, descriptions of models. No HTTP, no MLX."""
