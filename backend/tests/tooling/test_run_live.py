"""Live: `make run` with the real server and its demo model."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.live.accounts import command
from tests.tooling.outside import BACKEND, ROOT, clean_environment

QUESTION = "What is MLX Manager?"


def start(home: Path, *arguments: str, **env: str) -> subprocess.Popen[str]:
    """Start what `make run` starts; its stderr joins its stdout."""
    ports = {"MLX_MANAGER_PORT": "0", "MLX_SERVER_PORT": "0"}
    return subprocess.Popen(
        [sys.executable, str(ROOT / "scripts" / "run.py"), *arguments],
        cwd=BACKEND,
        env=clean_environment(**{"MLX_MANAGER_HOME": str(home), **ports, **env}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def answer(output: str) -> str:
    """What the demo model said, in the output of run.py."""
    found = re.search(rf"^you  {re.escape(QUESTION)}\ndemo (.*)", output, re.MULTILINE)
    assert found is not None, output
    return found[1].strip()


@pytest.mark.full  # the next one asks the same of a home with users
def test_once_prints_the_answer_and_stops(tmp_path: Path) -> None:
    process = start(tmp_path, "--once")
    output, _ = process.communicate()
    assert process.returncode == 0, output
    assert len(answer(output).split()) > 1
    assert "\x1b" not in output, "colours where there is no terminal"


@pytest.mark.full
def test_it_answers_where_there_are_users(tmp_path: Path) -> None:
    command(tmp_path, "users", "create", "first")
    process = start(tmp_path, "--once")
    output, _ = process.communicate()
    assert process.returncode == 0, output
    assert len(answer(output).split()) > 1
    assert not json.loads(command(tmp_path, "keys", "list", "--json"))["data"], "the key that it made is left"


@dataclass(frozen=True)
class Served:
    """What `make run` printed until it served and from then on, and how it ended."""

    output: str
    rest: str
    returncode: int


def serve(home: Path, number: signal.Signals) -> Served:
    """Run it until it serves, and end it."""
    process = start(home)
    assert process.stdout is not None
    output = ""
    for line in process.stdout:
        output += line
        if line.startswith("  curl "):
            break
    os.kill(process.pid, number)
    rest, _ = process.communicate()
    return Served(output, rest, process.returncode)


@pytest.mark.parametrize("number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.full)])
def test_keeps_serving_until_a_signal(
    request: pytest.FixtureRequest, tmp_path: Path, number: signal.Signals
) -> None:
    interrupted = number is signal.SIGINT
    served = request.getfixturevalue("served") if interrupted else serve(tmp_path, number)
    assert served.returncode == 0, served
    assert "Traceback" not in served.rest
    url = re.search(r"^  OpenAI clients  (http://\S+)/v1 ", served.output, re.MULTILINE)
    assert url is not None, served.output
    assert ".venv/bin/mlx-manager run demo" in served.output
    for path in ("/v1/models", "/health", "/openapi.json"):
        assert url[1] + path in served.output


@pytest.mark.parametrize("variable", ["MLX_SERVER_PORT", "MLX_MANAGER_PORT"])
def test_taken_port_is_one_line(tmp_path: Path, variable: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process = start(tmp_path, **{variable: str(port)})
        output, _ = process.communicate()
    assert process.returncode != 0
    assert "Traceback" not in output
    said = [line for line in output.splitlines() if "…" not in line]
    assert len(said) == 1, output
    assert str(port) in said[0]
    assert variable in said[0]


def test_both_programs_run_and_end_together(served: Served) -> None:
    manager = re.search(r"^  web UI +(http://\S+)$", served.output, re.MULTILINE)
    server = re.search(r"^  OpenAI clients  (http://\S+)/v1 ", served.output, re.MULTILINE)
    assert manager is not None, served.output
    assert server is not None, served.output
    for url in (manager[1], server[1]):
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", int(url.rpartition(":")[2]))) != 0, "it has ended"
