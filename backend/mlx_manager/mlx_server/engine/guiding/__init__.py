"""Holding sequences to grammars: which tokens may come next. No MLX; llguidance lives here alone."""
