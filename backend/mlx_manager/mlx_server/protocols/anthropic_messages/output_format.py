"""`output_config.format` and its older name, `output_format`: what the answer must be."""

from collections.abc import Iterator
from typing import Any, Final

from mlx_manager.core.errors import ApiError
from mlx_manager.mlx_server.domain.formats import AnswerFormat
from mlx_manager.mlx_server.protocols.anthropic_messages.schema import CountTokensRequest
from mlx_manager.mlx_server.protocols.fields import WireModel, ignored_paths, validate
from mlx_manager.mlx_server.protocols.formats import FlatBody, format_of

_PARENT: Final = "output_config"


class _OutputConfig(WireModel):
    format: FlatBody | None = None


def stated_formats(wire: CountTokensRequest, ignored: list[str]) -> Iterator[AnswerFormat | None]:
    """Each format that the request asks for.

    Args:
        ignored: gets the paths of what has no effect.

    Raises:
        ApiError: one is not what it says; names the field.
    """
    config = _config(wire.output_config)
    if config.format is not None:
        ignored += ignored_paths(config.format, {}, f"{_PARENT}.format.")
    yield format_of(config.format, f"{_PARENT}.format")
    # Some clients state it under both names.
    if wire.output_format != config.format:
        yield format_of(wire.output_format, "output_format")
    yield from wire.stated_formats()


def _config(config: Any) -> _OutputConfig:
    """The rest of it is read as hints, with more patience."""
    wanted = config.get("format") if isinstance(config, dict) else None
    try:
        return validate(_OutputConfig, {"format": wanted})
    except ApiError as error:
        raise ApiError(error.code, f"{_PARENT}.{error.message}", param=f"{_PARENT}.{error.param}") from None
