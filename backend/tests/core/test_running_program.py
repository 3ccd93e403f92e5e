"""Where programs of a home run, written down and read."""

import json
import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from mlx_manager.core import running_program
from mlx_manager.core.running_program import SERVER, RunningProgram, announced, find_running


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MLX_MANAGER_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def test_one_that_runs_is_found_as_long_as_it_does(home: Path) -> None:
    assert find_running(SERVER) is None
    with announced(SERVER, "http://0.0.0.0:8000", "1.2.3"):
        found = find_running(SERVER)
        assert found is not None
        assert (found.url, found.pid, found.version) == ("http://127.0.0.1:8000", os.getpid(), "1.2.3")
        assert (home / "run" / "server.json").stat().st_mode & 0o777 == 0o600
        assert (home / "run").stat().st_mode & 0o777 == 0o700
    assert find_running(SERVER) is None
    assert not (home / "run" / "server.json").exists()


def test_one_that_was_killed_is_not_found_though_its_id_is_another_processes() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    program = RunningProgram("http://[::1]:1", child.pid, psutil.Process(child.pid).create_time(), "1")
    running_program.write_running(SERVER, program)
    assert find_running(SERVER) == program
    other = RunningProgram(program.url, child.pid, program.started_at - 60, "1")
    running_program.write_running(SERVER, other)
    assert find_running(SERVER) is None, "that process started later"
    running_program.write_running(SERVER, program)
    child.kill()
    assert child.wait() != 0
    assert find_running(SERVER) is None


def test_another_processes_word_is_left(home: Path) -> None:
    with announced(SERVER, "http://127.0.0.1:1", "1"):
        other = RunningProgram("http://127.0.0.1:2", os.getppid(), 0.0, "1")
        running_program.write_running(SERVER, other)
    assert json.loads((home / "run" / "server.json").read_text())["url"] == "http://127.0.0.1:2"


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"pid": 1}', '{"unknown": 1}'])
def test_what_cannot_be_read_is_nobody(home: Path, text: str) -> None:
    (home / "run").mkdir(parents=True)
    (home / "run" / "server.json").write_text(text)
    assert find_running(SERVER) is None


def test_a_home_that_cannot_be_written_stops_nothing(
    home: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    home.mkdir()
    (home / "run").write_text("a file where the folder belongs")
    with announced(SERVER, "http://127.0.0.1:1", "1"):
        assert "others cannot be told" in caplog.text
