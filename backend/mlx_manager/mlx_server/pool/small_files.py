"""A model folder's small files, read with bounds: whatever lies there, the answer is a value."""

import hashlib
import json
import os
from pathlib import Path
from typing import Any, Final

# The largest that are asked for, indices and tokenizers, are below 40 MB.
_MOST_BYTES: Final = 2**27

Signature = tuple[tuple[str, int, int], ...]


def read_object(file: Path) -> dict[str, Any]:
    """A file's JSON object; empty where it holds none."""
    try:
        content = json.loads(_read(file))
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def read_text(file: Path, most_bytes: int = _MOST_BYTES) -> str:
    """A file's text, or its beginning; empty where there is none."""
    return _read(file, most_bytes, cuts=True).decode(errors="replace")


def _read(file: Path, most_bytes: int = _MOST_BYTES, *, cuts: bool = False) -> bytes:
    # A pipe or a device among the files would never end.
    if not os.path.isfile(file):
        return b""
    try:
        with file.open("rb") as stream:
            content = stream.read(most_bytes + 1)
    except OSError:
        return b""
    if len(content) > most_bytes:
        return content[:most_bytes] if cuts else b""
    return content


def entries(folder: Path) -> list[Path]:
    """What is in a folder, by name; nothing where it cannot be read."""
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def dangles(file: Path) -> bool:
    """Whether it is a link that leads nowhere."""
    return os.path.islink(file) and not os.path.exists(file)


def signature(folder: Path) -> Signature:
    """What changes when a file of the folder does: names, sizes and times of change."""
    found = []
    for entry in entries(folder):
        try:
            status = entry.stat()
        except OSError:
            found.append((entry.name, -1, 0))
        else:
            found.append((entry.name, status.st_size, status.st_mtime_ns))
    return tuple(found)


def revision(*parts: object) -> str:
    """A short digest of what tells one state of a model's files from another."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]
