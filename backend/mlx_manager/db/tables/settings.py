"""Settings that somebody has changed from the pages or the command line."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON
from sqlmodel import Field, SQLModel

from mlx_manager.core.times import utc_now
from mlx_manager.db.types import UtcDateTime


class StoredSetting(SQLModel, table=True):
    """One setting of either program. The environment counts before it, the default after it.

    Attributes:
        name: the variable that sets it in the environment, such as `MLX_SERVER_MAX_MODELS`.
        value: as JSON has it, in the form that the setting's own type is read from.
        updated_by: who changed it last, whom it outlives.
    """

    __tablename__ = "stored_settings"

    name: str = Field(primary_key=True)
    value: Any = Field(sa_type=JSON)
    updated_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    updated_by: str | None = None
