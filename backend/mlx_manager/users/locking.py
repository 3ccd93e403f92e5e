"""One decision about accounts at a time, on either database."""

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from mlx_manager.db.tables import AuthState


async def lock_accounts(session: AsyncSession) -> None:
    """Let nobody else change a user, a key or a session until this unit ends.

    For whoever decides by what they read: that there is nobody yet, or another administrator, or that a
    token was not used. Every change to these passes the same row (see `db.session`), so it is the only lock
    there is, and units cannot wait for each other in a circle. On SQLite the unit has the database's own.
    """
    await session.exec(select(AuthState).with_for_update())
