"""API keys."""

from datetime import datetime

from sqlalchemy import JSON, BigInteger, Index, false, text
from sqlmodel import Field, SQLModel

from mlx_manager.core.ids import new_id
from mlx_manager.core.security.principal import Scope
from mlx_manager.core.times import utc_now
from mlx_manager.db.types import UtcDateTime


class ApiKey(SQLModel, table=True):
    """A key, of which only the digest is kept.

    Attributes:
        name: unique among a user's keys that have not been revoked.
        hint: its beginning, to tell it from others.
        scopes: values of `Scope`.
        models: names of the models that it may ask for; None for all.
        capture_days: keep the text of its requests so long; None keeps none.
        is_internal: one that a program of ours lent itself; nobody is shown it.
    """

    __tablename__ = "api_keys"
    __table_args__ = (
        Index(
            "ix_api_keys_user_name",
            "user_id",
            "name",
            unique=True,
            sqlite_where=text("revoked_at IS NULL"),
            postgresql_where=text("revoked_at IS NULL"),
        ),
    )

    id: str = Field(default_factory=lambda: new_id("key"), primary_key=True)
    user_id: str = Field(foreign_key="users.id", index=True)
    name: str
    digest: str = Field(unique=True)
    hint: str
    scopes: list[str] = Field(default_factory=lambda: [Scope.INFERENCE.value], sa_type=JSON)
    models: list[str] | None = Field(default=None, sa_type=JSON)
    requests_per_minute: int | None = None
    tokens_per_day: int | None = Field(default=None, sa_type=BigInteger)
    capture_days: int | None = None
    is_internal: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    expires_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    last_used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
