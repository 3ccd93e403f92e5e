"""What `/admin` says of requests, for the OpenAPI document; see `schemas`."""

from typing import Annotated

from pydantic import BaseModel, Field

from mlx_manager.mlx_server.request_log import Phase

Time = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
Seconds = Annotated[float | None, Field(description="seconds; null before it is known")]


class RequestView(BaseModel):
    """A request that runs, or one of the last hundred that have ended. Also `event: request`."""

    id: str = Field(description="its `X-Request-Id`; clients choose it, so two requests may have the same")
    row_id: str = Field(description="its own, and its row's in the audit")
    model: str = Field(description="the name that was asked for; empty until the body has been read")
    model_id: str | None = Field(description="the model that answers, once that is known")
    dialect: str = Field(
        description="openai_chat, openai_completions, openai_responses or anthropic_messages"
    )
    is_stream: bool
    user_name: str | None
    key_id: str | None = Field(description="of the API key that was sent; null where none was")
    phase: Phase
    is_running: bool
    status: int | None = Field(
        description="HTTP status; of a stream that had begun 200 however it ended; null while it runs"
    )
    arrived: float = Field(description="seconds since the epoch")
    arrived_at: Time
    prompt_tokens: int
    cached_tokens: int = Field(description="of the prompt, that were not read again")
    read_tokens: int = Field(description="of the prompt, that have been read or came from the prefix cache")
    completion_tokens: int
    waited_s: float = Field(description="seconds until its model's engine got it")
    queue_s: Seconds = Field(description="seconds until its engine began with it, the wait included")
    prefill_s: Seconds = Field(description="seconds from there to the first token")
    time_to_first_token_s: Seconds = Field(description="seconds from its arrival to the first token")
    tokens_per_second: float | None = Field(description="of the answer, after its first token")
    total_s: float = Field(description="seconds until its end, or until now")
    detail: str = Field(description="the finish reason, or what went wrong; empty while it runs")


class RequestViews(BaseModel):
    """What runs and what has run last, newest first."""

    data: list[RequestView]


class CacheView(BaseModel):
    """Where a request's first prompt left what the prefix cache held, in tokens."""

    cached_tokens: int = Field(description="that were not read again")
    matched_tokens: int = Field(
        description="that agree with a stored prompt; more than `cached_tokens` where the model's state "
        "could not be taken up at that very place"
    )
    prompt_tokens: int
    diverged_at: int | None = Field(
        description="position of the first token that differs from what was stored; null where nothing does"
    )
    message_index: int | None = Field(description="of the message that the first differing token lies in")
    role: str | None = Field(description="that message's")
    message_unknown: str | None = Field(description="why the message cannot be told, where that is so")
    reason: str = Field(description="one sentence for a person")
    prompt_text: str | None = Field(
        description="from the first differing token on, cut short; null unless the request had `cache_debug`"
    )
    stored_text: str | None = Field(description="what was stored there instead; likewise")


class RequestDetail(RequestView):
    """A request, and where its prompt left the prefix cache."""

    cache: CacheView | None
    cache_unknown: str | None = Field(description="why there is no `cache`; null where there is")
