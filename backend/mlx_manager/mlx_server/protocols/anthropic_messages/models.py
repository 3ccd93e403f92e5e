"""Models in Anthropic's shape."""

from collections.abc import Sequence
from datetime import UTC, datetime

from msgspec import Struct

from mlx_manager.mlx_server.domain.models import ModelDescription


class ModelInfo(Struct, frozen=True):
    """One model; `max_input_tokens` is its window, where that is known."""

    id: str
    display_name: str
    created_at: str
    max_input_tokens: int | None
    lifecycle: str = "active"
    type: str = "model"


class ModelPage(Struct, frozen=True):
    """A part of the list."""

    data: list[ModelInfo]
    has_more: bool
    first_id: str | None
    last_id: str | None


def model_info(model: ModelDescription) -> ModelInfo:
    """A catalogue's entry."""
    created = datetime.fromtimestamp(model.created, UTC)
    return ModelInfo(model.model_id, model.model_id, f"{created:%Y-%m-%dT%H:%M:%SZ}", model.context_length)


def model_page(models: Sequence[ModelDescription], *, has_more: bool) -> ModelPage:
    """These entries as a page."""
    infos = [model_info(model) for model in models]
    first, last = (infos[0].id, infos[-1].id) if infos else (None, None)
    return ModelPage(infos, has_more, first, last)
