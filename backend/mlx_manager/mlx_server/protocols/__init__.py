"""The wire: one folder per dialect (schema, parse, render), the routes, and server-sent events. No MLX."""
