"""What is known of a model before it is loaded."""

from dataclasses import dataclass
from pathlib import Path

from mlx_manager.mlx_server.domain.request import SamplingParams


@dataclass(frozen=True, slots=True)
class ModelDescription:
    """A usable model folder, read from its files.

    Attributes:
        model_id: the name that requests use.
        family: `model_type` of its config.json.
        context_length: most tokens of prompt and answer together, or None where the config is silent.
        weight_bytes: bytes of its safetensors files on disk.
        has_half_weights: whether its weights are 16-bit and unquantised (a CPU worker holds them as fp32).
        created: modification time of its config.json, seconds since the epoch, UTC.
        default_sampling: what its generation_config.json asks for.
    """

    model_id: str
    path: Path
    family: str
    context_length: int | None
    weight_bytes: int
    has_half_weights: bool
    created: int
    default_sampling: SamplingParams
