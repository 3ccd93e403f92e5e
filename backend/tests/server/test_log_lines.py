"""Logs read from their ends, and on."""

import asyncio
import json
from pathlib import Path

from mlx_manager.server import log_lines
from mlx_manager.server.log_lines import last_entries, new_entries


def line(number: int, level: str = "INFO") -> str:
    return json.dumps({"level": level, "message": f"{number}"}) + "\n"


def messages(entries: list[dict[str, str]]) -> list[str]:
    return [entry["message"] for entry in entries]


def test_the_last_of_a_long_log(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("".join(line(number, "ERROR" if number % 1000 == 0 else "INFO") for number in range(9000)))
    assert messages(last_entries(log, 3)) == ["8997", "8998", "8999"]
    assert messages(last_entries(log, 3, "WARNING")) == ["6000", "7000", "8000"]
    assert len(last_entries(log, 10_000)) == 9000
    assert len(last_entries(log, 10_000, "ERROR")) == 9


def test_what_is_no_entry_is_left_out(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text('\nnot json\n[]\n{"level": "LOUD", "message": "x"}\n"text"\n' + line(1) + '{"level": "INF')
    assert messages(last_entries(log, 10)) == ["1"]
    assert last_entries(tmp_path / "none", 10) == []


async def test_what_is_written_is_told_also_after_a_rotation(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text(line(0))
    coming = new_entries(log)
    assert list(await anext(coming)) == []

    async def next_ones(num: int) -> list[str]:
        found: list[str] = []
        while len(found) < num:
            found += messages(list(await asyncio.wait_for(anext(coming), 60)))
        return found

    with log.open("a") as stream:
        stream.write(line(1) + line(2)[:5])
        stream.flush()
        assert await next_ones(1) == ["1"]
        stream.write(line(2)[5:])
    assert await next_ones(1) == ["2"]
    log.rename(tmp_path / "log.1")
    log.write_text(line(3) + line(4, "DEBUG"))
    assert await next_ones(2) == ["3", "4"]
    assert log_lines.parse(line(4, "DEBUG").encode(), "INFO") is None
