"""Text that only this machine can read: Fernet (AES-128-CBC and an HMAC), under a key that can be rotated."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet


class UnsealError(ValueError):
    """What was sealed cannot be read: it was sealed with another key, or it is damaged."""


@dataclass(frozen=True, slots=True)
class SealingKey:
    """One or more Fernet keys, the newest first: it alone seals, and every one of them unseals."""

    keys: tuple[str, ...]

    def __repr__(self) -> str:
        return f"SealingKey({len(self.keys)})"

    @classmethod
    def new(cls) -> Self:
        """A fresh key."""
        return cls((_fresh(),))

    @classmethod
    def parse(cls, text: str) -> Self:
        """The key of this text, one Fernet key a line. Raises ValueError, which does not show it."""
        key = cls(tuple(text.split()))
        key.fernet()
        return key

    @property
    def text(self) -> str:
        """What `parse` takes. Keep it secret."""
        return "".join(f"{key}\n" for key in self.keys)

    def rotated(self) -> Self:
        """A fresh key that also unseals what this one sealed."""
        return type(self)((_fresh(), *self.keys))

    def newest(self) -> Self:
        """Without the older keys; for when nothing is left that they sealed."""
        return type(self)(self.keys[:1])

    def also_reading(self, other: "SealingKey") -> Self:
        """The same, which also unseals what the other sealed."""
        return type(self)(tuple(dict.fromkeys((*self.keys, *other.keys))))

    def fernet(self) -> "MultiFernet":
        """As cryptography wants it. Raises ValueError where it is no key."""
        from cryptography.fernet import Fernet, MultiFernet

        try:
            return MultiFernet([Fernet(key) for key in self.keys])
        except ValueError:
            raise ValueError("this is not a key for sealing") from None


def seal(text: str, key: SealingKey) -> str:
    """The text as ASCII that only the key's holder can read. The first call imports cryptography (0.1 s)."""
    return key.fernet().encrypt(text.encode()).decode()


def unseal(sealed: str, key: SealingKey) -> str:
    """The text again. Raises UnsealError, which shows nothing of either."""
    from cryptography.fernet import InvalidToken

    try:
        return key.fernet().decrypt(sealed.encode()).decode()
    except (InvalidToken, ValueError):
        raise UnsealError("it was sealed with another key, or it is damaged") from None


def _fresh() -> str:
    from cryptography.fernet import Fernet

    return Fernet.generate_key().decode()
