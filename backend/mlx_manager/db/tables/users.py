"""Users, the tokens that let somebody become one, and the counter that tells of changes to any of it."""

from datetime import datetime
from enum import StrEnum

from sqlmodel import Field, SQLModel

from mlx_manager.core.ids import new_id
from mlx_manager.core.security.principal import OWNER_ID as OWNER_ID
from mlx_manager.core.security.principal import Role
from mlx_manager.core.times import utc_now
from mlx_manager.db.types import UtcDateTime


class UserStatus(StrEnum):
    """Whether a user may come in."""

    PENDING = "pending"
    ACTIVE = "active"
    DISABLED = "disabled"


class User(SQLModel, table=True):
    """Somebody who may sign in, or may once they are approved.

    Attributes:
        name: as it is shown.
        name_folded: what makes it unique: `core.security.names.fold`.
        password_digest: None where none was set; nobody can sign in with that.
        role: a `Role`.
        status: a `UserStatus`.
    """

    __tablename__ = "users"

    id: str = Field(default_factory=lambda: new_id("user"), primary_key=True)
    name: str
    name_folded: str = Field(unique=True)
    password_digest: str | None = None
    role: str = Role.USER.value
    status: str = UserStatus.PENDING.value
    is_builtin: bool = False
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    last_sign_in_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class TokenKind(StrEnum):
    """What a one-time token lets its bearer do."""

    INVITATION = "invitation"
    PASSWORD_RESET = "password_reset"


class OneTimeToken(SQLModel, table=True):
    """An invitation, or leave to set a new password. Works once.

    Attributes:
        kind: a `TokenKind`.
        user_id: whose password; None for an invitation.
        role: of who accepts an invitation.
    """

    __tablename__ = "one_time_tokens"

    id: str = Field(default_factory=lambda: new_id("otk"), primary_key=True)
    kind: str
    digest: str = Field(unique=True)
    user_id: str | None = Field(default=None, foreign_key="users.id", index=True)
    role: str | None = None
    created_by: str | None = Field(default=None, foreign_key="users.id")
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class AuthState(SQLModel, table=True):
    """One row. Its number grows with every change to a user, a key or a session: see `db.session`."""

    __tablename__ = "auth_state"

    id: int = Field(default=1, primary_key=True)
    revision: int = 0
