"""The key that this machine's secrets are sealed with: in macOS's keychain, else in a file.

It is a key of its own: replacing the secret that sessions are signed with destroys nothing.
"""

import contextlib
import fcntl
import logging
import os
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Final, Protocol, cast

from mlx_manager.core.paths import ensure_private
from mlx_manager.core.security.sealing import SealingKey

logger = logging.getLogger(__name__)

SERVICE: Final = "MLX Manager encryption key"
"""The keychain's entry; its account is the home folder, so that two homes have a key each."""


class SecretKeyError(Exception):
    """The key cannot be read or kept; the message says where it is."""


class Keychain(Protocol):
    """What is used of keyring; any of it may raise anything while the keychain is locked."""

    def get_password(self, service: str, username: str) -> str | None:
        """The entry, or None."""
        ...

    def set_password(self, service: str, username: str, password: str) -> None:
        """Make or replace the entry."""
        ...


def system_keychain() -> Keychain | None:
    """macOS's keychain; None on other systems. keyring's own `PYTHON_KEYRING_BACKEND` is respected."""
    if sys.platform != "darwin":
        return None
    try:
        return cast(Keychain, import_module("keyring"))
    except ImportError:
        return None


def key_file(home: Path) -> Path:
    """Where the key is, where it is in a file."""
    return home / "secrets" / "encryption.key"


def encryption_key(home: Path, keychain: Keychain | None = None) -> SealingKey:
    """The key of this home; made where there is none yet. May block: call it in a thread.

    A file counts before the keychain, as after a backup was restored. What the keychain has is then still
    good for reading, so that a key that was made while the keychain was locked makes nothing unreadable.

    Args:
        keychain: see `system_keychain`.

    Raises:
        SecretKeyError: the file is no key, or cannot be read or made. It is never replaced.
    """
    with _locked(home):
        return _find(home, keychain) or _keep(home, SealingKey.new(), keychain)


def existing_key(home: Path, keychain: Keychain | None = None) -> SealingKey | None:
    """The key of this home, for a backup; None where none was made yet. Raises SecretKeyError."""
    with _locked(home):
        return _find(home, keychain)


def rotate(home: Path, keychain: Keychain | None = None) -> SealingKey:
    """A fresh key in the old one's place, which also reads what the old one sealed. Raises SecretKeyError."""
    with _locked(home):
        key = _find(home, keychain)
        return _keep(home, SealingKey.new() if key is None else key.rotated(), keychain)


def keep(home: Path, key: SealingKey, keychain: Keychain | None = None) -> None:
    """Make this the key of this home, in a file where there is one already. Raises SecretKeyError."""
    with _locked(home):
        _keep(home, key, keychain)


def _find(home: Path, keychain: Keychain | None) -> SealingKey | None:
    kept = None if keychain is None else _from_keychain(keychain, home)
    found = _from_file(key_file(home))
    if found is None or kept is None:
        return found or kept
    return found.also_reading(kept)


def _keep(home: Path, key: SealingKey, keychain: Keychain | None) -> SealingKey:
    has_file = key_file(home).exists()
    if has_file or keychain is None or not _to_keychain(keychain, home, key):
        _to_file(key_file(home), key)
    return key


@contextlib.contextmanager
def _locked(home: Path) -> Iterator[None]:
    """One process at a time: of two that start at once, the second finds what the first has made."""
    lock = -1
    try:
        folder = ensure_private(key_file(home).parent)
        lock = os.open(folder / ".encryption.lock", os.O_CREAT | os.O_WRONLY, 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    except OSError as error:
        raise SecretKeyError(f"{key_file(home)}: {error.strerror or error}") from error
    finally:
        if lock >= 0:
            os.close(lock)


def _from_file(path: Path) -> SealingKey | None:
    try:
        text = path.read_text(errors="replace")
        path.chmod(0o600)  # a restored copy may be readable by others
    except FileNotFoundError:
        return None
    try:
        return SealingKey.parse(text)
    except ValueError:
        reason = "is not a key; restore it from a backup, or remove it and set the secrets again"
        raise SecretKeyError(f"{path} {reason}") from None


def _to_file(path: Path, key: SealingKey) -> None:
    """Whole or not at all, also where the power goes."""
    partial = path.with_name(f".{path.name}.partial")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with open(descriptor, "w") as file:
        file.write(key.text)
        file.flush()
        os.fsync(descriptor)
    partial.replace(path)


def _from_keychain(keychain: Keychain, home: Path) -> SealingKey | None:
    try:
        text = keychain.get_password(SERVICE, _account(home))
    except Exception as error:  # locked, or there is no session to ask in
        logger.warning("the keychain does not give the encryption key: %s", type(error).__name__)
        return None
    try:
        return None if text is None else SealingKey.parse(text)
    except ValueError:
        reason = "is not a key; remove it and set the secrets again"
        raise SecretKeyError(f"the keychain's entry {SERVICE!r} {reason}") from None


def _to_keychain(keychain: Keychain, home: Path, key: SealingKey) -> bool:
    """Whether the keychain has it now; it is asked, because some take an entry and keep nothing."""
    try:
        keychain.set_password(SERVICE, _account(home), key.text)
        return keychain.get_password(SERVICE, _account(home)) == key.text
    except Exception as error:
        logger.warning("the keychain does not take the encryption key: %s", type(error).__name__)
        return False


def _account(home: Path) -> str:
    return str(home.expanduser().resolve())
