"""Choosing the sampler for a device."""

from collections.abc import Sequence

from mlx_manager.mlx_server.engine.sampling.device import DeviceSampler
from mlx_manager.mlx_server.engine.sampling.host import HostSampler
from mlx_manager.mlx_server.engine.sampling.row import SamplingRow
from mlx_manager.mlx_server.engine.sampling.sampler import Sampler


def make_sampler(rows: Sequence[SamplingRow], *, on_host: bool) -> Sampler:
    """A sampler for these rows in this order; made anew whenever the rows of a batch change.

    Args:
        on_host: whether the logits lie in the host's memory and MLX computes on the CPU, whose exp,
            sort and argmax are 10 to 30 times slower than numpy's; False draws on the GPU.
    """
    return HostSampler(rows) if on_host else DeviceSampler(rows)
