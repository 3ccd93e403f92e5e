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


@dataclass(frozen=True, slots=True)
class ModelRuntime:
    """What was found out when a model was last loaded.

    Attributes:
        can_batch: whether its requests decode together; else one row at a time.
        batching: the numeric probe's finding, in words.
        kv_bytes_per_token: of one request's cache, in the layers that keep every token.
        kv_bits: its cache's bits where they were asked for, else None.
        prefix_cache: why prompts are not kept, or None where they are.
        prompt_lookup: why a single request is not drafted for, or None where it is.
    """

    can_batch: bool
    batching: str
    kv_bytes_per_token: int
    kv_bits: int | None
    prefix_cache: str | None
    prompt_lookup: str | None


@dataclass(frozen=True, slots=True)
class EngineHealth:
    """What a resident model's engine holds at this moment.

    Attributes:
        num_running: sequences that are read or decode.
        num_waiting: sequences that have not been admitted.
        kv_bytes: what is charged for the sequences' caches.
        cache_bytes: what the prefix cache holds in memory.
        active_bytes: what MLX holds.
        fault: what the integrity check found, which is made when nothing runs; None where nothing.
    """

    model_id: str
    num_running: int
    num_waiting: int
    kv_bytes: int
    cache_bytes: int
    active_bytes: int
    fault: str | None
