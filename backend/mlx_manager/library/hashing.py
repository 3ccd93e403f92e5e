"""A file's hash, read in pieces so that one can stop."""

import hashlib
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

_PIECE_BYTES: Final = 4 * 2**20
_SHA256_DIGITS: Final = 64


class HashingStopped(Exception):
    """Somebody said so."""


def digest_of(file: Path, like: str, stop: threading.Event, on_bytes: Callable[[int], None]) -> str:
    """A file's hash of the same kind as another.

    Args:
        like: 64 digits for sha256, 40 for git's hash of a blob (sha1 over `blob SIZE`, a zero byte, and it).
        on_bytes: called with each number of bytes read.

    Raises:
        HashingStopped: `stop` was set.
        OSError: it cannot be read.
    """
    with file.open("rb") as stream:
        if len(like) == _SHA256_DIGITS:
            digest = hashlib.sha256()
        else:
            size = stream.seek(0, 2)
            stream.seek(0)
            digest = hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)
        while piece := stream.read(_PIECE_BYTES):
            if stop.is_set():
                raise HashingStopped
            digest.update(piece)
            on_bytes(len(piece))
    return digest.hexdigest()
