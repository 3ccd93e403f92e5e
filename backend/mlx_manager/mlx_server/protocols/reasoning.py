"""What the dialects say of how much a model is to reason, as hints for its chat template."""

from typing import Literal

from mlx_manager.mlx_server.domain.request import TemplateHint

Effort = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]


def effort_hint(path: str, effort: Effort) -> TemplateHint:
    """An effort by name; templates know the name, or only whether to think at all."""
    thinks = effort not in ("none", "minimal")
    return TemplateHint(path, {"reasoning_effort": effort, "enable_thinking": thinks, "thinking": thinks})


def thinking_hint(path: str, *, is_enabled: bool) -> TemplateHint:
    """Whether to think at all."""
    return TemplateHint(path, {"enable_thinking": is_enabled, "thinking": is_enabled})
