"""A PostgreSQL of the tests' own: on a socket in a temporary folder, gone when they end."""

import asyncio
import os
import platform
import pwd
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Self

import asyncpg
import pytest

_FOLDERS = (
    "/usr/lib/postgresql/*/bin",  # Debian, Ubuntu
    "/usr/pgsql-*/bin",  # Fedora and its kin
    "/opt/homebrew/opt/postgresql@*/bin",
    "/opt/homebrew/bin",
    "/usr/local/opt/postgresql@*/bin",
)
_DEADLINE_S = 120.0
# The server refuses to run as root.
_OTHER_USERS = ("postgres", "nobody")


def finish(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Run it to its end, within a running loop too: pytest may set up a fixture of the session there."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coroutine).result()


def find_postgres() -> Path | None:
    """The folder with `initdb` and `postgres`, of the newest version there is."""
    if found := shutil.which("initdb"):
        folder = Path(found).resolve().parent
        if (folder / "postgres").exists():
            return folder
    folders = [path for pattern in _FOLDERS for path in Path("/").glob(pattern.lstrip("/"))]
    complete = [path for path in folders if (path / "initdb").exists() and (path / "postgres").exists()]
    return max(complete, key=_version, default=None)


def _version(folder: Path) -> int:
    digits = "".join(character for character in folder.parent.name if character.isdigit())
    return int(digits or 0)


def require_postgres() -> Path:
    """The same, or the test is skipped; in continuous integration on Linux it fails instead."""
    if (folder := find_postgres()) is not None:
        return folder
    missing = "no PostgreSQL here (initdb): tests of it need the system's package `postgresql`"
    if os.environ.get("CI") == "true" and platform.system() == "Linux":
        pytest.fail(missing)
    pytest.skip(missing)


class Cluster:
    """A running server. A context manager."""

    def __init__(self, programs: Path) -> None:
        self._programs = programs
        # Short: a socket's path has about a hundred characters at most.
        self.folder = Path(tempfile.mkdtemp(prefix="mlxpg-", dir="/tmp"))
        self._account: dict[str, object] = {}
        if os.geteuid() == 0:
            account = next(pwd.getpwnam(name) for name in _OTHER_USERS if _has_user(name))
            os.chown(self.folder, account.pw_uid, account.pw_gid)
            self._account = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
        self._server: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.terminate()
            try:
                self._server.wait(_DEADLINE_S)
            except subprocess.TimeoutExpired:
                self._server.kill()
                self._server.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, database: str) -> str:
        """Of one of its databases, for SQLAlchemy."""
        return f"postgresql+asyncpg://tester@/{database}?host={self.folder}"

    async def run(self, statement: str, database: str = "postgres") -> None:
        """Run statements outside any transaction of ours."""
        connection = await asyncpg.connect(host=str(self.folder), user="tester", database=database)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    async def create_database(self, template: str = "template0") -> str:
        """Make a database and return its name."""
        name = f"test_{secrets.token_hex(6)}"
        await self.run(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    async def drop_database(self, name: str) -> None:
        """Drop it, whoever is connected."""
        await self.run(f"DROP DATABASE {name} WITH (FORCE)")

    def _start(self) -> None:
        data = self.folder / "data"
        options = ["--auth=trust", "--username=tester", "--encoding=UTF8", "--no-locale", "--no-sync"]
        self._run_program("initdb", "-D", str(data), *options)
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.folder),
            "fsync": "off",
            "full_page_writes": "off",
            "max_connections": "100",
        }
        arguments = [f"--{name}={value}" for name, value in settings.items()]
        with (self.folder / "log").open("wb") as log:
            self._server = subprocess.Popen(
                [str(self._programs / "postgres"), "-D", str(data), *arguments],
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                **self._account,  # type: ignore[call-overload]
            )
        deadline = time.monotonic() + _DEADLINE_S
        while not finish(self._answers()):
            if self._server.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"PostgreSQL did not start:\n{(self.folder / 'log').read_text()}")
            time.sleep(0.05)

    def _run_program(self, name: str, *arguments: str) -> None:
        done = subprocess.run(
            [str(self._programs / name), *arguments],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            **self._account,  # type: ignore[call-overload]
        )
        if done.returncode != 0:
            pytest.fail(f"{name} failed:\n{done.stdout}{done.stderr}")

    async def _answers(self) -> bool:
        try:
            await self.run("SELECT 1")
        except (OSError, asyncpg.PostgresError):
            return False
        return True


def _has_user(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True
