"""The log file: JSON lines, its owner's alone, rotated, one process's at a time, never a program's end."""

import json
import logging
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mlx_manager.core import logs
from mlx_manager.core.logs import LogFile, configure_logging
from mlx_manager.core.request_context import serving_request

SECRET = "sk-mlx-Zq3f81mVb7tYxWcPqLkJhG"
# Holds the log file until its stdin ends.
OTHER = """
import logging, sys
from pathlib import Path
from mlx_manager.core.logs import configure_logging
configure_logging(file=Path(sys.argv[1]))
for number in range(int(sys.argv[2])):
    logging.getLogger("other").info("line %d of %s", number, sys.argv[3])
print("ready", flush=True)
sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def _usual_logging() -> Iterator[None]:
    """The root logger as pytest has it, afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    for handler in root.handlers[:]:
        root.removeHandler(handler)
        if handler not in handlers:
            handler.close()
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "home" / "logs" / "server.log"


def lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def test_a_line_has_its_fields(file: Path, capfd: pytest.CaptureFixture[str]) -> None:
    configure_logging(file=file)
    with serving_request("req_7"):
        logging.getLogger("a.b").warning("é %s\x9b", "x\r\nFORGED \x1b[31m")
    logging.getLogger("a.b").debug("not at this level")
    (line,) = lines(file)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line.pop("time"))
    message = r"é x\x0d\x0aFORGED \x1b[31m\x9b"
    assert line == {
        "level": "WARNING",
        "logger": "a.b",
        "message": message,
        "request_id": "req_7",
        "pid": os.getpid(),
    }
    shown = capfd.readouterr().err
    assert re.fullmatch(r"\d\d:\d\d:\d\d WARNING a\.b: req_7 " + re.escape(message) + "\n", shown)


def test_a_message_that_names_its_request_is_not_told_twice(
    file: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    configure_logging(file=file)
    with serving_request("req_7"):
        logging.getLogger("a").info("req_7 demo: stop")
    logging.getLogger("a").info("no request")
    shown = [line.partition(" a: ")[2] for line in capfd.readouterr().err.splitlines()]
    assert shown == ["req_7 demo: stop", "no request"]
    assert [line["request_id"] for line in lines(file)] == ["req_7", None]


def test_secrets_are_in_neither(file: Path, capfd: pytest.CaptureFixture[str]) -> None:
    configure_logging(file=file)
    log = logging.getLogger("a")
    with serving_request(SECRET):
        log.info("message %s", SECRET)
        log.info(f"whole {SECRET}")
        log.info("%r", {"Authorization": f"Bearer {SECRET[7:]}"})
        try:
            raise ValueError(f"at postgresql://ada:{SECRET[7:]}@db")
        except ValueError:
            log.exception("with a traceback", stack_info=True)
    assert SECRET[7:] not in file.read_text()
    assert SECRET[7:] not in capfd.readouterr().err
    last = lines(file)[-1]
    assert "ValueError: at postgresql://ada:***@db" in last["exception"]
    assert "test_secrets_are_in_neither" in last["stack"]


def test_a_traceback_cannot_steer_a_terminal(file: Path, capfd: pytest.CaptureFixture[str]) -> None:
    configure_logging(file=file)
    try:
        raise ValueError("\x1b[2J\ud800")
    except ValueError:
        logging.getLogger("a").exception("oh")
    assert "\x1b" not in file.read_text() + capfd.readouterr().err
    assert "Traceback (most recent call last):\n" in lines(file)[0]["exception"]


def test_the_file_is_its_owners_alone(file: Path) -> None:
    file.parent.parent.mkdir(mode=0o700)
    file.parent.mkdir(mode=0o700)
    file.touch(0o644)
    configure_logging(file=file)
    modes = {path.name: path.stat().st_mode & 0o777 for path in file.parent.iterdir()}
    assert modes == {"server.log": 0o600, ".server.log.lock": 0o600}


def test_missing_folders_are_made_private(file: Path) -> None:
    configure_logging(file=file)
    assert [path.stat().st_mode & 0o777 for path in (file.parent, file.parent.parent)] == [0o700, 0o700]


def test_it_rotates_and_keeps_five(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (logs.MAX_BYTES, logs.NUM_OLD_FILES) == (10 * 2**20, 5)
    monkeypatch.setattr(logs, "MAX_BYTES", 4000)
    configure_logging(file=file)
    for number in range(400):
        logging.getLogger("a").info("line %d", number)
    kept = sorted(path for path in file.parent.iterdir() if not path.name.startswith("."))
    assert [path.name for path in kept] == ["server.log", *(f"server.log.{number}" for number in range(1, 6))]
    assert all(path.stat().st_size <= 4000 and path.stat().st_mode & 0o777 == 0o600 for path in kept)
    numbers = [int(line["message"].split()[1]) for path in reversed(kept) for line in lines(path)]
    oldest_first = sorted(numbers)
    assert oldest_first == list(range(oldest_first[0], 400))


def test_threads_do_not_mix_their_lines(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "MAX_BYTES", 50_000)
    configure_logging(file=file)

    def write(name: str) -> None:
        for number in range(200):
            logging.getLogger(name).info("line %d", number)

    threads = [threading.Thread(target=write, args=(f"t{index}",)) for index in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = [line for path in file.parent.glob("server.log*") for line in lines(path)]
    told = [(line["logger"], line["message"]) for line in found]
    assert sorted(told) == sorted(
        (f"t{index}", f"line {number}") for index in range(4) for number in range(200)
    )


def start_other(file: Path, name: str, count: int = 20) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", OTHER, str(file), str(count), name],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def test_two_processes_have_a_file_each(file: Path) -> None:
    others = [start_other(file, "first")]
    try:
        others.append(start_other(file, "second"))
        configure_logging(file=file)
        logging.getLogger("a").info("third")
        written = {path.name: len(lines(path)) for path in file.parent.glob("*.log")}
        assert written == {"server.log": 20, "server-2.log": 20, "server-3.log": 1}
    finally:
        for other in others:
            other.communicate()
    # They have gone, and their names are free again.
    with start_other(file, "fourth", 1) as fourth:
        fourth.communicate()
    assert lines(file)[-1]["message"] == "line 0 of fourth"
    assert len(list(file.parent.glob("*.log"))) == 3


def test_configuring_twice_keeps_the_file(file: Path) -> None:
    for _ in range(2):
        configure_logging(file=file)
    logging.getLogger("a").info("once")
    assert [path.name for path in file.parent.glob("*.log")] == ["server.log"]
    assert [line["message"] for line in lines(file)] == ["once"]


def test_a_place_that_cannot_be_written_is_said_once(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    configure_logging(file=blocked / "logs" / "server.log")
    logging.getLogger("a").info("goes on")
    first, second = capfd.readouterr().err.splitlines()
    assert "there is no log file" in first
    assert second.endswith("goes on")


def test_a_message_that_does_not_fit_is_shown_and_the_next_is_written(
    file: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    configure_logging(file=file)
    logging.getLogger("a").info("%d", "no number")
    logging.getLogger("a").info("next")
    shown = capfd.readouterr().err
    assert "TypeError" in shown
    assert "cannot be written" not in shown
    assert [line["message"] for line in lines(file)] == ["next"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full is Linux's")
def test_a_full_disk_is_said_once(
    file: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    configure_logging(file=file)
    (handler,) = [each for each in logging.getLogger().handlers if isinstance(each, LogFile)]
    assert handler.stream is not None
    full = os.open("/dev/full", os.O_WRONLY)
    os.dup2(full, handler.stream.fileno())
    os.close(full)
    for number in range(5000):
        logging.getLogger("a").info("line %d", number)
    shown = capfd.readouterr().err.splitlines()
    assert len(shown) == 5001
    assert [line for line in shown if "No space left" in line] == [shown[1]]
    handler.close()
    assert "Traceback" not in capfd.readouterr().err


def test_a_rotation_that_fails_takes_nothing_down(
    file: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "MAX_BYTES", 500)
    configure_logging(file=file)
    (file.parent / "server.log.1").mkdir()
    (file.parent / "server.log.1" / "in the way").touch()
    (file.parent / "server.log.2").touch()
    for number in range(50):
        logging.getLogger("a").info("line %d", number)
    shown = capfd.readouterr().err.splitlines()
    assert sum("line " in line and " a: " in line for line in shown) == 50
