"""Settings that change while the server runs. All of a change is taken, or none of it."""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import ValidationError

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.mlx_server.config import MLXServerSettings
from mlx_manager.mlx_server.serving import Serving

LIVE: Final = (
    "max_memory_gb",
    "max_models",
    "idle_unload_s",
    "load_wait_s",
    "preload",
    "pinned",
    "model_options",
    "memory_soft_share",
    "memory_hard_share",
)


def settings_view(settings: MLXServerSettings) -> dict[str, Any]:
    """The settings that can be changed, as they are."""
    return settings.model_dump(mode="json", include=set(LIVE))


def change_settings(serving: Serving, change: Mapping[str, Any]) -> None:
    """Take a change and act on it.

    Raises:
        ApiError: a name is no such setting, or a value is not allowed; nothing has changed.
    """
    for name in change:
        if name not in LIVE:
            known = ", ".join(LIVE)
            message = f"{name} cannot be changed while the server runs; these can: {known}"
            raise ApiError(ErrorCode.INVALID_REQUEST, message, param=name)
    settings = serving.settings
    before = {name: getattr(settings, name) for name in change}
    try:
        for name, value in change.items():
            setattr(settings, name, value)
    except ValidationError as error:
        for earlier, value in before.items():
            setattr(settings, earlier, value)
        fault = error.errors(include_url=False, include_input=False)[0]
        path = ".".join(str(part) for part in fault["loc"])
        raise ApiError(ErrorCode.INVALID_REQUEST, f"{path}: {fault['msg']}", param=path) from None
    serving.settings_changed()
