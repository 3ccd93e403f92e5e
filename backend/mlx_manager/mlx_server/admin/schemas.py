"""What `/admin` says of models, memory and settings, for the OpenAPI document.

The answers are made by `views` and are not checked on their way out; a test compares them with these. Bytes
are bytes, times are seconds, and null is what is not known.
"""

from typing import Any, Literal

from pydantic import BaseModel, Field, JsonValue, create_model

from mlx_manager.core.settings import SettingSource
from mlx_manager.mlx_server.admin.live_settings import LIVE
from mlx_manager.mlx_server.config import MLXServerSettings
from mlx_manager.mlx_server.domain.models import Capability
from mlx_manager.mlx_server.pool.entry import ModelState
from mlx_manager.mlx_server.pool.watermarks import Pressure


class ReservedBytes(BaseModel):
    """What a model may come to hold, by its parts."""

    weights: int = Field(description="parameters as they are held, and what the process has beside them")
    kv: int = Field(description="KV caches of the sequences that run")
    prefixes: int = Field(description="computed prompts that are kept")
    total: int


class HeldBytes(BaseModel):
    """What a model really holds; null while it is not in memory."""

    footprint: int | None = Field(description="of its process, by the operating system's account")
    active: int | None = Field(description="that MLX holds, by the engine's account")
    kv: int | None = Field(description="of the sequences that run")
    prefixes: int | None = Field(description="of computed prompts that are kept")


class ModelBytes(HeldBytes):
    """What a model takes, what it is promised and what it holds."""

    estimated: int = Field(description="without caches; measured where it was ever loaded")
    reserved: ReservedBytes | None = Field(description="null while nothing is promised to it")


class StateEvent(BaseModel):
    """`event: state`: a model's state has changed, or its load has come further."""

    id: str
    status: ModelState
    progress: float = Field(description="of its load, from 0 to 1")
    reason: str | None = Field(description="why it has failed")
    pid: int | None = Field(description="of its worker process")


class ModelView(BaseModel):
    """A model: what it is doing and what it holds. Also `event: model`."""

    id: str
    status: ModelState
    progress: float | None = Field(description="of its load, from 0 to 1; null while it does not load")
    reason: str | None = Field(description="why it has failed")
    pinned: bool = Field(description="whether it stays, whoever needs its room")
    pid: int | None = Field(description="of its worker process")
    leases: int = Field(description="requests that use it now")
    waiting: int = Field(description="requests that wait for it to come into memory")
    queue: int = Field(description="sequences that its engine has not admitted yet")
    running: int = Field(description="sequences that are read or decode")
    tokens_per_second: float = Field(description="drawn for all its requests together")
    load_s: float | None = Field(description="what its last load took")
    idle_s: float | None = Field(description="since its last use; null while it is used")
    unloads_in_s: float | None = Field(description="until it goes unless it is used; null where it stays")
    bytes: ModelBytes


class QuantizationView(BaseModel):
    """How weights are packed."""

    bits: int = Field(description="of one weight")
    group_size: int = Field(description="weights that share a scale")
    mode: str = Field(description="such as `affine` or `mxfp4`")


class RuntimeView(BaseModel):
    """What was found out when a model was last loaded."""

    can_batch: bool = Field(description="whether its requests decode together; else one at a time")
    batching: str = Field(description="what the numeric probe found, in words")
    kv_bytes_per_token: int
    kv_bits: int | None = Field(description="bits of its KV cache where they were asked for")
    prefix_cache: str | None = Field(description="why prompts are not kept; null where they are")
    prompt_lookup: str | None = Field(description="why a single request is not drafted for; null where it is")


class ListedModel(ModelView):
    """A model that can be used, with what its files tell."""

    is_usable: Literal[True]
    path: str
    adapter_path: str | None = Field(description="of a LoRA adapter that is applied to it")
    aliases: list[str]
    family: str = Field(description="`model_type` of its config.json")
    parameters: int = Field(description="0 where the files do not tell")
    quantization: QuantizationView | None = Field(description="null where its weights are not packed")
    size_bytes: int = Field(description="of all its files")
    context_length: int | None
    capabilities: list[Capability]
    license: str | None = Field(description="as its card names it")
    runtime: RuntimeView | None = Field(description="null before its first load")
    duplicates: list[str] = Field(description="other folders of the same id, which are not used")


class UnusableModelView(BaseModel):
    """A folder that looks like a model and cannot be used."""

    id: str
    is_usable: Literal[False]
    status: Literal["incomplete", "failed"] = Field(description="incomplete: files of it are missing")
    reason: str
    path: str


class ModelViews(BaseModel):
    """Every model there is, those that cannot be used at the end."""

    data: list[ListedModel | UnusableModelView]


class MemoryModel(HeldBytes):
    """A model that memory is promised to."""

    id: str
    status: ModelState
    reserved: ReservedBytes


class MemoryReading(BaseModel):
    """Real memory, as it was last looked at."""

    footprint_bytes: int = Field(description="of all workers together, by the operating system's account")
    budget_bytes: int = Field(description="what they may have")
    available_bytes: int = Field(description="what any process could still take")
    machine_bytes: int
    device_active_bytes: int = Field(description="what MLX holds in all workers")
    device_limit_bytes: int = Field(description="what the device can hold; 0 where that is not known")


class MemoryView(BaseModel):
    """What is promised to whom, and what is really in use. Also `event: memory`."""

    budget: int
    reserved: int
    free: int = Field(description="what can still be promised")
    max_models: int
    models: list[MemoryModel]
    spare_worker: int | None = Field(description="promised to the worker that waits for a model, if one does")
    pressure: Pressure
    explanation: str | None = Field(description="the pressure in a sentence, with the numbers behind it")
    real: MemoryReading | None = Field(description="null before it was first looked at")


class SettingView(BaseModel):
    """A setting that is no secret."""

    name: str
    value: JsonValue
    source: SettingSource
    live: bool = Field(description="whether it can be changed while the server runs")


class SettingViews(BaseModel):
    """Every setting that is no secret."""

    data: list[SettingView]


class ReloadedSettings(SettingViews):
    """Every setting after what is stored was taken."""

    faults: list[str] = Field(description="a line for each stored value that cannot be used")


_SETTINGS: dict[str, Any] = {
    name: (field.annotation, field) for name, field in MLXServerSettings.model_fields.items() if name in LIVE
}
SettingsView: type[BaseModel] = create_model(
    "SettingsView", __doc__="The settings that can be changed while the server runs.", **_SETTINGS
)


def settings_change() -> dict[str, Any]:
    """The schema of a change: any of the settings, each as it is to be."""
    schema = SettingsView.model_json_schema(ref_template="#/components/schemas/{model}")
    schema.pop("required", None)
    for entry in schema["properties"].values():
        entry.pop("default", None)  # what is left out stays as it is
    return schema | {"title": "SettingsChange", "description": "Settings to change; the others stay."}
