"""`thinking` and `output_config`: read with care, because a client that is refused here gives up."""

from typing import Any, Final, cast, get_args

from mlx_manager.mlx_server.domain.request import TemplateHint
from mlx_manager.mlx_server.protocols.reasoning import (
    Effort,
    ReasoningWish,
    all_of,
    effort_hint,
    read_thinking,
)

_EFFORTS: Final = get_args(Effort)


def read_wish(thinking: Any, output_config: Any) -> ReasoningWish:
    """How much the model is to reason."""
    efforts, ignored = _read_output_config(output_config)
    return all_of(efforts, [read_thinking(thinking), ReasoningWish(ignored=tuple(ignored))])


def _read_output_config(config: Any) -> tuple[list[TemplateHint], list[str]]:
    if config is None:
        return [], []
    if not isinstance(config, dict):
        return [], ["output_config"]
    unknown = [f"output_config.{name}" for name in config if name not in ("format", "effort")]
    effort = config.get("effort")
    if effort is None:
        return [], unknown
    if effort not in _EFFORTS:
        return [], ["output_config.effort", *unknown]
    return [effort_hint("output_config.effort", cast(Effort, effort))], unknown
