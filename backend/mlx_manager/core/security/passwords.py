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


def fault_of(password: str) -> str | None:
    """Why this cannot be a new password, or None."""
    if len(password) < MIN_CHARS:
        return f"a password has at least {MIN_CHARS} characters"
    return fault_of_sent(password)


def fault_of_sent(password: str) -> str | None:
    """Why this cannot be hashed, let alone be right, or None."""
    if len(password) > MAX_CHARS:
        return f"a password has at most {MAX_CHARS} characters"
    # JSON can spell halves of a surrogate pair, and a terminal can send bytes that are no text.
    if any("\ud800" <= character <= "\udfff" for character in password):
        return "a password is text in Unicode"
    return None


def hash_password(password: str) -> str:
    """An argon2id digest with its own salt. Takes tens of milliseconds: call it in a thread."""
    return _hasher().hash(password)


def verify_password(password: str, digest: str | None) -> bool:
    """Whether the password is the one that was hashed. Call it in a thread.

    With None, for a user who does not exist or has no password, it takes as long and is False.
    """
    matches = _hasher().verify(password, digest or _digest_of_nothing())
    return matches and digest is not None
