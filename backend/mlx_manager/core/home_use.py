"""Who uses a home folder: programs share it, and a restore wants it for itself.

The lock is the operating system's and ends with the process, however that ends.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_LOCK = "in-use.lock"


class HomeInUse(Exception):
    """The home folder is taken in a way that excludes what was asked. The message is one line."""


@contextmanager
def hold_home(home: Path) -> Iterator[None]:
    """Use the home folder, beside whoever else does.

    Raises:
        HomeInUse: A restore is running.
    """
    with _locked(home, fcntl.LOCK_SH, f"a backup is being restored into {home}; start again when it is done"):
        yield


@contextmanager
def require_unused(home: Path) -> Iterator[None]:
    """Have the home folder alone; nobody can begin to use it as long as this lasts.

    Raises:
        HomeInUse: A program uses it.
    """
    with _locked(home, fcntl.LOCK_EX, f"the manager or the server is running with {home}; stop it first"):
        yield


@contextmanager
def _locked(home: Path, kind: int, refusal: str) -> Iterator[None]:
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(home / _LOCK, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            raise HomeInUse(refusal) from None
        yield
    finally:
        os.close(descriptor)
