"""The disk tier's folder of one model: index, write, read, evict. One thread uses it; knows no MLX."""

import logging
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mlx_manager.mlx_server.engine.prefix_cache.entry_file import (
    EDGE,
    SUFFIX,
    Damaged,
    Header,
    Views,
    read_entry,
    read_header,
    write_entry,
)

logger = logging.getLogger(__name__)

# What a file needs beside its arrays and tokens: the header's JSON.
_HEADER_BYTES = 8192


@dataclass(slots=True)
class _File:
    nbytes: int
    parent: str
    tick: int
    num_children: int = 0


@dataclass(frozen=True, slots=True)
class Indexed:
    """A file that was there at the start.

    Attributes:
        parent: the file that it continues, which comes earlier in the index; empty at the start of a prompt.
        nbytes: of its arrays.
        tick: order of last use among the indexed.
    """

    header: Header
    parent: str
    nbytes: int
    tick: int


@dataclass(slots=True)
class Counters:
    """What happened in the folder since the start; read from other threads."""

    written: int = 0
    read: int = 0
    evicted: int = 0
    discarded: int = 0
    refused: int = 0


class Folder:
    """Files that continue each other; a file is gone before the one that it continues.

    Args:
        path: the folder, made if need be, for its owner alone; nobody else's files belong in it.
        model: digest of the fingerprint that files must bear.
        budget_bytes: bound of the folder's files.
        floor_bytes: free bytes that writing leaves on the file system.
    """

    def __init__(self, path: Path, model: str, *, budget_bytes: int, floor_bytes: int) -> None:
        self._path = path
        self._model = model
        self._budget_bytes = budget_bytes
        self._floor_bytes = floor_bytes
        self._files: dict[str, _File] = {}
        self._clock = 0
        self.counters = Counters()
        self.nbytes = 0
        self.can_write = True

    @property
    def num_files(self) -> int:
        """Files that can be read back."""
        return len(self._files)

    def index(self) -> list[Indexed]:
        """Read all headers; parents come before what continues them. Discards what does not fit."""
        self._make_folder()
        found = self._headers()
        order = sorted(found, key=lambda name: found[name][2].st_mtime_ns)
        ticks = {name: tick for tick, name in enumerate(order)}
        self._clock = len(order)
        indexed: list[Indexed] = []
        by_name: dict[str, Header] = {}
        for name, (header, nbytes, stat) in sorted(
            found.items(), key=lambda item: (item[1][0].start, item[0])
        ):
            parent = _parent_of(header, by_name)
            if parent is None:
                self._discard(name, "what it continues is gone")
                continue
            by_name[name] = header
            self._add(name, stat.st_size, parent, ticks[name])
            indexed.append(Indexed(header, parent, nbytes, ticks[name]))
        self._make_room(0, "")
        return [entry for entry in indexed if entry.header.name in self._files]

    def _make_folder(self) -> None:
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._path.mkdir(mode=0o700, exist_ok=True)
            self._path.chmod(0o700)
        except OSError as error:
            self._switch_off(error)

    def _headers(self) -> dict[str, tuple[Header, int, os.stat_result]]:
        found: dict[str, tuple[Header, int, os.stat_result]] = {}
        try:
            names = os.listdir(self._path)
        except OSError:
            return found
        for name in names:
            path = self._path / name
            stem = name.removesuffix(SUFFIX)
            try:
                if not name.endswith(SUFFIX):
                    raise Damaged("it was never finished")
                header, nbytes = read_header(path)
                if header.model != self._model:
                    raise Damaged("it is another model's")
                found[stem] = (header, nbytes, path.stat())
            except Damaged as error:
                self._discard(stem, str(error), path)
            except OSError as error:
                logger.debug("prefix cache: %s cannot be read: %s", name, error)
        return found

    def write(self, header: Header, views: Views) -> tuple[bool, list[str]]:
        """Write a file, if there is room. Returns whether it is there, and the files evicted for it."""
        name = header.name
        if name in self._files:
            return True, []
        size = sum(view.nbytes for view in views.values()) + 2 * len(header.tokens) + _HEADER_BYTES
        parent = header.parent_file
        evicted: list[str] = []
        if not self.can_write:
            return False, evicted
        try:
            fits = not parent or parent in self._files
            if fits:
                fits, evicted = self._make_room(size, parent)
            if not fits:
                self.counters.refused += 1
                return False, evicted
            size = write_entry(self._path, header, views)
        except FileNotFoundError:
            # By whoever else tidies here; the next write finds a folder again.
            self.counters.refused += 1
            self._make_folder()
            return False, evicted
        except OSError as error:
            self._switch_off(error)
            return False, evicted
        self._clock += 1
        self._add(name, size, parent, self._clock)
        self.counters.written += 1
        return True, evicted

    def read(self, name: str) -> tuple[Header, Views] | None:
        """A file's content, held against its digests; None where it is gone or damaged, and discarded."""
        if name not in self._files:
            return None
        path = self._path / f"{name}{SUFFIX}"
        try:
            header, views = read_entry(path)
        except Damaged as error:
            self._discard(name, str(error))
            return None
        except OSError as error:
            self._discard(name, str(error))
            return None
        self.counters.read += 1
        self._clock += 1
        self._files[name].tick = self._clock
        try:
            os.utime(path)
        except OSError as error:
            logger.debug("prefix cache: %s cannot be touched: %s", name, error)
        return header, views

    def remove(self, name: str) -> None:
        """Delete a file, if it is there."""
        file = self._files.pop(name, None)
        if file is not None:
            self.nbytes -= file.nbytes
            if file.parent in self._files:
                self._files[file.parent].num_children -= 1
        self._unlink(self._path / f"{name}{SUFFIX}")

    def discard(self, name: str, reason: str) -> None:
        """Delete a file that must not be served."""
        self._discard(name, reason)

    def _add(self, name: str, nbytes: int, parent: str, tick: int) -> None:
        # A file that was discarded and is back may still be continued by others.
        num_children = sum(file.parent == name for file in self._files.values())
        self._files[name] = _File(nbytes, parent, tick, num_children)
        self.nbytes += nbytes
        if parent in self._files:
            self._files[parent].num_children += 1

    def _make_room(self, size: int, parent: str) -> tuple[bool, list[str]]:
        """Evict the least recently used files that nothing continues, `parent` never."""
        surplus = self.nbytes + size - self._budget_bytes
        if size:
            surplus = max(surplus, self._floor_bytes + size - shutil.disk_usage(self._path).free)
        target = self.nbytes - max(surplus, 0)
        if target < sum(self._files[name].nbytes for name in self._chain(parent)):
            return False, []
        evicted: list[str] = []
        while self.nbytes > target:
            ends = [name for name, file in self._files.items() if not file.num_children and name != parent]
            if not ends:
                return False, evicted
            for name in sorted(ends, key=lambda name: self._files[name].tick):
                if self.nbytes <= target:
                    break
                self.remove(name)
                evicted.append(name)
                self.counters.evicted += 1
        return True, evicted

    def _chain(self, name: str) -> Iterator[str]:
        """A file, the one that it continues, and so on."""
        while name in self._files:
            yield name
            name = self._files[name].parent

    def _discard(self, name: str, reason: str, path: Path | None = None) -> None:
        level = logging.DEBUG if self.counters.discarded else logging.WARNING
        logger.log(level, "prefix cache: %s is discarded: %s (the next ones are not logged)", name, reason)
        self.counters.discarded += 1
        self.remove(name)
        if path is not None:
            self._unlink(path)

    def _unlink(self, path: Path) -> None:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            logger.debug("prefix cache: %s cannot be deleted: %s", path.name, error)

    def _switch_off(self, error: OSError) -> None:
        if self.can_write:
            logger.warning("prefix cache: nothing more is written to %s: %s", self._path, error)
        self.can_write = False


def _parent_of(header: Header, known: dict[str, Header]) -> str | None:
    """The file that `header` continues; empty at the start of a prompt, None where it is gone."""
    if not header.parent:
        return "" if header.start == 0 else None
    if header.parent in known:
        return header.parent if known[header.parent].end == header.start else None
    parent = known.get(header.parent_file)
    if parent is None or not 0 < header.cut <= parent.num_tokens:
        return None
    fits = parent.start + header.cut == header.start and parent.digest_at(header.cut) == header.parent
    return header.parent_file if fits and parent.kind == EDGE and parent.salt == header.salt else None
