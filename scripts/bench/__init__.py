"""The parts of `make bench`: contenders, load, rounds, statistics and the report. No part imports MLX
but the two programs that run in processes of their own, `launch` and `limit`."""
