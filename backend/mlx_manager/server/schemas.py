"""The server's process on the wire."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from mlx_manager.server.state import ServerState


class ServerReadiness(BaseModel):
    """What the server says of itself (`/ready`)."""

    model_config = ConfigDict(extra="ignore")

    status: str = Field(description="loading, ready, failed (of the models to load at start) or draining")
    models: list[str] = Field(description="ids of the models in memory")
    running: int = Field(description="requests that have not ended")
    error: str | None = Field(description="why a model that was to be loaded at start was not")


class ServerEnding(BaseModel):
    """How the server ended last when nobody had asked it to."""

    at: datetime
    code: int | None = Field(description="exit code; negative is a signal's number; null where not known")
    reason: str
    lines: list[str] = Field(description="the last that it said")


class ServerView(BaseModel):
    """The inference server as the manager sees it."""

    state: ServerState
    url: str | None = Field(description="where it listens on this machine")
    pid: int | None
    version: str | None
    started_at: datetime | None
    is_adopted: bool = Field(description="it ran before the manager did")
    is_answering: bool
    num_restarts: int = Field(description="starts after it had ended by itself, since the manager started")
    retry_at: datetime | None = Field(description="when it is started again")
    ending: ServerEnding | None
    readiness: ServerReadiness | None = Field(description="null while it does not answer")


class LogEntry(BaseModel):
    """One entry of a log. A program may add fields."""

    model_config = ConfigDict(extra="allow")

    time: datetime
    level: str
    logger: str
    message: str
    request_id: str | None = None
    pid: int | None = None
    exception: str | None = None


class LogEntries(BaseModel):
    """The last entries, the oldest first."""

    data: list[LogEntry]


Entry = dict[str, Any]
