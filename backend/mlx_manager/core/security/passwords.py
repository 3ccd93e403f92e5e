"""Passwords: argon2, by pwdlib with its recommended cost."""

from functools import cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pwdlib import PasswordHash

MIN_CHARS: Final = 8
MAX_CHARS: Final = 1024
"""Longer ones would only make the hashing expensive."""


@cache
def _hasher() -> "PasswordHash":
    from pwdlib import PasswordHash

    return PasswordHash.recommended()


@cache
def _digest_of_nothing() -> str:
    return _hasher().hash("the password of a user who does not exist")


def hash_password(password: str) -> str:
    """An argon2id digest with its own salt. Takes tens of milliseconds: call it in a thread."""
    return _hasher().hash(password)


def verify_password(password: str, digest: str | None) -> bool:
    """Whether the password is the one that was hashed. Call it in a thread.

    With None, for a user who does not exist or has no password, it takes as long and is False.
    """
    matches = _hasher().verify(password, digest or _digest_of_nothing())
    return matches and digest is not None
