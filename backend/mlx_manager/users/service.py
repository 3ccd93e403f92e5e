"""Users: found, added, approved, disabled, given a role. Nothing here commits."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.core.security import names
from mlx_manager.core.security.principal import OWNER, Role
from mlx_manager.db.tables import SignInSession, User, UserStatus
from mlx_manager.users import one_time_tokens
from mlx_manager.users.locking import lock_accounts


async def has_users(session: AsyncSession) -> bool:
    """Whether there is anybody but the built-in owner."""
    found = await session.exec(select(User.id).where(col(User.is_builtin).is_(False)).limit(1))
    return found.first() is not None


async def list_users(session: AsyncSession, status: UserStatus | None = None) -> Sequence[User]:
    """Everybody but the built-in owner, the oldest first."""
    query = select(User).where(col(User.is_builtin).is_(False)).order_by(col(User.created_at), col(User.id))
    if status is not None:
        query = query.where(User.status == status.value)
    return (await session.exec(query)).all()


async def find_by_name(session: AsyncSession, name: str) -> User | None:
    """The user of this name, in whatever case; never the built-in owner."""
    if names.fault_of(name):
        return None
    query = select(User).where(User.name_folded == names.fold(name), col(User.is_builtin).is_(False))
    return (await session.exec(query)).first()


async def get_by_name(session: AsyncSession, name: str) -> User:
    """The user of this name. Raises ApiError where there is none."""
    user = await find_by_name(session, name)
    if user is None:
        raise ApiError(ErrorCode.NOT_FOUND, f"there is no user named {name!r}")
    return user


async def get_user(session: AsyncSession, user_id: str) -> User:
    """The user of this id. Raises ApiError where there is none, and for the built-in owner."""
    user = await session.get(User, user_id)
    if user is None or user.is_builtin:
        raise ApiError(ErrorCode.NOT_FOUND, "there is no such user")
    return user


async def add_user(
    session: AsyncSession, name: str, *, role: Role, status: UserStatus, password_digest: str | None
) -> User:
    """Add a user.

    Raises:
        ApiError: the name is not allowed or taken, or it is the first user and no active administrator,
            whom nobody could then let in.
    """
    if fault := names.fault_of(name):
        raise ApiError(ErrorCode.INVALID_REQUEST, fault, param="name")
    if names.fold(name) == OWNER.user_name:
        message = f"{name!r} is what the machine's owner is called already"
        raise ApiError(ErrorCode.ALREADY_EXISTS, message, param="name")
    await lock_accounts(session)
    if (role, status) != (Role.ADMIN, UserStatus.ACTIVE) and not await has_users(session):
        raise ApiError(ErrorCode.CONFLICT, "the first user is an administrator, and there is none yet")
    user = User(
        name=name,
        name_folded=names.fold(name),
        role=role.value,
        status=status.value,
        password_digest=password_digest,
    )
    session.add(user)
    try:
        await session.flush()
    except IntegrityError:
        message = f"there is a user named {name!r} already"
        raise ApiError(ErrorCode.ALREADY_EXISTS, message, param="name") from None
    return user


async def approve(session: AsyncSession, user: User) -> None:
    """Let in who registered. Whoever is in already stays so."""
    if user.status == UserStatus.DISABLED:
        raise ApiError(ErrorCode.CONFLICT, f"{user.name} is disabled; enable them instead")
    user.status = UserStatus.ACTIVE.value
    session.add(user)


async def enable(session: AsyncSession, user: User) -> None:
    """Let in again who was disabled; their keys work again."""
    if user.status == UserStatus.PENDING:
        raise ApiError(ErrorCode.CONFLICT, f"{user.name} waits for approval; approve them instead")
    user.status = UserStatus.ACTIVE.value
    session.add(user)


async def disable(session: AsyncSession, user: User, now: datetime) -> None:
    """Keep somebody out: their sessions end, and their keys do not work until they are enabled."""
    await _keep_an_administrator(session, user)
    user.status = UserStatus.DISABLED.value
    session.add(user)
    await end_sessions(session, user.id, "user disabled", now)
    await one_time_tokens.withdraw_for(session, user.id)


async def set_role(session: AsyncSession, user: User, role: Role) -> None:
    """Change what somebody is."""
    if role is not Role.ADMIN:
        await _keep_an_administrator(session, user)
    user.role = role.value
    session.add(user)


async def set_password(
    session: AsyncSession,
    user: User,
    password_digest: str | None,
    now: datetime,
    *,
    kept_session: str | None = None,
) -> None:
    """Change somebody's password and end their sessions but one. With None nobody can sign in as them.

    Leave to set a password that was given before is worth nothing then.
    """
    user.password_digest = password_digest
    session.add(user)
    await one_time_tokens.withdraw_for(session, user.id)
    await end_sessions(session, user.id, "password changed", now, kept=kept_session)


async def end_sessions(
    session: AsyncSession, user_id: str, reason: str, now: datetime, *, kept: str | None = None
) -> None:
    """Revoke a user's sessions, all but the one that is kept."""
    query = select(SignInSession).where(
        SignInSession.user_id == user_id, col(SignInSession.revoked_at).is_(None), SignInSession.id != kept
    )
    for row in (await session.exec(query)).all():
        row.revoked_at = now
        row.revoked_reason = reason
        session.add(row)


async def active_administrators(session: AsyncSession) -> Sequence[User]:
    """Those who can let others in."""
    active = await list_users(session, UserStatus.ACTIVE)
    return [user for user in active if user.role == Role.ADMIN]


async def _keep_an_administrator(session: AsyncSession, user: User) -> None:
    """Refuse to lose the last one. Two who disable each other at once must not both succeed."""
    await lock_accounts(session)
    await session.refresh(user)
    others = [admin for admin in await active_administrators(session) if admin.id != user.id]
    if user.role == Role.ADMIN and user.status == UserStatus.ACTIVE and not others:
        raise ApiError(
            ErrorCode.CONFLICT, f"{user.name} is the last active administrator; make another one first"
        )
