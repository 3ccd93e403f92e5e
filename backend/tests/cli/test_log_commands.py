"""`mlx-manager logs`: the files that the programs write."""

import json
import logging
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from mlx_manager.commands import log_files
from mlx_manager.commands.log_files import LogFiles, LogLine, line_of
from mlx_manager.core.logs import LogFile
from tests.command_line import Run
from tests.live.server import wait_until

Write = Callable[..., None]


def everything(_: LogLine) -> bool:
    return True


def make_writer(home: Path, program: str) -> tuple[LogFile, Write]:
    """The programs' own handler, and what makes it write."""
    handler = LogFile(home / "logs" / f"{program}.log")

    def write(message: str, level: int = logging.INFO, *, at: float = 0.0) -> None:
        record = logging.LogRecord("a.logger", level, "", 0, message, (), None)
        record.created = at or record.created
        handler.emit(record)

    return handler, write


def test_the_last_lines_of_both(run: Run, home: Path) -> None:
    (server, write_server), (manager, write_manager) = (
        make_writer(home, name) for name in ("server", "manager")
    )
    write_server("first", at=1000)
    write_manager("second", logging.ERROR, at=1001)
    write_server("third", at=1002)
    done = run("logs")
    assert [line.rpartition(" ")[2] for line in done.stdout.splitlines()] == ["first", "second", "third"]
    assert "ERROR   manager a.logger: second" in done.stdout
    assert run("logs", "server", "-n", "1").stdout.endswith("third\n")
    assert [json.loads(line)["message"] for line in run("logs", "--json", "-n", "2").stdout.splitlines()] == [
        "second",
        "third",
    ]
    assert run("logs", "--level", "warning").stdout.count("\n") == 1
    assert run("logs", "-n", "0").stdout == ""
    for handler in (server, manager):
        handler.close()


def test_another_program_of_the_same_kind(run: Run, home: Path) -> None:
    one, write_one = make_writer(home, "server")
    other, write_other = make_writer(home, "server")
    write_other("of the second", at=1000)
    write_one("of the first", at=1001)
    assert (home / "logs" / "server-2.log").exists()
    assert [line.rpartition(": ")[2] for line in run("logs", "server").stdout.splitlines()] == [
        "of the second",
        "of the first",
    ]
    one.close()
    other.close()


def test_nothing_steers_the_terminal(run: Run, home: Path) -> None:
    folder = home / "logs"
    folder.mkdir(parents=True)
    evil = {"time": "2026-01-01T00:00:00.000Z", "level": "INFO", "message": "a\x1b[2Jb\r\nforged\x9b1m"}
    evil |= {"logger": "x\x1b]0;y\x07", "exception": "Traceback\n  a\x1b[31m"}
    (folder / "server.log").write_text(f"{json.dumps(evil)}\nno json \x1b[31m\r\n\n[1]\n")
    for flags in ((), ("--json",)):
        shown = run("logs", *flags).stdout
        assert not set(shown) & {"\x1b", "\r", "\x9b", "\x07"}
    assert r"a\x1b[2Jb\x0d\x0aforged\x9b1m" in run("logs").stdout


def test_what_was_rotated_away_counts(home: Path) -> None:
    handler, write = make_writer(home, "server")
    handler.maxBytes = 2000
    for number in range(40):
        write(f"line {number}", at=1000 + number)
    handler.close()
    assert (home / "logs" / "server.log.2").exists()
    with LogFiles(home / "logs", ["server"], everything) as files:
        shown = [line.record["message"] for line in files.last(30)]
    assert shown == [f"line {number}" for number in range(10, 40)]


def test_follow_goes_on_over_a_rotation(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_files, "_LOOK_EVERY_S", 0.001)
    handler, write = make_writer(home, "server")
    handler.maxBytes = 3000
    write("before")
    seen: list[str] = []

    def read() -> None:
        with LogFiles(home / "logs", ["server"], everything) as files:
            seen.extend(line.record["message"] for line in files.last(10))
            for line in files.follow():
                seen.append(line.record["message"])
                if line.record["message"] == "end":
                    return

    reader = threading.Thread(target=read)
    reader.start()
    wait_until(lambda: seen == ["before"], "the first line is read")
    for number in range(40):
        write(f"line {number}")
        wait_until(lambda: seen[-1] == f"line {number}", "the line is read")  # noqa: B023
    write("end")
    reader.join(30)
    handler.close()
    assert seen == ["before", *(f"line {number}" for number in range(40)), "end"]
    assert (home / "logs" / "server.log.1").exists()


@pytest.mark.parametrize("raw", [b"", b"\xff\xfe", b"null", b'"text"', b'{"level": 5, "time": []}'])
def test_a_line_that_is_none(raw: bytes) -> None:
    line = line_of("server", raw)
    assert line.is_at_least("ERROR")
    assert isinstance(line.time, str)
    assert line.text()


def test_there_are_none(run: Run, home: Path) -> None:
    done = run("logs")
    assert (done.status, done.stdout) == (0, "")
    assert str(home) in done.stderr
    assert not home.exists()
    assert run("logs", "-n", "-1").status == 2
    assert run("logs", "--level", "loud").status == 2
