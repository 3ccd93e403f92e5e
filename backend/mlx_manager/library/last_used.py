"""When models were last asked for, by the record of requests."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func
from sqlmodel import col, select

from mlx_manager.db.session import Database
from mlx_manager.db.tables import InferenceRequest

# A row may be written so long after its request began, where the database was away.
_LATE: Final = timedelta(minutes=10)


class LastUsed:
    """The newest request of each name. What was read is remembered: the record has no index of names.

    Requests that no model was found for do not count.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._newest: dict[str, datetime] = {}
        self._read_until: datetime | None = None

    async def read(self) -> Mapping[str, datetime]:
        """By the names that requests used, ids and aliases alike."""
        name, started = col(InferenceRequest.model), func.max(col(InferenceRequest.started_at))
        query = select(name, started).where(col(InferenceRequest.backend).is_not(None)).group_by(name)
        if self._read_until is not None:
            query = query.where(col(InferenceRequest.started_at) >= self._read_until - _LATE)
        async with self._database.reading() as session:
            rows = (await session.exec(query)).all()
        for model, at in rows:
            if model is not None:
                self._newest[model] = max(at, self._newest.get(model, at))
        self._read_until = max(self._newest.values(), default=None)
        return dict(self._newest)


def by_id(newest: Mapping[str, datetime], id_of: Callable[[str], str]) -> dict[str, datetime]:
    """The same by the ids that the names stand for now."""
    found: dict[str, datetime] = {}
    for name, at in newest.items():
        model_id = id_of(name)
        found[model_id] = max(at, found.get(model_id, at))
    return found
