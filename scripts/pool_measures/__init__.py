"""What `scripts/measure_pool.py` measures of the model pool: a file for each kind of measurement."""
