"""Sessions: opened, carried on by refresh tokens that work once, revoked. Nothing here commits."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from mlx_manager.core.security.api_keys import digest_of
from mlx_manager.db.tables import RefreshToken, SignInSession, User, UserStatus
from mlx_manager.users.locking import lock_accounts

LIFETIME: Final = timedelta(days=30)
"""A session ends so long after its last refresh."""
GRACE: Final = timedelta(seconds=10)
"""Two tabs may send the same refresh token at once, and a lost answer may be asked for again."""

_RANDOM_BYTES: Final = 32
_MAX_USER_AGENT_CHARS: Final = 256


@dataclass(frozen=True, slots=True)
class Opened:
    """A session that was opened or carried on.

    Attributes:
        refresh_token: for the cookie; only its digest is stored.
    """

    user: User
    session_id: str
    refresh_token: str

    def __repr__(self) -> str:
        return f"Opened({self.session_id})"


async def open_session(
    session: AsyncSession, user: User, *, address: str, user_agent: str, now: datetime
) -> Opened:
    """Open a session for somebody who has proved who they are."""
    await _forget_ended(session, user.id, now)
    row = SignInSession(
        user_id=user.id,
        user_agent=user_agent[:_MAX_USER_AGENT_CHARS],
        address=address,
        created_at=now,
        expires_at=now + LIFETIME,
    )
    session.add(row)
    await session.flush()
    user.last_sign_in_at = now
    session.add(user)
    return Opened(user, row.id, _add_token(session, row, now))


async def carry_on(session: AsyncSession, refresh_token: str, now: datetime) -> Opened | None:
    """Exchange a refresh token for the next one; None where it is not good for that.

    The unused tokens of a session are its latest generation: one, or several where the same token came
    more than once within `GRACE`. The first of them to be used makes all of them used. A token that comes
    when it is neither in the latest generation nor the one that has just been exchanged for it was copied
    by somebody, so the session is revoked: commit then, too.
    """
    query = select(RefreshToken).where(RefreshToken.digest == digest_of(refresh_token))
    token = (await session.exec(query)).first()
    if token is None:
        return None
    await lock_accounts(session)
    await session.refresh(token)  # another refresh may have had the lock before us
    row = await session.get(SignInSession, token.session_id)
    assert row is not None  # its foreign key
    user = await session.get(User, row.user_id)
    if user is None or user.status != UserStatus.ACTIVE or not is_open(row, now):
        return None
    if token.used_at is None:
        await _use_up_generation(session, row, now)
    elif now - token.used_at >= GRACE or await _was_refreshed_since(session, row, token.used_at):
        revoke(session, row, "refresh token reused", now)
        return None
    row.expires_at = now + LIFETIME
    session.add(row)
    return Opened(user, row.id, _add_token(session, row, now))


async def list_open(session: AsyncSession, user_id: str, now: datetime) -> Sequence[SignInSession]:
    """A user's open sessions, the newest first."""
    query = select(SignInSession).where(
        SignInSession.user_id == user_id,
        col(SignInSession.revoked_at).is_(None),
        SignInSession.expires_at > now,
    )
    return (await session.exec(query.order_by(col(SignInSession.created_at).desc()))).all()


async def find_open(
    session: AsyncSession, session_id: str, user_id: str, now: datetime
) -> SignInSession | None:
    """An open session of this user's."""
    row = await session.get(SignInSession, session_id)
    return row if row is not None and row.user_id == user_id and is_open(row, now) else None


async def find_by_refresh_token(session: AsyncSession, refresh_token: str) -> SignInSession | None:
    """The session that a refresh token belongs to, open or not."""
    query = (
        select(SignInSession)
        .join(RefreshToken, col(RefreshToken.session_id) == SignInSession.id)
        .where(RefreshToken.digest == digest_of(refresh_token))
    )
    return (await session.exec(query)).first()


def is_open(row: SignInSession, now: datetime) -> bool:
    """Whether the session still stands."""
    return row.revoked_at is None and now < row.expires_at


def revoke(session: AsyncSession, row: SignInSession, reason: str, now: datetime) -> None:
    """End a session; of one that has ended the first reason stays."""
    if row.revoked_at is None:
        row.revoked_at = now
        row.revoked_reason = reason
        session.add(row)


def _add_token(session: AsyncSession, row: SignInSession, now: datetime) -> str:
    token = secrets.token_urlsafe(_RANDOM_BYTES)
    session.add(RefreshToken(session_id=row.id, digest=digest_of(token), created_at=now))
    return token


async def _use_up_generation(session: AsyncSession, row: SignInSession, now: datetime) -> None:
    unused = select(RefreshToken).where(
        RefreshToken.session_id == row.id, col(RefreshToken.used_at).is_(None)
    )
    for token in (await session.exec(unused)).all():
        token.used_at = now
        session.add(token)
    # Older than any session could be open without a refresh: nobody needs to be caught with one.
    stale = delete(RefreshToken).where(
        col(RefreshToken.session_id) == row.id, col(RefreshToken.used_at) < now - LIFETIME
    )
    await session.exec(stale)


async def _was_refreshed_since(session: AsyncSession, row: SignInSession, used_at: datetime) -> bool:
    later = select(RefreshToken.id).where(
        RefreshToken.session_id == row.id, col(RefreshToken.used_at) > used_at
    )
    return (await session.exec(later.limit(1))).first() is not None


async def _forget_ended(session: AsyncSession, user_id: str, now: datetime) -> None:
    """Remove what a user's sessions left behind that ended long ago."""
    ended = select(SignInSession).where(
        SignInSession.user_id == user_id, SignInSession.expires_at < now - LIFETIME
    )
    for row in (await session.exec(ended)).all():
        await session.exec(delete(RefreshToken).where(col(RefreshToken.session_id) == row.id))
        await session.delete(row)
