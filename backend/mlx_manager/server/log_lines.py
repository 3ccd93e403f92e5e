"""The log files of both programs, read from their ends. Each line is a JSON object; see `core.logs`."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

_BLOCK_BYTES: Final = 65_536
_MOST_BYTES: Final = 16 * 2**20
_PERIOD_S: Final = 0.25
LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


def last_entries(file: Path, num_lines: int, level: str = "DEBUG") -> list[dict[str, Any]]:
    """The last entries of at least this level, the oldest first; reads 16 MB at most."""
    found: list[dict[str, Any]] = []
    for line in _lines_from_the_end(file):
        if (entry := parse(line, level)) is not None:
            found.append(entry)
            if len(found) == num_lines:
                break
    return found[::-1]


async def new_entries(file: Path, level: str = "DEBUG") -> AsyncIterator[Sequence[dict[str, Any]]]:
    """What is written from now on, a few times a second; an empty list where nothing was."""
    position, number = await asyncio.to_thread(_end_of, file)
    rest = b""
    while True:
        content, position, number = await asyncio.to_thread(_read_on, file, position, number)
        *lines, rest = (rest + content).split(b"\n")
        yield [entry for line in lines if (entry := parse(line, level)) is not None]
        await asyncio.sleep(_PERIOD_S)


def parse(line: bytes, level: str) -> dict[str, Any] | None:
    """A line's entry, or None where it is of a lower level, or no entry."""
    try:
        entry = json.loads(line)
        is_wanted = LEVELS.index(entry["level"]) >= LEVELS.index(level)
    except (ValueError, KeyError, TypeError):
        return None
    return entry if is_wanted else None


def _lines_from_the_end(file: Path) -> Iterator[bytes]:
    try:
        stream = file.open("rb")
    except OSError:
        return
    with stream:
        position = stream.seek(0, os.SEEK_END)
        lowest, rest = max(position - _MOST_BYTES, 0), b""
        while position > lowest:
            size = min(_BLOCK_BYTES, position)
            position -= size
            stream.seek(position)
            rest, *lines = (stream.read(size) + rest).split(b"\n")
            yield from reversed(lines)
        if position == 0:
            yield rest


def _end_of(file: Path) -> tuple[int, int]:
    try:
        status = file.stat()
    except OSError:
        return 0, 0
    return status.st_size, status.st_ino


def _read_on(file: Path, position: int, number: int) -> tuple[bytes, int, int]:
    """What has come; from the beginning where the file is another one now, as after it was rotated."""
    size, now = _end_of(file)
    if now != number or size < position:
        position = 0
    try:
        with file.open("rb") as stream:
            stream.seek(position)
            content = stream.read(_MOST_BYTES)
            return content, position + len(content), now
    except OSError:
        return b"", 0, 0
