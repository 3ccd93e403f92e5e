"""MLX is set up for this process as a worker sets it up, before anything imports it."""

from mlx_manager.mlx_server.engine.device import prepare_device, prepare_process

prepare_process()
prepare_device()
