"""Secrets of other services, encrypted with a key that is not in the database."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from mlx_manager.core.times import utc_now
from mlx_manager.db.types import UtcDateTime


class StoredSecret(SQLModel, table=True):
    """A provider's key, the Hugging Face token.

    Attributes:
        name: such as `huggingface`.
        sealed: the ciphertext, by `core.security.sealing`.
    """

    __tablename__ = "stored_secrets"

    name: str = Field(primary_key=True)
    sealed: str
    updated_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
