"""API keys: made, listed, changed, revoked. Nothing here commits."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.core.security.api_keys import new_key
from mlx_manager.core.security.principal import Role, Scope
from mlx_manager.db.tables import ApiKey, User, UserStatus
from mlx_manager.keys.schemas import CreatedKey, KeyChange, KeyView, NewKey


async def create(session: AsyncSession, user: User, asked: NewKey, now: datetime) -> CreatedKey:
    """Make a key for a user.

    Raises:
        ApiError: the user may not have it, has one of this name, or it would have expired already.
    """
    if user.status != UserStatus.ACTIVE:
        raise ApiError(ErrorCode.CONFLICT, f"{user.name} is {user.status}, so the key would not work")
    if Scope.ADMIN in asked.scopes and user.role != Role.ADMIN:
        raise ApiError(
            ErrorCode.PERMISSION_DENIED, "a key with the scope admin is for administrators", param="scopes"
        )
    made = new_key()
    row = ApiKey(
        user_id=user.id,
        name=asked.name,
        digest=made.digest,
        hint=made.hint,
        scopes=[scope.value for scope in asked.scopes],
        models=asked.models,
        requests_per_minute=asked.requests_per_minute,
        tokens_per_day=asked.tokens_per_day,
        capture_days=asked.capture_days,
        created_at=now,
        expires_at=_expiry(asked, now),
    )
    session.add(row)
    taken = f"{user.name} has a key named {asked.name!r} already"  # no row can be read once a flush failed
    try:
        await session.flush()
    except IntegrityError:
        raise ApiError(ErrorCode.ALREADY_EXISTS, taken, param="name") from None
    return CreatedKey(**view(row, user).model_dump(), key=made.key)


async def list_valid(session: AsyncSession, user_id: str | None = None) -> Sequence[tuple[ApiKey, User]]:
    """Keys that have not been revoked, the oldest first: a user's, or with None everybody's.

    Those that a program of ours has lent itself are not among them, here and in `find`.
    """
    query = (
        select(ApiKey, User)
        .join(User, col(User.id) == ApiKey.user_id)
        .where(col(ApiKey.revoked_at).is_(None), ~col(ApiKey.is_internal))
        .order_by(col(ApiKey.created_at), col(ApiKey.id))
    )
    if user_id is not None:
        query = query.where(ApiKey.user_id == user_id)
    return (await session.exec(query)).all()


async def find(session: AsyncSession, key_id: str, user_id: str | None = None) -> tuple[ApiKey, User]:
    """A key that has not been revoked. Raises ApiError where there is none, or not of this user's."""
    row = await session.get(ApiKey, key_id)
    if row is None or row.revoked_at is not None or row.is_internal or user_id not in (None, row.user_id):
        raise ApiError(ErrorCode.NOT_FOUND, "there is no such key")
    user = await session.get(User, row.user_id)
    assert user is not None  # its foreign key
    return row, user


def change(session: AsyncSession, row: ApiKey, asked: KeyChange) -> None:
    """Set the limits that were stated."""
    for name in asked.model_fields_set:
        setattr(row, name, getattr(asked, name))
    session.add(row)


def revoke(session: AsyncSession, row: ApiKey, now: datetime) -> None:
    """Make a key worthless for good; its name is free again."""
    row.revoked_at = now
    session.add(row)


def view(row: ApiKey, user: User) -> KeyView:
    """What is shown of a key."""
    return KeyView(**row.model_dump(include=_SHOWN), user_name=user.name)


_SHOWN = set(KeyView.model_fields) - {"user_name"}


def _expiry(asked: NewKey, now: datetime) -> datetime | None:
    if asked.expires_in_days is not None:
        return now + timedelta(days=asked.expires_in_days)
    if asked.expires_at is not None and asked.expires_at <= now:
        raise ApiError(ErrorCode.INVALID_REQUEST, "expires_at is in the past", param="expires_at")
    return asked.expires_at
