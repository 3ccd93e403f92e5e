"""The command as a program of its own: what it starts, what it imports, where it writes."""

import importlib.util
import json
import stat
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

import mlx_manager
from mlx_manager.programs import PROGRAMS
from tests.live.server import clean_environment

HEAVY = {"sqlalchemy", "sqlmodel", "alembic", "jwt", "argon2", "fastapi", "mlx", "transformers"}


def run(
    home: Path, *arguments: str, stdin: str = "", before: Sequence[str] = ("-m", "mlx_manager")
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, *before, *arguments],
        env=clean_environment({"MLX_MANAGER_HOME": str(home)}),
        input=stdin,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_key_from_an_empty_machine(tmp_path: Path) -> None:
    home = tmp_path / "home"
    made = run(home, "keys", "create", "agent", "--json")
    assert (made.returncode, made.stderr) == (0, "")
    key = json.loads(made.stdout)["key"]
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    user = run(home, "users", "create", "ada", "--password-stdin", stdin="zebra-Zebra-42\n")
    assert (user.returncode, user.stdout, user.stderr) == (0, "ada: admin, active\n", "")
    for file in home.rglob("*"):
        if file.is_file():
            assert key.encode() not in file.read_bytes()
            assert b"zebra" not in file.read_bytes()
            assert stat.S_IMODE(file.stat().st_mode) & 0o077 == 0


def test_no_database(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    done = run(tmp_path / "file", "users", "list")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)


@pytest.mark.sample(2)
@pytest.mark.parametrize(
    "arguments", [("--version",), ("--help",), ("users", "--help"), ("keys", "create", "--help")]
)
def test_it_starts_without_the_database(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    code = "import atexit, sys; from mlx_manager.cli import main\n"
    code += "atexit.register(lambda: print(*sorted(sys.modules), file=sys.stderr)); main()"
    done = run(tmp_path, *arguments, before=("-c", code))
    assert done.returncode == 0
    assert not HEAVY & set(done.stderr.split())
    if arguments == ("--version",):
        assert done.stdout == f"{mlx_manager.__version__}\n"
    else:
        assert "Usage: mlx-manager" in done.stdout
        assert not list(tmp_path.iterdir())


def test_what_each_program_is() -> None:
    for command, module in PROGRAMS.items():
        assert importlib.util.find_spec(module) is not None, command
    assert PROGRAMS.keys() == {"serve", "server", "doctor"}


def test_a_program_takes_its_place(tmp_path: Path) -> None:
    """The same process, so that signals reach it; its options are its own, --help and --json too."""
    (tmp_path / "the_program.py").write_text("import os, sys; print(os.getpid(), *sys.argv[1:])")
    code = f"import os, sys; sys.path.insert(0, {str(tmp_path)!r}); os.chdir(sys.path[0])\n"
    code += "print(os.getpid(), flush=True); from mlx_manager import cli, programs\n"
    code += "programs.PROGRAMS['server'] = 'the_program'; cli.main()"
    done = run(tmp_path, "server", "--port", "0", "--help", "--json", "-x", "users", before=("-c", code))
    assert done.returncode == 0
    before, after = done.stdout.splitlines()
    assert after == f"{before} --port 0 --help --json -x users"


@pytest.mark.sample(1)
@pytest.mark.parametrize("arguments", [(), ("users", "nonsense"), ("--nonsense",)])
def test_usage_errors(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = run(tmp_path, *arguments)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())
