"""The record of inference requests: who asked which model, and how it went. No text unless a key asks."""

from datetime import date, datetime

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel

from mlx_manager.core.ids import new_id
from mlx_manager.core.times import utc_now
from mlx_manager.db.types import UtcDateTime


class InferenceRequest(SQLModel, table=True):
    """One inference request, opened when it arrives and closed at its true end.

    Users and keys are named without a foreign key: the record outlives them.

    Attributes:
        request_id: the `x-request-id`, which a client may choose.
        server_id: the run of the server that took it, so that a crash leaves nothing open for ever.
        outcome: running, finished, failed, cancelled, or interrupted where the server ended first.
        status: the HTTP status that was sent, or would have been.
        queue_s: seconds from arrival until the model's engine began with it.
        prefill_s: from there to the first token.
        first_token_s: from arrival to the first token.
    """

    __tablename__ = "inference_requests"

    id: str = Field(default_factory=lambda: new_id("inf"), primary_key=True)
    request_id: str = Field(index=True)
    server_id: str = Field(index=True)
    started_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime, index=True)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    user_id: str | None = Field(default=None, index=True)
    key_id: str | None = Field(default=None, index=True)
    model: str | None = None
    backend: str | None = None
    dialect: str
    is_stream: bool = False
    outcome: str = Field(default="running", index=True)
    status: int | None = None
    finish_reason: str | None = None
    error_code: str | None = None
    queue_s: float | None = None
    prefill_s: float | None = None
    first_token_s: float | None = None
    total_s: float | None = None
    tokens_per_second: float | None = None
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0


class CapturedText(SQLModel, table=True):
    """What was asked and answered, for a key that has capture switched on, until its time is over."""

    __tablename__ = "captured_texts"

    request_row_id: str = Field(primary_key=True, foreign_key="inference_requests.id", ondelete="CASCADE")
    prompt: str
    answer: str = ""
    expires_at: datetime = Field(sa_type=UtcDateTime, index=True)


class KeyUsage(SQLModel, table=True):
    """What a key took on one day (UTC), for its limits."""

    __tablename__ = "key_usage"

    key_id: str = Field(primary_key=True, foreign_key="api_keys.id", ondelete="CASCADE")
    day: date = Field(primary_key=True)
    num_requests: int = 0
    num_tokens: int = Field(default=0, sa_type=BigInteger)
