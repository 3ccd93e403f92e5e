"""The worker: the only package that imports mlx. One process a model, one thread that owns MLX."""
