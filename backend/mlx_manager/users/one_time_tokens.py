"""Invitations and leave to set a password: random, stored as digests, good for one use."""

import secrets
from collections.abc import Sequence
from datetime import datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.core.security.api_keys import digest_of
from mlx_manager.core.security.principal import Role
from mlx_manager.db.tables import OneTimeToken, TokenKind, User
from mlx_manager.users.locking import lock_accounts

_RANDOM_BYTES = 32


async def invite(
    session: AsyncSession, role: Role, *, expires_at: datetime, created_by: str
) -> tuple[OneTimeToken, str]:
    """An invitation, and its token at the only moment at which it is known."""
    row = OneTimeToken(
        kind=TokenKind.INVITATION.value,
        digest="",
        role=role.value,
        created_by=created_by,
        expires_at=expires_at,
    )
    return await _add(session, row)


async def allow_new_password(
    session: AsyncSession, user: User, *, expires_at: datetime, created_by: str
) -> tuple[OneTimeToken, str]:
    """Leave for a user to set a password, and its token at the only moment at which it is known."""
    row = OneTimeToken(
        kind=TokenKind.PASSWORD_RESET.value,
        digest="",
        user_id=user.id,
        created_by=created_by,
        expires_at=expires_at,
    )
    return await _add(session, row)


async def _add(session: AsyncSession, row: OneTimeToken) -> tuple[OneTimeToken, str]:
    token = secrets.token_urlsafe(_RANDOM_BYTES)
    row.digest = digest_of(token)
    session.add(row)
    await session.flush()
    return row, token


async def withdraw_for(session: AsyncSession, user_id: str) -> None:
    """Take back the leave that a user has not used."""
    query = select(OneTimeToken).where(OneTimeToken.user_id == user_id, col(OneTimeToken.used_at).is_(None))
    for row in (await session.exec(query)).all():
        await session.delete(row)


async def redeem(session: AsyncSession, kind: TokenKind, token: str, now: datetime) -> OneTimeToken | None:
    """Use a token up; None where it is unknown, of another kind, used or expired."""
    await lock_accounts(session)
    query = select(OneTimeToken).where(OneTimeToken.digest == digest_of(token))
    row = (await session.exec(query)).first()
    if row is None or row.kind != kind or row.used_at is not None or now >= row.expires_at:
        return None
    row.used_at = now
    session.add(row)
    return row


async def list_invitations(session: AsyncSession, now: datetime) -> Sequence[OneTimeToken]:
    """Those that can still be accepted, the oldest first."""
    query = select(OneTimeToken).where(
        OneTimeToken.kind == TokenKind.INVITATION.value,
        col(OneTimeToken.used_at).is_(None),
        OneTimeToken.expires_at > now,
    )
    return (await session.exec(query.order_by(col(OneTimeToken.created_at)))).all()


async def withdraw_invitation(session: AsyncSession, invitation_id: str) -> None:
    """Take an invitation back. Raises ApiError where there is none that could be accepted."""
    row = await session.get(OneTimeToken, invitation_id)
    if row is None or row.kind != TokenKind.INVITATION or row.used_at is not None:
        raise ApiError(ErrorCode.NOT_FOUND, "there is no such invitation")
    await session.delete(row)
