"""The data of the stream's events, each as JSON in one line.

What the inference server says of itself is passed on as it says it (`mlx_server.admin.views` and
`RequestRecord.view`); the models of that here are for who reads the OpenAPI document. It may say more.
"""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from mlx_manager.chats.event_schemas import ChangeEvent, ResyncEvent
from mlx_manager.downloads.schemas import DownloadRemoved, DownloadView
from mlx_manager.server.schemas import ServerView


class InferenceEvent(BaseModel):
    """`inference`: whether the server's own events are heard.

    After each true all of `model`, `request` and `memory` follows anew: forget what was known of them.
    """

    is_connected: bool


class LibraryEvent(BaseModel):
    """`library`: what is installed has changed, or a verification has ended; look again."""

    model_id: str | None = Field(description="null where more has changed than can be told")


class _Passed(BaseModel):
    model_config = ConfigDict(extra="allow")


class ReservedBytes(_Passed):
    """What is promised to a model of the memory budget."""

    total: int


class ModelBytes(_Passed):
    """Of a model; what is really in use is null or left out while it is not in memory."""

    estimated: int
    reserved: ReservedBytes | None
    footprint: int | None = Field(None, description="of its process, by the system's account")
    active: int | None = Field(None, description="by MLX's account")
    kv: int | None = None
    prefixes: int | None = Field(None, description="of the prefix cache")


class ModelEvent(_Passed):
    """`model`: a model in the server's pool, as `/admin/models` has it without its files."""

    id: str
    status: Literal["unloaded", "loading", "loaded", "draining", "failed"]
    progress: float | None = Field(description="of a load, from 0 to 1")
    reason: str | None = Field(description="why it has failed")
    pinned: bool
    pid: int | None
    leases: int = Field(description="requests that use it")
    waiting: int = Field(description="requests that wait until it is loaded")
    queue: int = Field(description="requests that its engine has not begun with")
    running: int
    tokens_per_second: float
    load_s: float | None
    idle_s: float | None
    unloads_in_s: float | None
    bytes: ModelBytes


class MemoryModel(_Passed):
    """A model's part of the memory."""

    id: str
    status: str
    reserved: ReservedBytes
    footprint: int | None = None
    active: int | None = None
    kv: int | None = None
    prefixes: int | None = None


class MemoryEvent(_Passed):
    """`memory`: as `/admin/memory` has it, in bytes."""

    budget: int
    reserved: int
    free: int
    max_models: int
    models: list[MemoryModel]
    spare_worker: int | None
    pressure: str
    explanation: str | None
    real: dict[str, int | float | bool | str | None] | None = Field(description="what is really in use")


class RequestEvent(_Passed):
    """`request`: one that runs or has ended; its `id` is the `X-Request-Id` of the server's answer."""

    id: str
    model: str = Field(description="the name that was asked for")
    phase: Literal["waiting", "queued", "reading", "writing", "finished", "failed", "cancelled"]
    arrived: float = Field(description="seconds since the epoch; with the id it names a request")
    arrived_at: datetime
    prompt_tokens: int
    cached_tokens: int
    read_tokens: int
    completion_tokens: int
    waited_s: float
    time_to_first_token_s: float | None
    tokens_per_second: float | None
    total_s: float
    detail: str = Field(description="the finish reason, or what went wrong")


class LiveEvents(BaseModel):
    """The stream's events by their names, each with the type of its data."""

    server: ServerView
    inference: InferenceEvent
    model: ModelEvent
    memory: MemoryEvent
    request: RequestEvent
    download: DownloadView
    download_removed: DownloadRemoved
    chat: ChangeEvent
    chat_resync: ResyncEvent
    library: LibraryEvent
