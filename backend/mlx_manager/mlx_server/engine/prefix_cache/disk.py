"""The disk tier: one thread that reads and writes files, and the two queues to and from it. Knows no MLX."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mlx_manager.mlx_server.engine.prefix_cache.entry_file import Header, Views, text_digest
from mlx_manager.mlx_server.engine.prefix_cache.folder import Counters, Folder, Indexed

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class IndexRead:
    """What was in the folder at the start."""

    files: list[Indexed]


@dataclass(frozen=True, slots=True)
class WriteDone:
    """A write has ended. Holds its views until it is polled: the polling thread should drop them."""

    name: str
    is_there: bool
    views: Views


@dataclass(frozen=True, slots=True)
class ReadDone:
    """A file's content; None where it is gone."""

    name: str
    content: tuple[Header, Views] | None


@dataclass(frozen=True, slots=True)
class Evicted:
    """Files that were given up for others."""

    names: list[str]


Result = IndexRead | WriteDone | ReadDone | Evicted


class DiskTier:
    """Files of one model below `folder`, behind a thread of their own.

    All methods but the constructor's `on_ready` are for one thread, which polls for results.

    Args:
        folder: shared by all models; each has a folder of its own in it.
        budget_bytes: bound of this model's files.
        floor_bytes: free bytes that writing leaves on the file system.
        on_ready: called on the tier's thread once the index is read, which may be before the prefix cache
            is made, and after each batch of reads.
    """

    def __init__(
        self, folder: Path, *, budget_bytes: int, floor_bytes: int, on_ready: Callable[[], None]
    ) -> None:
        self._folder_path = folder
        self._budget_bytes = budget_bytes
        self._floor_bytes = floor_bytes
        self._on_ready = on_ready
        self._changed = threading.Condition()
        self._reads: deque[list[str]] = deque()
        self._deletes: deque[tuple[str, str]] = deque()
        self._writes: dict[str, tuple[Header, Views]] = {}
        self._results: deque[Result] = deque()
        self._is_busy = True  # with the index
        self._is_closing = False
        self._folder: Folder | None = None
        self._thread = threading.Thread(target=self._run, name="prefix-cache-disk", daemon=True)

    def start(self, fingerprint: str) -> None:
        """Begin with the index. Called once.

        Args:
            fingerprint: names all that decides what a cache contains: weights, adapter, quantisation.
        """
        model = text_digest(fingerprint, "model")
        self._folder = Folder(
            self._folder_path / model[:32],
            model,
            budget_bytes=self._budget_bytes,
            floor_bytes=self._floor_bytes,
        )
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        """Whether results may still come."""
        return self._thread.is_alive()

    @property
    def can_write(self) -> bool:
        """Whether writing has not failed yet."""
        return self.is_alive and not self._is_closing and self._folder is not None and self._folder.can_write

    @property
    def nbytes(self) -> int:
        """Of this model's files."""
        return self._folder.nbytes if self._folder else 0

    @property
    def num_files(self) -> int:
        """Files that can be read back."""
        return self._folder.num_files if self._folder else 0

    @property
    def counters(self) -> Counters:
        """What happened since the start."""
        return self._folder.counters if self._folder else Counters()

    def write(self, header: Header, views: Views) -> None:
        """Queue a write; `WriteDone` follows unless it is cancelled."""
        with self._changed:
            self._writes[header.name] = (header, views)
            self._changed.notify_all()

    def cancel(self, name: str) -> bool:
        """Take a write back. False where it has begun."""
        with self._changed:
            return self._writes.pop(name, None) is not None

    def read(self, names: list[str]) -> None:
        """Queue reads, before all writes; a `ReadDone` each follows, and one `on_ready`."""
        with self._changed:
            self._reads.append(names)
            self._changed.notify_all()

    def delete(self, names: list[str], reason: str = "") -> None:
        """Queue deletions; a reason counts and logs them as discarded."""
        with self._changed:
            self._deletes.extend((name, reason) for name in names)
            self._changed.notify_all()

    def poll(self) -> list[Result]:
        """Results since the last poll, in order."""
        found: list[Result] = []
        while self._results:
            found.append(self._results.popleft())
        return found

    def wait_idle(self, timeout_s: float) -> bool:
        """Wait until nothing is queued or under way. False where that took too long."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._is_busy and not self._has_work, timeout_s)

    def wait_ended(self, timeout_s: float) -> bool:
        """After `close`: wait for what was under way. False where that took too long."""
        self._thread.join(timeout_s)
        return not self.is_alive

    def close(self, timeout_s: float) -> bool:
        """Write what is queued, for so long at most, and end the thread. False where writes were left."""
        deadline = time.monotonic() + timeout_s
        flushed = self.wait_idle(timeout_s)
        with self._changed:
            self._is_closing = True
            self._writes.clear()
            self._changed.notify_all()
        self._thread.join(max(0.1, deadline - time.monotonic()))
        return flushed

    @property
    def _has_work(self) -> bool:
        return bool(self._reads or self._deletes or self._writes)

    def _run(self) -> None:
        assert self._folder is not None
        folder = self._folder
        try:
            index = folder.index()
        except Exception:
            logger.exception("prefix cache: the folder's index cannot be read")
            folder.can_write = False
            index = []
        self._results.append(IndexRead(index))
        self._announce()
        while self._wait_for_work():
            self._do_next(folder)

    def _wait_for_work(self) -> bool:
        with self._changed:
            self._is_busy = False
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._has_work or self._is_closing)
            self._is_busy = not self._is_closing
            return self._is_busy

    def _do_next(self, folder: Folder) -> None:
        """One batch of reads, or one deletion, or one write."""
        with self._changed:
            names = self._reads.popleft() if self._reads else []
            delete = self._deletes.popleft() if self._deletes and not names else None
            write = None
            if self._writes and not names and delete is None:
                write = self._writes.pop(next(iter(self._writes)))
        if names:
            for name in names:
                self._results.append(ReadDone(name, _guarded_read(folder, name)))
            self._announce()
        elif delete is not None:
            name, reason = delete
            if reason:
                folder.discard(name, reason)
            else:
                folder.remove(name)
        elif write is not None:
            self._write(folder, *write)

    def _write(self, folder: Folder, header: Header, views: Views) -> None:
        try:
            is_there, evicted = folder.write(header, views)
        except Exception:
            logger.exception("prefix cache: a file could not be written")
            folder.can_write = False
            is_there, evicted = False, []
        if evicted:
            self._results.append(Evicted(evicted))
        self._results.append(WriteDone(header.name, is_there, views))

    def _announce(self) -> None:
        try:
            self._on_ready()
        except Exception:
            logger.exception("prefix cache: on_ready failed")


def _guarded_read(folder: Folder, name: str) -> tuple[Header, Views] | None:
    try:
        return folder.read(name)
    except Exception:  # an answer is owed for each file, whatever became of it
        logger.exception("prefix cache: %s could not be read", name)
        return None
