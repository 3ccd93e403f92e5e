"""Comparing a model's files with what they should be, one model at a time, in the background."""

import asyncio
import logging
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Final

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.core.ids import new_id
from mlx_manager.core.times import utc_now
from mlx_manager.library.disk_use import ModelFile, is_hidden, model_files
from mlx_manager.library.hashing import HashingStopped, digest_of
from mlx_manager.library.installed import Installed, Place
from mlx_manager.library.known_hashes import AskHub, Authority, Known, KnownFiles, known_files

logger = logging.getLogger(__name__)

_MAX_KEPT: Final = 50


class FileResult(StrEnum):
    """What was found of a file.

    Attributes:
        OK: it is what it should be.
        DIFFERS: it is not: damaged, or changed.
        MISSING: the model has it on the hub, and it is not here; it may have been left out on purpose.
        UNKNOWN: nobody says what it should be.
        UNREADABLE: it cannot be read.
    """

    OK = "ok"
    DIFFERS = "differs"
    MISSING = "missing"
    UNKNOWN = "unknown"
    UNREADABLE = "unreadable"


class VerificationStatus(StrEnum):
    """How far a verification is.

    Attributes:
        FAILED: it could not go on; the reason says why. That a file is damaged is no failure.
    """

    RUNNING = "running"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    FAILED = "failed"


@dataclass(slots=True, eq=False)
class Verification:
    """One comparison, under way or over.

    Attributes:
        total_bytes: of all files that can be compared; 0 before that is known.
        results: by path, as they become known.
    """

    model_id: str
    place: Place
    id: str = field(default_factory=lambda: new_id("ver"))
    status: VerificationStatus = VerificationStatus.RUNNING
    authority: Authority | None = None
    why_not_hub: str | None = None
    reason: str | None = None
    total_bytes: int = 0
    done_bytes: int = 0
    results: dict[str, FileResult] = field(default_factory=dict)
    started_at: datetime = field(default_factory=utc_now)
    ended_at: datetime | None = None
    stop: threading.Event = field(default_factory=threading.Event)


class Verifications:
    """Runs them, and remembers the last ones until the program ends.

    Args:
        ask_hub: what a model's files are at a commit.
        ended: told of which model one has ended.
    """

    def __init__(self, ask_hub: AskHub, ended: Callable[[str], None]) -> None:
        self._ask_hub = ask_hub
        self._ended = ended
        self._kept: OrderedDict[str, Verification] = OrderedDict()
        self._task: asyncio.Task[None] | None = None

    def list(self) -> list[Verification]:
        """The newest first."""
        return list(reversed(self._kept.values()))

    def get(self, verification_id: str) -> Verification:
        """One of them. Raises ApiError."""
        if (found := self._kept.get(verification_id)) is None:
            raise ApiError(ErrorCode.NOT_FOUND, "there is no such verification, or not any more")
        return found

    def start(self, model: Installed) -> Verification:
        """Begin to verify a model. Raises ApiError while another is being verified."""
        for one in self._kept.values():
            if one.status is VerificationStatus.RUNNING:
                reason = f"{one.model_id} is being verified; wait until that has ended, or cancel it"
                raise ApiError(ErrorCode.CONFLICT, reason)
        started = Verification(model.model_id, model.place)
        self._kept[started.id] = started
        while len(self._kept) > _MAX_KEPT:
            self._kept.popitem(last=False)
        self._task = asyncio.create_task(self._run(started))
        return started

    async def cancel(self, verification_id: str) -> Verification:
        """End one that runs, and wait until it has; one that is over stays as it is. Raises ApiError."""
        found = self.get(verification_id)
        found.stop.set()
        if found.status is VerificationStatus.RUNNING and self._task is not None:
            await asyncio.wait({self._task})
        return found

    def is_running(self, place: Place) -> bool:
        """Whether files of this place are being read."""
        return any(
            one.status is VerificationStatus.RUNNING and one.place == place for one in self._kept.values()
        )

    async def close(self) -> None:
        """End what runs."""
        for one in self._kept.values():
            one.stop.set()
        if self._task is not None:
            await asyncio.wait({self._task})

    async def _run(self, one: Verification) -> None:
        try:
            known = await known_files(one.place, one.place.repo_id or one.model_id, self._ask_hub)
            one.authority, one.why_not_hub = known.authority, known.why_not_hub
            await asyncio.to_thread(compare, one, known)
            one.status = VerificationStatus.COMPLETED
        except HashingStopped:
            one.status = VerificationStatus.CANCELLED
        except Exception as error:  # whatever it is, who looks at it must see that it is over
            logger.exception("%s cannot be verified", one.model_id)
            one.status, one.reason = VerificationStatus.FAILED, str(error) or type(error).__name__
        finally:
            one.ended_at = utc_now()
            if damaged := [path for path, result in one.results.items() if result is FileResult.DIFFERS]:
                logger.warning("%s is damaged: %s", one.model_id, ", ".join(damaged))
            self._ended(one.model_id)


def compare(one: Verification, known: KnownFiles) -> None:
    """Look at every file that is not hidden. Raises HashingStopped."""
    files = {file.path: file for file in model_files(one.place.folder)}
    wanted = {path: file for path, file in known.files.items() if not is_hidden(Path(path))}
    one.total_bytes = sum(file.size_bytes or 0 for path, file in files.items() if path in wanted)
    for path in sorted(files.keys() | wanted.keys()):
        if one.stop.is_set():
            raise HashingStopped
        one.results[path] = _compare_one(one, path, files.get(path), wanted.get(path))


def _compare_one(one: Verification, path: str, file: ModelFile | None, known: Known | None) -> FileResult:
    if known is None:
        return FileResult.UNKNOWN
    if file is None or file.size_bytes is None:
        return FileResult.MISSING
    if known.size_bytes not in (None, file.size_bytes):
        one.done_bytes += file.size_bytes
        return FileResult.DIFFERS

    def count(num_bytes: int) -> None:
        one.done_bytes += num_bytes

    try:
        digest = digest_of(one.place.folder / path, known.digest, one.stop, count)
    except OSError:
        return FileResult.UNREADABLE
    return FileResult.OK if digest == known.digest else FileResult.DIFFERS
