"""Objects that OpenAI's answers have in common."""

import time

from msgspec import UNSET, Struct, UnsetType

from mlx_manager.mlx_server.domain.events import Usage
from mlx_manager.mlx_server.domain.models import ModelDescription


class CompletionTokensDetails(Struct, frozen=True):
    """Where completion tokens went."""

    reasoning_tokens: int


class UsageBody(Struct, frozen=True):
    """Token counts."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    completion_tokens_details: CompletionTokensDetails


class ModelBody(Struct, frozen=True):
    """One model of `/v1/models`; `context_length` and `family` are ours."""

    id: str
    created: int
    family: str
    status: str
    context_length: int | UnsetType = UNSET
    object: str = "model"
    owned_by: str = "local"


class ModelList(Struct, frozen=True):
    """The answer of `/v1/models`."""

    data: list[ModelBody]
    object: str = "list"


def usage_body(usage: Usage) -> UsageBody:
    """The counts in OpenAI's shape."""
    return UsageBody(
        usage.prompt_tokens,
        usage.completion_tokens,
        usage.prompt_tokens + usage.completion_tokens,
        CompletionTokensDetails(usage.reasoning_tokens),
    )


def model_body(model: ModelDescription, *, is_resident: bool) -> ModelBody:
    """A catalogue's entry in OpenAI's shape."""
    return ModelBody(
        id=model.model_id,
        created=model.created,
        family=model.family,
        status="loaded" if is_resident else "unloaded",
        context_length=UNSET if model.context_length is None else model.context_length,
    )


def now() -> int:
    """Seconds since the epoch, UTC: OpenAI's `created`."""
    return int(time.time())
