"""Who makes a request, and what they may do."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final


class Role(StrEnum):
    """What a user is to this installation."""

    ADMIN = "admin"
    USER = "user"


class Scope(StrEnum):
    """What a credential is good for."""

    INFERENCE = "inference"
    """Ask models."""
    ADMIN = "admin"
    """See and change the servers: `/admin` and `/metrics`."""


@dataclass(frozen=True, slots=True)
class KeyLimits:
    """What one key may take; None is without limit.

    Attributes:
        models: names of the models that it may ask for.
        requests_per_minute: in any 60 seconds.
        tokens_per_day: prompt and completion tokens of a UTC day.
    """

    models: frozenset[str] | None = None
    requests_per_minute: int | None = None
    tokens_per_day: int | None = None


@dataclass(frozen=True, slots=True)
class Principal:
    """An authenticated caller.

    Attributes:
        key_id: the API key that was sent, or None.
        session_id: the session whose token was sent, or None.
        expires_at: from then on the credential is worth nothing.
        capture_days: keep the text of its requests for so many days; None keeps none.
    """

    user_id: str
    user_name: str
    role: Role
    scopes: frozenset[Scope]
    key_id: str | None = None
    session_id: str | None = None
    expires_at: datetime | None = None
    limits: KeyLimits = KeyLimits()
    capture_days: int | None = None

    @property
    def is_admin(self) -> bool:
        """Whether it may see and change what is not its own."""
        return Scope.ADMIN in self.scopes

    def has_expired(self, now: datetime) -> bool:
        """Whether its time is over."""
        return self.expires_at is not None and now >= self.expires_at


OWNER_ID: Final = "user_owner"
"""The machine's owner: a built-in administrator, who acts where there are no users."""

OWNER: Final = Principal(OWNER_ID, "owner", Role.ADMIN, frozenset(Scope))
