"""Responses that clients of the Responses API may ask for again and go on with."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from mlx_manager.core.times import utc_now
from mlx_manager.db.types import UtcDateTime


class StoredResponse(SQLModel, table=True):
    """One response that has ended, with what it was given.

    Attributes:
        key_id: the API key that asked, which it outlives; None where none was sent.
        expires_at: from then on it is as if it were not there.
        previous_response_id: the one that it goes on from, which may be gone.
        item_ids: of its input and output, each between two spaces. It stands before the texts, so that
            looking for an item reads none of them.
        input_items: the request's own items, without those of the responses before it; JSON.
        response: as it was answered; JSON.
    """

    __tablename__ = "stored_responses"

    id: str = Field(primary_key=True)
    user_id: str = Field(foreign_key="users.id", ondelete="CASCADE", index=True)
    key_id: str | None = None
    model: str
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime, index=True)
    previous_response_id: str | None = None
    status: str
    item_ids: str
    input_items: str
    response: str
