"""The log files of a home, as `core.logs` writes them: the last lines, and those that are still to come."""

import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from io import BufferedReader
from pathlib import Path
from typing import Any, Final

from mlx_manager.core.logs import NUM_OLD_FILES

LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
_LOOK_EVERY_S: Final = 0.2
_READ_BYTES: Final = 2**20
_ESCAPES: Final = {code: f"\\x{code:02x}" for code in (*range(0x20), 0x7F, *range(0x80, 0xA0))}
_ESCAPES_IN_TRACEBACK: Final = {code: text for code, text in _ESCAPES.items() if chr(code) not in "\n\t"}


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of a log.

    Attributes:
        program: whose log it is.
        record: what the line says; one that is not as it should be is a message alone.
    """

    program: str
    record: dict[str, Any]

    @property
    def time(self) -> str:
        """RFC 3339, UTC; as text it sorts by time."""
        return str(self.record.get("time", ""))

    def is_at_least(self, level: str) -> bool:
        """Whether it is as grave; what has no level is."""
        own = self.record.get("level")
        return own not in LEVELS or LEVELS.index(own) >= LEVELS.index(level)

    def text(self) -> str:
        """For a person, in this machine's time zone. Nothing in it steers a terminal."""
        record = self.record
        when = self.time
        with suppress(ValueError):
            when = f"{datetime.fromisoformat(when).astimezone():%Y-%m-%d %H:%M:%S}"
        message, request_id = str(record.get("message", "")), str(record.get("request_id") or "")
        if not message.startswith(request_id):
            message = f"{request_id} {message}"
        head = f"{when} {record.get('level', ''):<7} {self.program:<7} {record.get('logger', '')}: "
        line = f"{head}{message}".translate(_ESCAPES)
        more = [str(record[name]) for name in ("exception", "stack") if record.get(name)]
        return "\n".join([line, *(text.translate(_ESCAPES_IN_TRACEBACK) for text in more)])


def line_of(program: str, raw: bytes) -> LogLine:
    """A line of the file."""
    text = raw.decode("utf-8", "replace")
    try:
        record = json.loads(text)
    except ValueError:
        record = None
    return LogLine(program, record if isinstance(record, dict) else {"message": text})


class _File:
    """A file that grows, and that is renamed and begun anew when it is large."""

    def __init__(self, program: str, path: Path) -> None:
        self.program = program
        self.path = path
        self._stream: BufferedReader | None = None
        self._held = b""

    def new_lines(self) -> Iterator[LogLine]:
        """What has come since the last look; of a file that was renamed the rest, then the new one's."""
        yield from self._rest()
        while self._was_replaced():
            self.close()
            yield from self._rest()

    def close(self) -> None:
        if self._stream is not None:
            self._stream.close()
        self._stream, self._held = None, b""

    def _rest(self) -> Iterator[LogLine]:
        if self._stream is None:
            try:
                self._stream = self.path.open("rb")
            except OSError:
                return
        while part := self._stream.read(_READ_BYTES):
            *lines, self._held = (self._held + part).split(b"\n")
            for raw in lines:
                yield line_of(self.program, raw)

    def _was_replaced(self) -> bool:
        if self._stream is None:
            return False
        try:
            return os.stat(self.path).st_ino != os.fstat(self._stream.fileno()).st_ino
        except OSError:
            return False  # between two files: the next look finds it


class LogFiles:
    """The logs of some programs of a home. A context manager.

    Args:
        folder: `logs` of the home.
        programs: names of the files.
        wants: which lines count.
    """

    def __init__(self, folder: Path, programs: Sequence[str], wants: Callable[[LogLine], bool]) -> None:
        self._folder = folder
        self._programs = programs
        self._wants = wants
        self._files: dict[Path, _File] = {}

    def __enter__(self) -> "LogFiles":
        return self

    def __exit__(self, *_: object) -> None:
        for file in self._files.values():
            file.close()

    def last(self, count: int) -> list[LogLine]:
        """The last lines, the oldest first."""
        found = self._new()
        for number in range(1, NUM_OLD_FILES + 1):
            if len(found) >= count:
                break
            for program, path in list(self._paths()):
                with suppress(OSError):
                    raw = path.with_name(f"{path.name}.{number}").read_bytes()
                    older = (line_of(program, line) for line in raw.splitlines())
                    found += filter(self._wants, older)
        found.sort(key=lambda line: line.time)
        return found[len(found) - count :] if count < len(found) else found

    def follow(self) -> Iterator[LogLine]:
        """Lines as they come, for ever."""
        while True:
            yield from sorted(self._new(), key=lambda line: line.time)
            time.sleep(_LOOK_EVERY_S)

    def _new(self) -> list[LogLine]:
        for program, path in self._paths():
            self._files.setdefault(path, _File(program, path))
        lines = [line for file in self._files.values() for line in file.new_lines()]
        return list(filter(self._wants, lines))

    def _paths(self) -> Iterator[tuple[str, Path]]:
        """Also those of a program that found another one's in use: `server-2.log` and so on."""
        for program in self._programs:
            for path in sorted(self._folder.glob(f"{program}*.log")):
                rest = path.stem.removeprefix(program)
                if not rest or (rest.startswith("-") and rest[1:].isdigit()):
                    yield program, path
