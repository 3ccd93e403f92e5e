"""Completion in the shell: by the protocol that its scripts speak, and by bash itself."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.test_program import HEAVY
from tests.command_line import Run
from tests.live.server import DEMO, clean_environment

SAYS_WHAT_IT_IMPORTS = (
    "import atexit, sys; from mlx_manager.cli import main\n"
    "atexit.register(lambda: open('imported', 'w').write(' '.join(sys.modules))); main()"
)


def complete(folder: Path, *words: str, code: str = "", **env: str) -> list[str]:
    """What is offered for the last of the words. Nothing may be said on stderr."""
    settings = {
        "MLX_MANAGER_HOME": str(folder / "home"),
        "HF_HOME": str(folder / "hf"),
        "COMP_WORDS": " ".join(("mlx-manager", *words)),
        "COMP_CWORD": str(len(words)),
        "_MLX_MANAGER_COMPLETE": "complete_bash",
    }
    how = ["-c", code] if code else ["-m", "mlx_manager"]
    done = subprocess.run(
        [sys.executable, *how],
        env=clean_environment(settings | env),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stderr == ""
    return done.stdout.split()


def test_commands_and_options(tmp_path: Path) -> None:
    assert {"load", "logs"} <= set(complete(tmp_path, "lo"))
    assert complete(tmp_path, "keys", "rev") == ["revoke"]
    assert "--json" in complete(tmp_path, "ps", "--")


def test_models(tmp_path: Path) -> None:
    for name in ("a-model", "owner/b-model"):
        shutil.copytree(DEMO, tmp_path / "models" / name)
    env = {
        "MLX_SERVER_MODEL_DIRS": json.dumps([str(tmp_path / "models")]),
        "MLX_SERVER_ALIASES": '{"my-alias": "demo", "any-*": "demo"}',
    }
    offered = complete(tmp_path, "run", "", **env)
    assert set(offered) == {"demo", "a-model", "owner/b-model", "my-alias"}
    assert complete(tmp_path, "models", "rm", "owner/", **env) == ["owner/b-model"]
    assert not (tmp_path / "home").exists()


def test_names(run: Run, home: Path, tmp_path: Path) -> None:
    run("users", "create", "ada", "--password-stdin", stdin="correct horse battery staple")
    run("keys", "create", "agent")
    assert complete(tmp_path, "keys", "revoke", "a") == ["agent"]
    assert complete(tmp_path, "keys", "list", "--user", "a") == []  # it has no such option
    assert complete(tmp_path, "keys", "revoke", "--user", "a") == ["ada"]
    assert complete(tmp_path, "users", "disable", "") == ["ada"]


@pytest.mark.parametrize(
    "env",
    [
        {"MLX_SERVER_MODEL_DIRS": "no list"},
        {"MLX_SERVER_MODEL_DIRS": "[1]"},
        {"MLX_SERVER_ALIASES": "[[]]"},
        {"MLX_MANAGER_DATABASE_URL": "nonsense"},
        {"MLX_MANAGER_HOME": "/proc/no/such"},
    ],
)
def test_it_never_fails(tmp_path: Path, env: dict[str, str]) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "mlx-manager.db").write_bytes(b"no database")
    complete(tmp_path, "load", "", **env)
    assert complete(tmp_path, "keys", "revoke", "", **env) == []
    assert complete(tmp_path, "users", "disable", "", **env) == []


def test_it_imports_nothing_heavy(tmp_path: Path) -> None:
    """Typing waits for it: neither the database's packages nor pydantic's settings."""
    assert complete(tmp_path, "load", "de", code=SAYS_WHAT_IT_IMPORTS) == ["demo"]
    imported = set((tmp_path / "imported").read_text().split())
    assert not (HEAVY | {"httpx", "pydantic_settings", "huggingface_hub", "numpy"}) & imported


@pytest.mark.parametrize(
    ("shell", "says"), [("bash", "complete -o"), ("zsh", "compdef"), ("fish", "complete -")]
)
def test_scripts(tmp_path: Path, shell: str, says: str) -> None:
    env = {"_MLX_MANAGER_COMPLETE": f"source_{shell}", "MLX_MANAGER_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-m", "mlx_manager"],
        env=clean_environment(env),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert says in done.stdout
    assert "_MLX_MANAGER_COMPLETE" in done.stdout


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_in_bash(tmp_path: Path) -> None:
    program = tmp_path / "mlx-manager"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m mlx_manager "$@"\n')
    program.chmod(0o755)
    script = (
        f'export PATH="{tmp_path}:$PATH"\n'
        'eval "$(_MLX_MANAGER_COMPLETE=source_bash mlx-manager)"\n'
        "COMP_WORDS=(mlx-manager unload de); COMP_CWORD=2\n"
        "_mlx_manager_completion mlx-manager\n"
        'echo "${COMPREPLY[@]}"\n'
        "complete -p mlx-manager\n"
    )
    done = subprocess.run(
        ["bash", "--norc", "-c", script],
        env=clean_environment({"MLX_MANAGER_HOME": str(tmp_path / "home"), "HF_HOME": str(tmp_path)}),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stderr == ""
    offered, registered = done.stdout.splitlines()
    assert offered == "demo"
    assert registered == "complete -o default -F _mlx_manager_completion mlx-manager"
