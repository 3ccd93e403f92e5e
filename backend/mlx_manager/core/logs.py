"""Standard logging for both programs: lines for people on the terminal, JSON lines in a file that rotates.

Logfire adds to it and replaces nothing.
"""

import contextlib
import fcntl
import json
import logging
import os
import sys
from datetime import UTC, datetime
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any, Final

from mlx_manager.core.paths import ensure_private
from mlx_manager.core.request_context import current_request_id
from mlx_manager.core.security.masking import mask_secrets

MAX_BYTES: Final = 10 * 2**20
NUM_OLD_FILES: Final = 5
_MOST_PROGRAMS: Final = 16
_LINE: Final = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"

logger = logging.getLogger(__name__)

_ESCAPES = {
    code: f"\\x{code:02x}" for code in (*range(0x20), 0x7F, *range(0x80, 0xA0)) if chr(code) not in "\t"
}
_ESCAPES_IN_TRACEBACK = {code: text for code, text in _ESCAPES.items() if chr(code) != "\n"}


class EscapingFormatter(logging.Formatter):
    """Writes control characters as escapes, so that no caller can forge a line or steer a terminal.

    A line that belongs to a request begins with its id. Secrets are masked.
    """

    def format(self, record: logging.LogRecord) -> str:
        """The line, and a traceback below it."""
        return mask_secrets(super().format(record))

    def formatMessage(self, record: logging.LogRecord) -> str:
        """The line without a traceback, which is ours and keeps its line breaks."""
        request_id = current_request_id()
        if request_id is not None and not record.message.startswith(request_id):
            record.message = f"{request_id} {record.message}"
        return super().formatMessage(record).translate(_ESCAPES)

    def formatException(self, ei: Any) -> str:
        """The traceback."""
        return super().formatException(ei).translate(_ESCAPES_IN_TRACEBACK)


class JsonFormatter(logging.Formatter):
    """One JSON object a line. Text in it is escaped and masked as on the terminal."""

    def format(self, record: logging.LogRecord) -> str:
        """The object: `exception` only where there is one, `request_id` null outside of requests."""
        when = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line: dict[str, Any] = {
            "time": when.replace("+00:00", "Z"),
            "level": record.levelname,
            "logger": record.name,
            "message": mask_secrets(record.getMessage()).translate(_ESCAPES),
            "request_id": None if (served := current_request_id()) is None else mask_secrets(served),
            "pid": record.process,
        }
        if record.exc_info:
            text = self.formatException(record.exc_info).translate(_ESCAPES_IN_TRACEBACK)
            line["exception"] = mask_secrets(text)
        if record.stack_info:
            line["stack"] = mask_secrets(record.stack_info)
        return json.dumps(line)  # in ASCII: not even a lone surrogate or U+2028 is left to trip a reader


class LogFile(RotatingFileHandler):
    """Appends to a file of its owner's alone, 10 MB long at most, and keeps five older ones.

    Only one process writes to a file, because a rotation renames it under the others' feet: it holds a lock
    beside it. The next one that starts takes `NAME-2.log` and so on, so that there are never more files
    than programs that ran at once, which a process id in the name would not give.

    A disk that is full is mentioned once on stderr; what cannot be written is lost.

    Raises:
        OSError: the file cannot be made.
    """

    def __init__(self, file: Path) -> None:
        self._has_complained = False
        ensure_private(file.parent)
        path, self._lock = _claim(file)
        try:
            super().__init__(path, maxBytes=MAX_BYTES, backupCount=NUM_OLD_FILES, encoding="utf-8")
        except BaseException:
            os.close(self._lock)
            raise
        self.setFormatter(JsonFormatter())

    def _open(self) -> TextIOWrapper:
        descriptor = os.open(self.baseFilename, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
        os.fchmod(descriptor, 0o600)  # also where it was there before
        return open(descriptor, "a", encoding=self.encoding)

    def handleError(self, record: logging.LogRecord) -> None:
        """Say once that the file cannot be written; the terminal has the lines all the same."""
        reason = sys.exc_info()[1]
        if not isinstance(reason, OSError):
            super().handleError(record)  # a fault of ours, such as a message that does not fit its arguments
        elif not self._has_complained:
            self._has_complained = True
            with contextlib.suppress(OSError, ValueError, AttributeError):
                print(f"{self.baseFilename} cannot be written, so lines are lost: {reason}", file=sys.stderr)

    def close(self) -> None:
        """Close the file and let another process have it. Safe to call twice."""
        try:
            with contextlib.suppress(OSError):  # what a full disk does not take any more
                super().close()
        finally:
            lock, self._lock = self._lock, -1
            if lock >= 0:
                os.close(lock)


def _claim(file: Path) -> tuple[Path, int]:
    """The first of the file's names that no other process has, and the descriptor that holds its lock."""
    for number in range(1, _MOST_PROGRAMS + 1):
        path = file if number == 1 else file.with_stem(f"{file.stem}-{number}")
        lock = os.open(path.with_name(f".{path.name}.lock"), os.O_CREAT | os.O_WRONLY, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(lock)
            if not isinstance(error, BlockingIOError):
                raise
        else:
            return path, lock
    raise OSError(f"{_MOST_PROGRAMS} programs write to {file.parent} already")


def configure_logging(level: str = "INFO", *, file: Path | None = None) -> None:
    """Send every record to stderr, a line each, and to the file. Safe to call twice.

    Args:
        file: where JSON lines go, too; where it cannot be made, that is said once and nothing else changes.
    """
    terminal = logging.StreamHandler(sys.stderr)
    terminal.setFormatter(EscapingFormatter(_LINE, "%H:%M:%S"))
    logging.basicConfig(level=level, handlers=[terminal], force=True)
    # One line a request is our own business (with the request's id), not the socket layer's.
    logging.getLogger("uvicorn.access").disabled = True
    for name in ("httpx", "httpx2"):  # the latter is huggingface_hub's
        logging.getLogger(name).setLevel(logging.WARNING)
    if file is not None:
        try:
            logging.getLogger().addHandler(LogFile(file))
        except OSError as error:
            logger.warning("there is no log file: %s", error)
