"""Who else could read what is ours: the home folder, the secrets, the database."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from mlx_manager.doctor.finding import Finding, Level, ok

CHECK: Final = "permissions"
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


def check_permissions(home: Path, database: Path | None) -> Iterator[Finding]:
    """Every file that others could read, and every one that we could not.

    Args:
        database: the SQLite file, or None where the database is a server's.
    """
    if not home.exists():
        yield ok(CHECK, f"{home} is made at the first start, for you alone")
        return
    found = list(_home_findings(home))
    secrets = home / "secrets"
    for path in (secrets, *sorted(secrets.rglob("*"))):
        found += _private(path, Level.PROBLEM)
    if database is not None:
        for suffix in ("", "-wal", "-shm"):
            found += _private(database.with_name(database.name + suffix), Level.PROBLEM)
    for path in sorted((home / "backups").glob("*")):
        found += _private(path, Level.PROBLEM)
    yield from found or [ok(CHECK, f"{home} and what is in it can be read by you alone")]


def _home_findings(home: Path) -> Iterator[Finding]:
    if not home.is_dir():
        yield Finding(CHECK, Level.PROBLEM, f"{home} is no folder", "Move it away, or set MLX_MANAGER_HOME.")
        return
    # Others get no further than this folder; the programs close it when they start.
    yield from _private(home, Level.WARNING)
    if not os.access(home, os.R_OK | os.W_OK | os.X_OK):
        advice = f"Make it yours: `chown -R $USER {home}` and `chmod 700 {home}`."
        yield Finding(CHECK, Level.PROBLEM, f"{home} cannot be written to", advice)


def _private(path: Path, level: Level) -> Iterator[Finding]:
    """What is wrong with a file or folder that is to be its owner's alone; nothing where it is not there."""
    try:
        status = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        yield Finding(CHECK, Level.PROBLEM, f"{path}: {error.strerror}", f"`chown -R $USER {path.parent}`")
        return
    wanted = 0o700 if stat.S_ISDIR(status.st_mode) else 0o600
    mode = stat.S_IMODE(status.st_mode)
    if status.st_uid != os.geteuid():
        yield Finding(CHECK, Level.PROBLEM, f"{path} belongs to another user", f"`chown $USER {path}`")
    elif mode & _OTHERS:
        text = f"{path} can be used by others (its mode is {mode:04o})"
        yield Finding(CHECK, level, text, f"`chmod {wanted:o} {path}`")
