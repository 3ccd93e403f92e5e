"""Secrets that this machine makes for itself: one 0600 file each, made once whoever asks first."""

import os
import secrets
import stat
from pathlib import Path
from typing import Final

_NUM_BYTES: Final = 32


class DamagedSecretFile(RuntimeError):
    """The file is there and does not hold a secret; its text says what to do."""


def read_or_make_secret(path: Path) -> bytes:
    """The 256 bits in the file at `path`, written in hex; made at random where there is no file.

    Any number of processes may ask at once: all get the same bytes, and none ever sees half a file.

    Raises:
        DamagedSecretFile: something else is in the file.
        OSError: it cannot be read or made.
    """
    try:
        return _read(path)
    except FileNotFoundError:
        _make(path)
        return _read(path)


def _read(path: Path) -> bytes:
    text = path.read_text("ascii", errors="replace").strip()
    if stat.S_IMODE(path.stat().st_mode) != 0o600:
        path.chmod(0o600)
    try:
        secret = bytes.fromhex(text)
    except ValueError:
        secret = b""
    if len(secret) != _NUM_BYTES:
        raise DamagedSecretFile(
            f"{path} does not hold {_NUM_BYTES} bytes in hex: restore it from a backup, or remove it"
        )
    return secret


def _make(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.parent.chmod(0o700)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
        file.write(secrets.token_hex(_NUM_BYTES) + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        # A link, not a rename: it fails where another process was first, whose secret then holds.
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
