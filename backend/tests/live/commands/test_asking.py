"""The commands that ask a running server that wants a key: one is lent for each, and is gone after it."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mlx_manager.commands import app
from mlx_manager.db.tables import ApiKey
from tests.command_line import rows
from tests.live.accounts import command
from tests.live.server import DEADLINE_S, ENDLESS, Server, clean_environment, wait_until


@pytest.fixture(autouse=True)
def _no_key_is_left(closed_server: Server) -> Iterator[None]:
    yield
    lent = [row.name for row in rows(closed_server.home, ApiKey) if row.is_internal]
    assert not [name for name in lent if not name.startswith("manager ")]  # one of the manager's own may be


def start(home: Path, *arguments: str, **options: object) -> "subprocess.Popen[str]":
    """The command as a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "mlx_manager", *arguments],
        env=clean_environment({"MLX_MANAGER_HOME": str(home), "PYTHONUNBUFFERED": "1"}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,  # type: ignore[call-overload]
    )


def failed(home: Path, *arguments: str, env: dict[str, str] | None = None) -> str:
    """What a command says on stderr that ends with 1."""
    settings = {"MLX_MANAGER_HOME": str(home)} | (env or {})
    done = CliRunner().invoke(app, arguments, env=settings)
    assert (done.exit_code, done.stdout) == (1, ""), done.exception
    return done.stderr


def test_load_unload_and_ps(closed_server: Server) -> None:
    loaded = json.loads(command(closed_server.home, "load", "demo", "--json"))
    assert (loaded["id"], loaded["status"]) == ("demo", "loaded")
    shown = json.loads(command(closed_server.home, "ps", "--json"))
    assert shown["server"]["url"] == closed_server.base_url
    assert [model["id"] for model in shown["data"]] == ["demo"]
    assert shown["memory"]["budget"] > 0
    text = command(closed_server.home, "ps")
    assert f"inference server: running at {closed_server.base_url}" in text
    (row,) = (line for line in text.splitlines() if line.startswith("demo "))
    assert row.split()[1] == "loaded"
    assert command(closed_server.home, "unload", "demo") == "demo: unloaded\n"
    assert json.loads(command(closed_server.home, "ps", "--json"))["data"] == []
    listed = json.loads(command(closed_server.home, "ps", "--all", "--json"))["data"]
    assert {model["id"] for model in listed} == {"demo", ENDLESS}
    assert command(closed_server.home, "load", "demo").startswith("demo: loaded, ")


@pytest.mark.parametrize("name", ["nothing", "../../etc/passwd", "%2e%2e", "a\x1b[31mb"])
def test_no_such_model(closed_server: Server, name: str) -> None:
    for words in (("load", name), ("run", name, "Hi")):
        said = failed(closed_server.home, *words)
        assert said.count("\n") == 1
        # Asked through a manager, what is no path of any model's is not even passed on.
        assert "there is no model" in said or "there is nothing at this path" in said
        assert "\x1b" not in said


def test_one_answer(closed_server: Server) -> None:
    how = ("--set", "temperature=0", "--set", "max_tokens=12")
    whole = json.loads(command(closed_server.home, "run", "demo", "Hello", "--json", *how))
    assert whole["content"]
    assert whole["usage"]["completion_tokens"] <= 12
    assert whole["finish_reason"] in ("stop", "length")
    assert command(closed_server.home, "run", "demo", "Hello", *how) == whole["content"] + "\n"
    assert command(closed_server.home, "run", "demo", *how, stdin="Hello") == whole["content"] + "\n"
    other = command(
        closed_server.home, "run", "demo", "Hello", "--system", "Answer in French.", "--json", *how
    )
    assert json.loads(other)["usage"]["prompt_tokens"] > whole["usage"]["prompt_tokens"]


def test_what_is_told_beside_the_answer(closed_server: Server) -> None:
    process = start(closed_server.home, "run", "demo", "Hello", "--verbose", "--set", "no_such_field=1")
    stdout, stderr = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 0
    assert stdout.strip()
    assert "no_such_field" in stderr
    for told in ("prompt 9 tokens", "cached", "tokens/s", "first token after"):
        assert told in stderr


def test_a_bad_field_is_refused(closed_server: Server) -> None:
    assert "temperature" in failed(closed_server.home, "run", "demo", "Hi", "--set", "temperature=hot")


def test_ctrl_c_stops_the_answer(closed_server: Server) -> None:
    process = start(closed_server.home, "run", ENDLESS, "Hello", start_new_session=True)
    assert process.stdout is not None
    assert process.stdout.read(1)  # it has begun
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 130

    def is_idle() -> bool:
        models = json.loads(command(closed_server.home, "ps", "--json"))["data"]
        return not any(model["running"] or model["leases"] for model in models)

    wait_until(is_idle, "the server has ended the answer")


def test_bench(closed_server: Server) -> None:
    how = ("-n", "2", "-c", "2", "--rounds", "2", "--prompt-tokens", "40", "--completion-tokens", "8")
    report = json.loads(command(closed_server.home, "bench", *how, "--json"))
    assert (len(report["rounds"]), report["concurrency"]) == (2, 2)
    median = report["median"]
    assert median["completion_tokens"] == 8
    assert 20 <= median["prompt_tokens"] <= 80
    assert 0 < median["first_token_s"] <= median["slowest_first_token_s"]
    assert median["tokens_per_second"] > 0
    text = command(closed_server.home, "bench", "demo", *how)
    assert text.startswith("demo: 2 requests, 2 at once, ")
    assert "too long" in failed(closed_server.home, "bench", "demo", "--prompt-tokens", "100000")


@pytest.mark.full
def test_bench_ends_in_time(closed_server: Server) -> None:
    how = ("--completion-tokens", "100000", "--max-seconds", "1", "-n", "2")
    assert "no round ended within 1 s" in failed(closed_server.home, "bench", ENDLESS, *how)


def test_logs(closed_server: Server) -> None:
    lines = [
        json.loads(line) for line in command(closed_server.home, "logs", "server", "--json").splitlines()
    ]
    assert any("demo" in line["message"] for line in lines)
    process = start(closed_server.home, "logs", "-f", "-n", "1", start_new_session=True)
    assert process.stdout is not None
    process.stdout.readline()
    command(closed_server.home, "run", "demo", "Hello")
    while "demo: stop" not in process.stdout.readline():
        pass
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 130


def test_a_key_of_ones_own_is_sent(closed_server: Server) -> None:
    """The command line's own key counts, also where it is not good for what is asked."""
    assert "unknown" in failed(closed_server.home, "ps", env={"MLX_MANAGER_API_KEY": "sk-mlx-wrong"})
    assert "unknown" not in failed(closed_server.home, "load", "nothing")
