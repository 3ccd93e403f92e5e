"""Makes backups: every row of ours as of one moment, and the files in the home's secrets folder."""

import asyncio
import re
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from sqlalchemy import Connection

from mlx_manager import __version__
from mlx_manager.core.times import utc_now
from mlx_manager.db.archive import MAX_SECRET_BYTES, Manifest, is_secret_name, write_archive
from mlx_manager.db.errors import BackupRefused
from mlx_manager.db.portable import our_tables, write_rows
from mlx_manager.db.schema_version import SCHEMA, Schema
from mlx_manager.db.session import Database
from mlx_manager.db.whole import read_revision, snapshot

SECRETS: Final = "secrets"
_BACKUPS: Final = "backups"
_KEPT: Final = 10


async def back_up(
    database: Database,
    target: Path,
    home: Path,
    *,
    extra_secrets: Mapping[str, bytes] | None = None,
    schema: Schema = SCHEMA,
) -> Manifest:
    """Write a backup to `target`, a .tar.gz that only its owner may read. Others may go on working.

    Args:
        home: whose `secrets` folder goes into it.
        extra_secrets: more such files by their names, such as what is kept in a keychain.

    Raises:
        DatabaseFault: In one line for a person; there is nothing at `target` that was not there before.
    """
    try:
        _require_absent(target)
        with (
            tempfile.TemporaryDirectory(prefix=".backup-", dir=target.parent) as folder,
            ExitStack() as files,
        ):
            async with snapshot(database) as connection:
                revision, counts = await connection.run_sync(_write_tables, Path(folder), schema)
            secret_files = read_secrets(home) | dict(extra_secrets or {})
            manifest = Manifest(
                product_version=__version__,
                revision=revision,
                created=utc_now(),
                database=database.url.get_backend_name(),
                tables=counts,
                secrets=sorted(secret_files),
            )
            tables = {name: files.enter_context((Path(folder) / name).open("rb")) for name in counts}
            await asyncio.to_thread(write_archive, target, manifest, tables, secret_files)
            return manifest
    except OSError as error:
        raise BackupRefused(f"{target} cannot be written: {error.strerror or error}") from error


def _require_absent(target: Path) -> None:
    if target.exists():
        raise BackupRefused(f"{target} is there already; nothing was written")


def _write_tables(connection: Connection, folder: Path, schema: Schema) -> tuple[str | None, dict[str, int]]:
    revision = read_revision(connection, schema)
    counts = {}
    for table in our_tables(connection):
        with (folder / table.name).open("wb") as file:
            counts[table.name] = write_rows(connection, table, file)
    return revision, counts


def read_secrets(home: Path) -> dict[str, bytes]:
    """The files of the secrets folder; hidden ones are somebody's unfinished business.

    Raises:
        BackupRefused: Something in it is no plain file, or has a name that no backup can hold.
    """
    folder = home / SECRETS
    found = {}
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.name.startswith("."):
            continue
        if path.is_symlink() or not path.is_file() or not is_secret_name(path.name):
            raise BackupRefused(f"{path} is not a secret's file, so there is no backup: move it elsewhere")
        content = path.read_bytes()
        if len(content) > MAX_SECRET_BYTES:
            raise BackupRefused(f"{path} is too large for a secret, so there is no backup: move it elsewhere")
        found[path.name] = content
    return found


async def back_up_before(what: str, database: Database, home: Path, schema: Schema = SCHEMA) -> Path:
    """Write a backup into `home`/backups before something is done, and keep the newest ten of its kind.

    Raises:
        DatabaseFault: There is no backup, so do not do it.
    """
    folder = home / _BACKUPS
    try:
        for made in (home, folder):
            made.mkdir(mode=0o700, parents=True, exist_ok=True)
            made.chmod(0o700)
    except OSError as error:
        raise BackupRefused(f"{folder} cannot be made: {error.strerror or error}") from error
    # As long as every other, so that names sort by time.
    target = folder / f"before-{what}-{utc_now():%Y%m%dT%H%M%S.%fZ}.tar.gz"
    await back_up(database, target, home, schema=schema)
    _prune(folder)
    return target


def _prune(folder: Path) -> None:
    kinds = re.compile(r"before-(\w+-to-\w+|restore)-(\d{8}T\d{6}\.\d{6}Z)\.tar\.gz")
    stamped: dict[bool, list[tuple[str, Path]]] = {True: [], False: []}
    for path in folder.iterdir():
        if found := kinds.fullmatch(path.name):
            stamped[found[1] == "restore"].append((found[2], path))
    for backups in stamped.values():
        for _, path in sorted(backups)[:-_KEPT]:
            path.unlink(missing_ok=True)
