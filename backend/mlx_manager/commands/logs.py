"""`mlx-manager logs`: what the programs of this home have written, or a server elsewhere."""

import json
import os
from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Final

import typer

from mlx_manager.commands.asking import Url, asking_of, find_target
from mlx_manager.core.paths import home_dir
from mlx_manager.core.running_program import MANAGER
from mlx_manager.core.security.principal import Scope
from mlx_manager.terminal import AsJson, fail, note

if TYPE_CHECKING:
    from mlx_manager.api_client import Target
    from mlx_manager.commands.log_files import LogLine


_MOST_TOLD: Final = 10_000


class Program(StrEnum):
    """Whose log."""

    SERVER = "server"
    MANAGER = "manager"


class Level(StrEnum):
    """How grave."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


def logs(
    program: Annotated[Program | None, typer.Argument(help="Both, by default.")] = None,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on with what comes; Ctrl-C ends.")
    ] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, max=100_000)] = 50,
    level: Annotated[Level, typer.Option(help="Only what is as grave.")] = Level.DEBUG,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Show the end of the logs: from this home's files, or through --url from another machine."""
    programs = [each.value for each in Program] if program is None else [program.value]
    wanted = level.value.upper()
    for line in _elsewhere(url, programs, lines, wanted, follow=follow) or _of_home(
        programs, lines, wanted, follow=follow
    ):
        # As JSON in ASCII alone, as the file has it: one object a line.
        print(json.dumps({"program": line.program, **line.record}) if as_json else line.text(), flush=True)


def _of_home(programs: Sequence[str], count: int, level: str, *, follow: bool) -> "Iterator[LogLine]":
    from mlx_manager.commands.log_files import LogFiles

    with LogFiles(home_dir() / "logs", programs, lambda line: line.is_at_least(level)) as files:
        last = files.last(count)
        yield from last
        if not last and count:
            note(f"there is nothing in {home_dir() / 'logs'}" + (" yet" if follow else ""))
        if follow:
            yield from files.follow()


def _elsewhere(
    url: str | None, programs: Sequence[str], count: int, level: str, *, follow: bool
) -> "Iterator[LogLine] | None":
    """Through the manager of another machine; None where that is not what was asked for."""
    if not (url or os.environ.get("MLX_MANAGER_URL")):
        return None
    target = find_target(url)
    assert target is not None  # a URL was given
    if target.is_own:
        return None
    if follow and len(programs) > 1:
        raise typer.BadParameter("say whose log is to be followed there: server or manager")
    return _told(target, programs, count, level, follow=follow)


def _told(
    target: "Target", programs: Sequence[str], count: int, level: str, *, follow: bool
) -> "Iterator[LogLine]":
    from mlx_manager.commands.log_files import LogLine

    count = min(max(count, 1), _MOST_TOLD)
    queries = {name: f"program={name}&lines={count}&level={level}" for name in programs}
    with asking_of(target, Scope.ADMIN) as client:
        if client.program != MANAGER:
            fail("only a manager tells its logs and its server's")
        if follow:
            (name,) = programs
            for event in client.events("GET", f"/api/v1/server/logs/events?{queries[name]}"):
                yield LogLine(name, json.loads(event.data))
            return
        told = [
            LogLine(name, entry)
            for name, query in queries.items()
            for entry in client.json("GET", f"/api/v1/server/logs?{query}")["data"]
        ]
    yield from sorted(told, key=lambda line: line.time)[-count:]
