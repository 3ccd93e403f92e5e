"""Which models exist and which are resident: catalogue, budget, leases. No MLX, no HTTP."""
