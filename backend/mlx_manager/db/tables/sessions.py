"""Signed-in sessions and the refresh tokens that carry them on."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from mlx_manager.core.ids import new_id
from mlx_manager.core.times import utc_now
from mlx_manager.db.types import UtcDateTime


class SignInSession(SQLModel, table=True):
    """One sign-in on one device, until it expires or is revoked."""

    __tablename__ = "sessions"

    id: str = Field(default_factory=lambda: new_id("ses"), primary_key=True)
    user_id: str = Field(foreign_key="users.id", index=True)
    user_agent: str = ""
    address: str = ""
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    revoked_reason: str | None = None


class RefreshToken(SQLModel, table=True):
    """A token that is good for one refresh. One that comes a second time was stolen."""

    __tablename__ = "refresh_tokens"

    id: str = Field(default_factory=lambda: new_id("rft"), primary_key=True)
    session_id: str = Field(foreign_key="sessions.id", index=True)
    digest: str = Field(unique=True)
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
