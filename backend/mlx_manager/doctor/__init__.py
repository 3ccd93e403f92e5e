"""`mlx-manager doctor`: one module for each group of checks; none needs a running server or a network."""
