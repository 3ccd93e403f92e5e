"""Settings that change while the server runs. All of a change is taken, or none of it."""

import logging
from collections.abc import Mapping, Set
from contextlib import suppress
from typing import Any, Final

from pydantic import ValidationError

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.core.settings import SettingSource
from mlx_manager.mlx_server.config import MLXServerSettings
from mlx_manager.mlx_server.serving import Serving

logger = logging.getLogger(__name__)

FROM_NEXT_LOAD: Final = (
    "kv_context_tokens",
    "kv_concurrency",
    "max_concurrent_requests",
    "max_queued_requests",
    "prefill_chunk_tokens",
    "prefix_cache_gb",
    "prefix_cache_disk_gb",
    "prefix_cache_disk_floor_gb",
    "worker_hang_s",
)
"""They count from a model's next load."""

LIVE: Final = (
    "max_memory_gb",
    "max_models",
    "default_max_tokens",
    "model_dirs",
    "use_hf_cache",
    "aliases",
    "idle_unload_s",
    "load_wait_s",
    "preload",
    "pinned",
    "model_options",
    "memory_soft_share",
    "memory_hard_share",
    "request_timeout_s",
    "max_request_body_mb",
    "audit_days",
    "audit_max_rows",
    "responses_days",
    "shutdown_grace_s",
    "log_level",
    "trusted_proxies",
    "allowed_hosts",
    "allowed_origins",
    *FROM_NEXT_LOAD,
)
_SECRETS: Final = frozenset({"logfire_token"})


def settings_view(settings: MLXServerSettings) -> dict[str, Any]:
    """The settings that can be changed, as they are."""
    return settings.model_dump(mode="json", include=set(LIVE))


def every_setting(settings: MLXServerSettings) -> list[dict[str, Any]]:
    """Every setting that is no secret: its value, its source, and whether it can be changed now."""
    values = settings.model_dump(mode="json", exclude=set(_SECRETS))
    return [
        {"name": name, "value": value, "source": settings.source_of(name).value, "live": name in LIVE}
        for name, value in values.items()
    ]


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
    settings.note_source(change.keys(), SettingSource.RUNNING)
    serving.settings_changed()


async def reload_stored(serving: Serving, restated: Set[str] = frozenset()) -> list[str]:
    """Take what is stored now, of the settings that can be changed while the server runs.

    What was changed in this process alone goes on to count until it is stored otherwise.

    Args:
        restated: settings that somebody has just stored or reset, though perhaps as they were.

    Returns:
        A line for each stored value that cannot be used.

    Raises:
        ApiError: the database cannot be read.
    """
    settings = serving.settings
    stored = await serving.accounts.stored_settings(settings.env_prefix())
    faults = settings.take_stored(stored, type(settings).model_fields.keys() - set(LIVE), restated)
    serving.settings_changed()
    return faults


async def catch_up(serving: Serving) -> None:
    """Take what was stored while the server started: after it had looked, before anybody could tell it."""
    settings = serving.settings
    with suppress(ApiError):  # a database that cannot be opened ends the program by itself
        if not settings.has_taken(await serving.accounts.stored_settings(settings.env_prefix())):
            for fault in await reload_stored(serving):
                logger.warning(fault)
