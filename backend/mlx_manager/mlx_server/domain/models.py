"""What is known of a model before it is loaded."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from mlx_manager.mlx_server.domain.request import SamplingParams


class Capability(StrEnum):
    """What a model can be asked for, told by its files."""

    CHAT = "chat"
    TOOLS = "tools"
    REASONING = "reasoning"
    VISION = "vision"
    AUDIO = "audio"
    EMBEDDINGS = "embeddings"
    INFILL = "infill"


@dataclass(frozen=True, slots=True)
class Quantization:
    """How weights are packed.

    Attributes:
        bits: of one weight.
        group_size: weights that share a scale.
        mode: mlx's name of the scheme, such as `affine` or `mxfp4`.
    """

    bits: int
    group_size: int
    mode: str = "affine"


@dataclass(frozen=True, slots=True)
class ModelDescription:
    """A usable model folder, read from its files.

    Attributes:
        model_id: the name that requests use.
        family: `model_type` of its config.json.
        context_length: most tokens of prompt and answer together, or None where the config is silent.
        weight_bytes: bytes of its safetensors files on disk.
        disk_bytes: of all its files.
        num_parameters: weights that its tensors stand for.
        quantization: None where its weights are not packed.
        has_half_weights: whether its weights are 16-bit and unquantised (a CPU worker holds them as fp32).
        kv_bytes_per_token: an estimate of one request's cache for each token, at 16 bits.
        capabilities: what it can be asked for.
        licence: as its card names it, such as `apache-2.0`, or None.
        adapter_path: a LoRA adapter that is applied to it, or None.
        created: modification time of its config.json, seconds since the epoch, UTC.
        default_sampling: what its generation_config.json asks for.
        revision: a digest that changes when a file of its folder, or of its adapter's, does.
    """

    model_id: str
    path: Path
    family: str
    context_length: int | None
    weight_bytes: int
    has_half_weights: bool
    created: int
    default_sampling: SamplingParams
    disk_bytes: int = 0
    num_parameters: int = 0
    quantization: Quantization | None = None
    kv_bytes_per_token: int = 0
    capabilities: tuple[Capability, ...] = ()
    licence: str | None = None
    adapter_path: Path | None = None
    revision: str = ""

    @property
    def key(self) -> str:
        """What tells it from every other model: its folder, and its adapter's."""
        return str(self.path) if self.adapter_path is None else f"{self.path}+{self.adapter_path}"

    @property
    def has_chat_template(self) -> bool:
        """Whether conversations can be rendered."""
        return Capability.CHAT in self.capabilities


@dataclass(frozen=True, slots=True)
class UnusableModel:
    """A folder that looks like a model and cannot be offered.

    Attributes:
        reason: what is missing or wrong, in words.
        is_incomplete: whether files of it are missing, as while it is downloaded; else it is all there and
            of no use.
    """

    model_id: str
    path: Path
    reason: str
    is_incomplete: bool


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
