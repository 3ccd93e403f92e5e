"""The one-time token that lets somebody who is not on this machine make the first administrator."""

import hmac
import secrets


class SetupToken:
    """Made anew at each start, shown in the terminal, and never written to a file."""

    def __init__(self) -> None:
        self._token = secrets.token_urlsafe(24)

    def __repr__(self) -> str:
        return "SetupToken()"

    def reveal(self) -> str:
        """The token, for the terminal."""
        return self._token

    def matches(self, offered: str) -> bool:
        """Whether this is the token."""
        return hmac.compare_digest(offered.encode("utf-8", "surrogatepass"), self._token.encode())
