"""A file's hash, read in pieces so that one can stop."""

import hashlib
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

_PIECE_BYTES: Final = 4 * 2**20
_SHA256_DIGITS: Final = 64


class HashingStopped(Exception):
    """Somebody said so."""


def begun(like: str, size_bytes: int) -> Any:
    """A hash of the same kind as another, of nothing yet.

    Args:
        like: 64 digits for sha256, 40 for git's hash of a blob (sha1 over `blob SIZE`, a zero byte, and it).
        size_bytes: of what is to be hashed.
    """
    if len(like) == _SHA256_DIGITS:
        return hashlib.sha256()
    # Git's name of a blob; nothing rests on SHA-1 against somebody who means harm but small files.
    return hashlib.sha1(b"blob %d\0" % size_bytes, usedforsecurity=False)


def digest_of(file: Path, like: str, stop: threading.Event, on_bytes: Callable[[int], None]) -> str:
    """A file's hash of the same kind as another.

    Args:
        like: as `begun` has it.
        on_bytes: called with each number of bytes read.

    Raises:
        HashingStopped: `stop` was set.
        OSError: it cannot be read.
    """
    with file.open("rb") as stream:
        digest = begun(like, os.fstat(stream.fileno()).st_size)
        while piece := stream.read(_PIECE_BYTES):
            if stop.is_set():
                raise HashingStopped
            digest.update(piece)
            on_bytes(len(piece))
    return str(digest.hexdigest())
