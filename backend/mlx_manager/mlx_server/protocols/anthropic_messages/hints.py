"""`thinking` and `output_config`: read with care, because a client that is refused here gives up."""

from typing import Any, Final, cast, get_args

from mlx_manager.mlx_server.domain.request import TemplateHint
from mlx_manager.mlx_server.protocols.reasoning import Effort, effort_hint, thinking_hint

_THINKS: Final = {"adaptive": True, "enabled": True, "disabled": False}
_EFFORTS: Final = get_args(Effort)

Hints = tuple[TemplateHint, ...]


def read_hints(thinking: Any, output_config: Any) -> tuple[Hints, list[str]]:
    """What the template is to be told, and the paths of what has no effect whatever the template."""
    wishes, ignored = _read_thinking(thinking)
    efforts, unknown = _read_output_config(output_config)
    if wishes:
        # Whether to think at all has been said: the effort is no second word on that.
        names = ("reasoning_effort",)
        efforts = tuple(
            TemplateHint(hint.path, {name: hint.variables[name] for name in names}) for hint in efforts
        )
    return efforts + wishes, ignored + unknown


def _read_thinking(thinking: Any) -> tuple[Hints, list[str]]:
    if thinking is None:
        return (), []
    kind = thinking.get("type") if isinstance(thinking, dict) else None
    if not isinstance(kind, str) or kind not in _THINKS:
        return (), ["thinking"]
    # No engine can hold a budget yet, and what was thought is shown as it is.
    unknown = [f"thinking.{name}" for name in thinking if name != "type"]
    return (thinking_hint("thinking", is_enabled=_THINKS[kind]),), unknown


def _read_output_config(config: Any) -> tuple[Hints, list[str]]:
    if config is None:
        return (), []
    if not isinstance(config, dict):
        return (), ["output_config"]
    unknown = [f"output_config.{name}" for name in config if name not in ("format", "effort")]
    effort = config.get("effort")
    if effort is None:
        return (), unknown
    if effort not in _EFFORTS:
        return (), ["output_config.effort", *unknown]
    return (effort_hint("output_config.effort", cast(Effort, effort)),), unknown
