"""What the shell completes besides options. It is fast, never raises and says nothing of what it lacks."""

import contextlib
import json
import logging
import os
import sqlite3
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

_BUSY_TIMEOUT_S: Final = 0.5
_MOST: Final = 1000

_Complete = Callable[[str], list[str]]


def _quietly(complete: Callable[[], Iterable[str]]) -> _Complete:
    """What begins like what was typed; nothing where something is wrong."""

    def completed(incomplete: str) -> list[str]:
        logging.disable(logging.CRITICAL)
        try:
            with open(os.devnull, "w") as nowhere, contextlib.redirect_stderr(nowhere):
                found = [name for name in complete() if name.startswith(incomplete) and _is_plain(name)]
        except BaseException:  # SystemExit, too: a bad setting ends a program, not a line that is typed
            return []
        return found[:_MOST]

    completed.__doc__ = complete.__doc__
    return completed


@_quietly
def complete_model() -> Iterable[str]:
    """Ids of the models there are, and their aliases."""
    from mlx_manager.mlx_server.pool.sources import DEMO_PATH, candidates, hugging_face_cache

    # Not by the settings: reading those takes longer than a person likes to wait for a completion.
    folders = [Path(folder).expanduser() for folder in _setting("MODEL_DIRS", [])]
    hub = hugging_face_cache() if _setting("USE_HF_CACHE", True) in (True, "true", "1", 1) else None
    aliases = [alias for alias in _setting("ALIASES", {}) if "*" not in alias]
    found = candidates(folders, demo=DEMO_PATH, hub=hub)
    return dict.fromkeys([*(candidate.model_id for candidate in found), *aliases])


@_quietly
def complete_key() -> Iterable[str]:
    """Names of the keys that have not been revoked."""
    return _column("SELECT DISTINCT name FROM api_keys WHERE revoked_at IS NULL AND NOT is_internal")


@_quietly
def complete_user() -> Iterable[str]:
    """Names of the users."""
    return _column("SELECT name FROM users WHERE NOT is_builtin")


def _setting(name: str, default: Any) -> Any:
    """A setting of the server's: from the environment, then from the database."""
    variable = f"MLX_SERVER_{name}"
    if (stated := os.environ.get(variable)) is not None:
        try:
            return json.loads(stated)
        except ValueError:
            return stated.lower()
    try:
        stored = _column("SELECT value FROM stored_settings WHERE name = ?", variable)
    except sqlite3.Error:
        return default
    return json.loads(stored[0]) if stored else default


def _column(query: str, *values: str) -> list[str]:
    """The first column of what SQLite has; PostgreSQL is too far for a completion."""
    from mlx_manager.core.paths import home_dir

    scheme, _, rest = os.environ.get("MLX_MANAGER_DATABASE_URL", "").partition("://")
    if scheme not in ("", "sqlite"):
        return []
    file = Path(rest.removeprefix("/")) if scheme else home_dir() / "mlx-manager.db"
    uri = f"{file.absolute().as_uri()}?mode=ro"
    with contextlib.closing(sqlite3.connect(uri, uri=True, timeout=_BUSY_TIMEOUT_S)) as connection:
        return [row[0] for row in connection.execute(query, values)]


def _is_plain(name: str) -> bool:
    return name.isprintable() and not any(sign.isspace() for sign in name)
