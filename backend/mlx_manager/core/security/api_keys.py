"""API keys: made once, kept as a digest.

A key holds 256 random bits, so one round of SHA-256 is enough: there is nothing to guess.
"""

import secrets
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

PREFIX: Final = "sk-mlx-"
_RANDOM_BYTES: Final = 32
_HINT_CHARS: Final = 4


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key at the only moment at which it is known.

    Attributes:
        key: what the caller is to send; shown once and never stored.
        digest: what is stored.
        hint: its beginning, to tell it from others.
    """

    key: str
    digest: str
    hint: str

    def __repr__(self) -> str:
        return f"NewKey({self.hint})"


def new_key() -> NewKey:
    """A fresh key."""
    key = PREFIX + secrets.token_urlsafe(_RANDOM_BYTES)
    return NewKey(key, digest_of(key), f"{key[: len(PREFIX) + _HINT_CHARS]}…")


def digest_of(credential: str) -> str:
    """SHA-256 of a key or another random token, in hex; what is looked up in its place."""
    return sha256(credential.encode("utf-8", "surrogatepass")).hexdigest()
