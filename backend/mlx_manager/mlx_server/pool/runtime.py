"""What a load found out, in the domain's words."""

from mlx_manager.mlx_server.config import GB, ModelOptions
from mlx_manager.mlx_server.domain.models import ModelRuntime
from mlx_manager.mlx_server.engine import wire


def runtime_of(report: wire.Loaded, options: ModelOptions) -> ModelRuntime:
    """What is known of a model since it was loaded."""
    return ModelRuntime(
        can_batch=report.can_batch,
        batching=report.probe,
        kv_bytes_per_token=report.kv_size.bytes_per_token,
        kv_bits=options.kv_bits,
        prefix_cache=report.prefix_cache or None,
        prompt_lookup=report.prompt_lookup or None,
    )


def size(num_bytes: int) -> str:
    """Bytes as a person reads them."""
    return f"{num_bytes / GB:.2f} GB" if num_bytes >= GB else f"{num_bytes / 2**20:.2f} MB"
