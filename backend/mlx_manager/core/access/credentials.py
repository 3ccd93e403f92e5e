"""What a request shows of itself: a key, a session's token, or nothing."""

from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from starlette.datastructures import Headers

SESSION_COOKIE: Final = "mlx_session"
REFRESH_COOKIE: Final = "mlx_refresh"
_MAX_CHARS: Final = 4096


class Source(Enum):
    """Where a credential stood."""

    HEADER = auto()
    COOKIE = auto()


@dataclass(frozen=True, slots=True)
class Credential:
    """A key or a token, as it was sent.

    Attributes:
        source: a browser sends a cookie by itself, whoever made it send the request.
    """

    text: str
    source: Source

    @property
    def is_token(self) -> bool:
        """Whether it looks like a session's token, which is a JWT."""
        return self.text.startswith("eyJ") and self.text.count(".") == 2

    def __repr__(self) -> str:
        return f"Credential({self.source.name})"


def credential_of(headers: Headers) -> Credential | None:
    """The credential of `Authorization: Bearer`, else of `x-api-key`, else of the session's cookie."""
    scheme, _, token = headers.get("authorization", "").strip().partition(" ")
    text = token.strip() if scheme.lower() == "bearer" else ""
    text = text or headers.get("x-api-key", "").strip()
    if text:
        return Credential(text[:_MAX_CHARS], Source.HEADER)
    cookie = _cookie(headers, SESSION_COOKIE)
    return Credential(cookie, Source.COOKIE) if cookie else None


def has_cookie(headers: Headers) -> bool:
    """Whether a browser sent any cookie of ours."""
    return any(_cookie(headers, name) for name in (SESSION_COOKIE, REFRESH_COOKIE))


def _cookie(headers: Headers, name: str) -> str:
    for line in headers.getlist("cookie"):
        for pair in line.split(";"):
            key, _, value = pair.strip().partition("=")
            if key == name:
                return value[:_MAX_CHARS]
    return ""
