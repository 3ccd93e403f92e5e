"""Access tokens of signed-in sessions: signed, short-lived, and worth nothing once the session is revoked."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from mlx_manager.core.security.secret_file import read_or_make_secret
from mlx_manager.core.times import utc_now

ACCESS_LIFETIME: Final = timedelta(minutes=10)

_ALGORITHM: Final = "HS256"
_TYPE: Final = "access"
_MAX_CHARS: Final = 2048


def read_session_secret(home: Path) -> bytes:
    """What this machine signs access tokens with: `secrets/session.key`, made on first use.

    Removing the file ends every access token and nothing else: no other secret depends on it.
    """
    return read_or_make_secret(home / "secrets" / "session.key")


@dataclass(frozen=True, slots=True)
class SessionClaims:
    """What a valid access token says. Whether the session still stands, only the database knows."""

    user_id: str
    session_id: str
    expires_at: datetime


def warm_up() -> None:
    """Import what reading a token needs, in a thread, before the first one holds up an event loop."""
    import jwt  # noqa: F401


class SessionTokens:
    """Issues and reads access tokens (JWT, RFC 7519).

    Args:
        secret: 256 bits, from `read_session_secret`.
        now: the time at which tokens are issued; they are read by the system's clock.
    """

    def __init__(self, secret: bytes, now: Callable[[], datetime] = utc_now) -> None:
        self._secret = secret
        self._now = now

    def issue(self, user_id: str, session_id: str) -> str:
        """A token for a session, valid for `ACCESS_LIFETIME`."""
        import jwt  # with its cryptography it takes 0.2 s to import, which the server's start has not

        now = self._now()
        claims = {
            "sub": user_id,
            "sid": session_id,
            "iat": int(now.timestamp()),
            "exp": int((now + ACCESS_LIFETIME).timestamp()),
            "typ": _TYPE,
        }
        return jwt.encode(claims, self._secret, _ALGORITHM)

    def session_id(self, token: str) -> str | None:
        """The session that the token opens, or None where `read` gives nothing."""
        claims = self.read(token)
        return None if claims is None else claims.session_id

    def read(self, token: str) -> SessionClaims | None:
        """What the token says, or None where it is not ours, has expired, or is of another type."""
        import jwt

        if len(token) > _MAX_CHARS:
            return None
        try:
            claims = jwt.decode(
                token,
                self._secret,
                algorithms=[_ALGORITHM],
                options={"require": ["sub", "sid", "iat", "exp", "typ"]},
            )
        except (jwt.PyJWTError, UnicodeError):
            return None
        user_id, session_id = claims["sub"], claims["sid"]
        if claims["typ"] != _TYPE or not isinstance(user_id, str) or not isinstance(session_id, str):
            return None
        return SessionClaims(user_id, session_id, datetime.fromtimestamp(claims["exp"], UTC))
