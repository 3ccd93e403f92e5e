"""What is said about signing in on the wire."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from mlx_manager.core.security.principal import Role, Scope
from mlx_manager.users.schemas import Body, NewName, NewPassword, Row, SentPassword, SentToken, UserView


class Status(BaseModel):
    """What a page has to know before anybody is signed in."""

    needs_setup: bool
    mode: str


class Setup(Body):
    """The first administrator; with the terminal's token where the request comes from elsewhere."""

    name: NewName
    password: NewPassword
    token: SentToken | None = None


class Registration(Body):
    """Somebody who wants to come in."""

    name: NewName
    password: NewPassword
    invitation: SentToken | None = None


class Credentials(Body):
    """A name, which may be spelt in any case, and its password."""

    name: Annotated[str, Field(max_length=256)]
    password: SentPassword


class PasswordChange(Body):
    """A new password for whoever is signed in."""

    current_password: SentPassword
    new_password: NewPassword


class PasswordReset(Body):
    """A new password for whom an administrator gave leave."""

    token: SentToken
    new_password: NewPassword


class SignedIn(BaseModel):
    """An open session. The refresh token is in a cookie only."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"
    expires_in: int
    """Seconds."""
    user: UserView


class Caller(BaseModel):
    """Whoever is asking, and what the credential they sent is good for."""

    id: str
    name: str
    role: Role
    scopes: list[Scope]
    key_id: str | None
    session_id: str | None


class SessionView(Row):
    """A session of the caller's."""

    id: str
    address: str
    user_agent: str
    created_at: datetime
    expires_at: datetime
    is_current: bool = False


class SessionList(BaseModel):
    """The caller's open sessions, the newest first."""

    data: list[SessionView]
