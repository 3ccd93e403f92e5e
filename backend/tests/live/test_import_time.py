"""Importing the server costs little more than importing what it is made of."""

import json
import subprocess
import sys

import pytest

from tests.live.server import clean_environment

RUNS = 5
MAX_RATIO = 2.0
PROGRAM = """
import sys, time
started = time.process_time()
{imports}
print(time.process_time() - started)
"""


def run(code: str) -> str:
    """What a fresh interpreter prints."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=clean_environment({}),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout


@pytest.mark.full
def test_the_import_is_quick() -> None:
    programs = {
        "server": PROGRAM.format(imports="import mlx_manager.mlx_server.main"),
        "parts": PROGRAM.format(imports="import fastapi, logfire"),
    }
    for program in programs.values():  # the first run may compile
        run(program)
    seconds: dict[str, list[float]] = {name: [] for name in programs}
    for _ in range(RUNS):  # interleaved, so that what else the machine does falls on both
        for name, program in programs.items():
            seconds[name].append(float(run(program)))
    # The least disturbed run of each: what else the machine does only ever adds.
    server, parts = (min(seconds[name]) for name in ("server", "parts"))
    print(f"server {server:.2f} s, FastAPI and logfire {parts:.2f} s, ratio {server / parts:.2f}")
    assert server / parts <= MAX_RATIO


def test_heavy_packages_wait_until_they_are_needed() -> None:
    code = "import json, sys, mlx_manager.mlx_server.main; print(json.dumps(sorted(sys.modules)))"
    modules = set(json.loads(run(code)))
    heavy = {"mlx", "mlx.core", "mlx_lm", "transformers", "tokenizers", "torch", "numpy", "sqlmodel"}
    assert not heavy & modules
