"""What is true of every command."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

import mlx_manager
from mlx_manager.commands import app
from mlx_manager.core.running_program import SERVER, RunningProgram, this_process_started_at, write_running
from mlx_manager.programs import PROGRAMS
from tests.command_line import Run

ASKED_FOR = {
    *("serve", "server", "run", "load", "unload", "ps", "bench", "doctor", "logs", "backup", "restore"),
    *("models search", "models pull", "models list", "models show", "models rm", "models verify"),
    *("users list", "users create", "keys list", "keys create", "keys revoke"),
}


def commands(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Every command by its words."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))
        else:
            yield " ".join((*path, name)), command


COMMANDS = dict(commands(typer.main.get_command(app)))


def test_all_that_was_asked_for_is_there() -> None:
    assert COMMANDS.keys() >= ASKED_FOR


@pytest.mark.parametrize("name", sorted(COMMANDS.keys() - PROGRAMS.keys()))
def test_it_prints_json(name: str) -> None:
    """Those of `PROGRAMS` are programs of their own, whose options are passed on."""
    flags = {flag for parameter in COMMANDS[name].params for flag in parameter.opts}
    assert "--json" in flags


def test_every_command_says_what_it_does() -> None:
    for name, command in COMMANDS.items():
        assert command.help, name


def test_version(run: Run, home: Path) -> None:
    assert run("version").stdout == f"mlx-manager {mlx_manager.__version__}\n"
    import os

    program = RunningProgram("http://127.0.0.1:8000", os.getpid(), this_process_started_at(), "1.2.3")
    write_running(SERVER, program)
    shown = run("version", "--json").json
    assert shown["running"] == {
        "manager": None,
        "server": {"url": program.url, "version": "1.2.3", "pid": program.pid},
    }
    assert "server 1.2.3: http://127.0.0.1:8000" in run("version").stdout
