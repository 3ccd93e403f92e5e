"""`mlx-manager logs`: what the programs of this home have written, or a server elsewhere."""

import json
import os
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from mlx_manager.commands.asking import Url, find_target
from mlx_manager.core.paths import home_dir
from mlx_manager.terminal import AsJson, fail, note

if TYPE_CHECKING:
    from mlx_manager.commands.log_files import LogLine


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
    from mlx_manager.commands.log_files import LogFiles

    if url or os.environ.get("MLX_MANAGER_URL"):
        target = find_target(url)
        assert target is not None  # a URL was given
        if not target.is_own:
            fail("logs of another machine cannot be read yet")
    wanted = level.value.upper()
    programs = [each.value for each in Program] if program is None else [program.value]
    with LogFiles(home_dir() / "logs", programs, lambda line: line.is_at_least(wanted)) as files:
        last = files.last(lines)
        for line in last:
            _print(line, as_json=as_json)
        if not last and lines:
            note(f"there is nothing in {home_dir() / 'logs'}" + (" yet" if follow else ""))
        if follow:
            for line in files.follow():
                _print(line, as_json=as_json)


def _print(line: "LogLine", *, as_json: bool) -> None:
    # ASCII alone, as the file has it: one object a line.
    print(json.dumps({"program": line.program, **line.record}) if as_json else line.text(), flush=True)
