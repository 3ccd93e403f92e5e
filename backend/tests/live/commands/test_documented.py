"""Every example of docs/command-line.md is run, and what it shows is among what comes out."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from mlx_manager.commands import app
from tests.cli.test_every_command import COMMANDS
from tests.hub_stand_in.serving import HubStandIn
from tests.live.manager import Manager
from tests.live.server import BACKEND, clean_environment
from tests.tooling.test_readme import Example, examples, without_volatile

DOCUMENT = BACKEND.parent / "docs" / "command-line.md"
EXAMPLES = examples(DOCUMENT.read_text())


def lasting(text: str) -> list[str]:
    """Lines without what differs from run to run: numbers, paths, and how wide columns are."""
    text = re.sub(r"\S*/mlx_manager/", "/mlx_manager/", without_volatile(text))
    text = re.sub(r"sk-mlx-\S+", "KEY", text)
    text = re.sub(r"[;,]( |$)", r"\1", text, flags=re.MULTILINE)
    return [" ".join(re.sub(r"\d[\d.,:TZ-]*", "N", line).split()) for line in text.splitlines()]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One with the command that the document speaks of, and the working folder of all examples."""
    folder = tmp_path_factory.mktemp("documented")
    program = folder / "mlx-manager"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m mlx_manager "$@"\n')
    program.chmod(0o755)
    return folder


@pytest.mark.sample(5)
@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_example(example: Example, folder: Path, manager: Manager, hub: HubStandIn) -> None:
    assert example.language == "bash"
    env = clean_environment({"MLX_MANAGER_HOME": str(manager.home)})
    env["PATH"] = f"{folder}{os.pathsep}{env['PATH']}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", example.code],
        cwd=folder,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    printed = lasting(done.stdout)
    for line in lasting(example.output or ""):
        # Sizes, states and speeds are of that machine.
        words = [word for word in line.split() if word not in ("loaded", "unloaded", "unknown", "fits")]
        assert any(all(word in shown.split() for word in words) for shown in printed), (line, printed)


def test_every_command_is_in_it() -> None:
    text = DOCUMENT.read_text()
    assert app.registered_groups
    for name in COMMANDS:
        first, _, rest = name.partition(" ")
        assert f"`{first}" in text, name
        if first == "models":
            assert f"models {rest}" in text, name
