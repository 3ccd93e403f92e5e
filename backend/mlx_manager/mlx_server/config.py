"""Settings of the inference server."""

from pathlib import Path
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator
from pydantic_settings import SettingsConfigDict

from mlx_manager.core.access.settings import AccessSettings

GB = 2**30


class ModelOptions(BaseModel):
    """How one model is run; an entry of `MLX_SERVER_MODEL_OPTIONS`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kv_bits: Literal[4, 8] | None = None
    """Hold its KV cache in so many bits: less memory, one request at a time, slightly other answers."""
    prompt_lookup: bool = False
    """Draft for a single request from its own text; the tokens stay the same, they only come sooner."""
    idle_unload_s: float | None = Field(default=None, ge=0)
    """Unload it when it has been unused for so long; the server's own setting where this is not given."""


class MLXServerSettings(AccessSettings):
    """Read from the environment, `MLX_SERVER_HOST` and so on; a flag of the same name overrides it."""

    model_config = SettingsConfigDict(env_prefix="MLX_SERVER_", extra="ignore", validate_assignment=True)

    # A secret; nothing that is stored in the open may hold one.
    not_stored: ClassVar[frozenset[str]] = frozenset({"logfire_token"})

    host: str = "127.0.0.1"
    """Address to listen on; anything but loopback lets other machines call, with a key."""
    port: int = Field(default=8000, ge=0, le=65_535)
    """Port to listen on; 0 takes any that is free."""
    max_memory_gb: float = Field(default=48.0, gt=0, le=2**20, allow_inf_nan=False)
    """Upper bound of all models together, in GB of 2**30 bytes; the machine's own limits lower it."""
    max_models: int = Field(default=4, ge=1)
    """Most models in memory at once."""
    default_max_tokens: int = Field(default=4096, ge=1)
    """New tokens of a request that names no number, clamped to the model's context window."""
    logfire_enabled: bool = True
    """Whether spans go to Logfire where there is a token."""
    logfire_token: str | None = Field(default=None, repr=False)
    """Write token of a Logfire project; without one nothing leaves the machine."""

    model_dirs: list[Path] = Field(default_factory=list)
    """Folders that are models or hold models, as a JSON list."""
    use_hf_cache: bool = True
    """Whether models of the Hugging Face cache are offered (`HF_HOME` and `HF_HUB_CACHE` say where it is)."""
    aliases: dict[str, str] = Field(default_factory=dict)
    """Other names of models, as a JSON object: `{"gpt-4o": "qwen3-8b"}`.

    `*` stands for any run of characters: `{"claude-*": "qwen3-8b"}`. Exact names and ids count before
    such a pattern, and of two patterns the one with more other characters.
    """
    preload: list[str] = Field(default_factory=lambda: ["demo"])
    """Names of the models to load at start, as many of them as fit."""
    pinned: list[str] = Field(default_factory=list)
    """Ids of models that stay in memory once they are loaded, whoever needs their room."""
    idle_unload_s: float | None = Field(default=None, ge=0)
    """Unload a model that has been unused for so long; not given, it stays until its room is needed."""
    load_wait_s: float = Field(default=60.0, gt=0, allow_inf_nan=False)
    """How long a request waits for the room that its model needs before it is told 503."""
    kv_context_tokens: int = Field(default=8192, ge=256)
    """Tokens of a request that KV memory is reserved for at load; a longer one takes what is free then."""
    kv_concurrency: int = Field(default=4, ge=1)
    """Requests of that length at once that KV memory is reserved for."""
    spare_worker: bool = True
    """Keep a worker process ready, so that the next load takes no longer than its weights."""
    memory_soft_share: float = Field(default=0.95, gt=0, le=1, allow_inf_nan=False)
    """Above this share of the budget in real use no new work begins and idle models are unloaded."""
    memory_hard_share: float = Field(default=1.05, ge=1, allow_inf_nan=False)
    """Above this share of the budget in real use the youngest request is ended."""
    max_concurrent_requests: int = Field(default=32, ge=1)
    """Sequences that one model decodes together; more wait their turn."""
    max_queued_requests: int = Field(default=256, ge=0)
    """Requests that may wait for one model; past it the answer is 429."""
    prefill_chunk_tokens: int = Field(default=512, ge=16)
    """Prompt tokens read between two decode steps."""
    model_options: dict[str, ModelOptions] = Field(default_factory=dict)
    """Options by model id, as a JSON object: `{"qwen3-8b": {"kv_bits": 8}}`."""
    prefix_cache_gb: float = Field(default=2.0, ge=0, allow_inf_nan=False)
    """Memory in which each model keeps what it computed for prompts, in GB of 2**30 bytes; 0 is off."""
    prefix_cache_disk_gb: float = Field(default=8.0, ge=0, allow_inf_nan=False)
    """The same on disk, where it survives restarts; 0 is off."""
    prefix_cache_disk_floor_gb: float = Field(default=10.0, ge=0, allow_inf_nan=False)
    """Free space that the disk tier leaves to others."""
    prefix_cache_per_tenant: bool = False
    """Whether prefixes are shared between requests of one credential only."""
    request_timeout_s: float = Field(default=3600.0, gt=0, allow_inf_nan=False)
    """Most seconds from a request's arrival to its last token; a request may ask for fewer."""
    worker_hang_s: float = Field(default=120.0, gt=0, allow_inf_nan=False)
    """A worker that says nothing for so long while it has work is ended."""
    max_request_body_mb: float = Field(default=64.0, gt=0, allow_inf_nan=False)
    """Largest body of one request, in MB of 2**20 bytes."""
    audit_days: float = Field(default=90.0, gt=0, le=36_500, allow_inf_nan=False)
    """How long the record of a request is kept."""
    audit_max_rows: int = Field(default=1_000_000, ge=1)
    """The most requests whose record is kept; the oldest go first."""
    responses_days: float = Field(default=30.0, ge=0, le=36_500, allow_inf_nan=False)
    """How long a stored response is kept after it was last gone on from; 0 stores none."""
    shutdown_grace_s: float = Field(default=4.0, ge=0, allow_inf_nan=False)
    """How long running requests may go on after SIGTERM or Ctrl-C."""
    log_level: str = "INFO"
    """The lowest level that is logged: DEBUG, INFO, WARNING or ERROR."""

    @field_validator("model_dirs")
    @classmethod
    def _expand_user(cls, folders: list[Path]) -> list[Path]:
        return [folder.expanduser() for folder in folders]

    @field_validator("log_level")
    @classmethod
    def _known_level(cls, level: str) -> str:
        if level.upper() not in ("DEBUG", "INFO", "WARNING", "ERROR"):
            raise ValueError("must be DEBUG, INFO, WARNING or ERROR")
        return level.upper()

    @property
    def max_memory_bytes(self) -> int:
        """The setting's budget in bytes, before the machine's limits."""
        return int(self.max_memory_gb * GB)

    @property
    def max_request_body_bytes(self) -> int:
        """The limit of one request's body in bytes."""
        return int(self.max_request_body_mb * 2**20)


mlx_server_settings = MLXServerSettings()
