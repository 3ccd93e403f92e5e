"""MLX Manager: local MLX models for a person, a team and their agents."""

__version__ = "0.1.0"
