"""Proving who one is. Passwords are hashed outside of any unit of work; each function here is one unit."""

from typing import Final

from sqlmodel.ext.asyncio.session import AsyncSession

from mlx_manager.auth import sessions
from mlx_manager.auth.sessions import Opened
from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.core.security import names
from mlx_manager.core.security.principal import Principal, Role
from mlx_manager.db.tables import TokenKind, User, UserStatus
from mlx_manager.dependencies import Accounts
from mlx_manager.users import one_time_tokens
from mlx_manager.users import service as users
from mlx_manager.users.locking import lock_accounts

MAX_PENDING: Final = 100
"""So many may wait for approval at once: anybody at all may register."""


async def set_up(
    accounts: Accounts,
    name: str,
    password: str,
    *,
    token: str | None,
    is_local: bool,
    address: str,
    user_agent: str,
) -> Opened:
    """Make the first administrator and sign them in.

    Raises:
        ApiError: there is a user already, or the caller is elsewhere and has no token.
    """
    with accounts.throttle.attempt(address) as attempt:
        if not is_local and not (token is not None and accounts.setup_token.matches(token)):
            attempt.has_failed = True
            raise ApiError(
                ErrorCode.SETUP_NOT_ALLOWED,
                "do this on the machine itself, or send the token that its terminal shows",
                param="token",
            )
    digest = await accounts.hashing.hash(password)
    async with accounts.database.session() as session:
        await lock_accounts(session)
        if await users.has_users(session):
            raise ApiError(ErrorCode.CONFLICT, "there is an administrator already; sign in")
        user = await users.add_user(
            session, name, role=Role.ADMIN, status=UserStatus.ACTIVE, password_digest=digest
        )
        return await sessions.open_session(
            session, user, address=address, user_agent=user_agent, now=accounts.now()
        )


async def register(
    accounts: Accounts, name: str, password: str, *, invitation: str | None, address: str
) -> User:
    """Add somebody who waits for approval or, with an invitation, is in at once.

    Raises:
        ApiError: the name is taken, the invitation is not good, too many wait, or there is nobody yet
            who could approve. Each counts against the address.
    """
    with accounts.throttle.attempt(address) as attempt:
        digest = await accounts.hashing.hash(password)
        try:
            async with accounts.database.session() as session:
                if invitation is not None:
                    return await _accept(session, accounts, name, digest, invitation)
                if len(await users.list_users(session, UserStatus.PENDING)) >= MAX_PENDING:
                    raise ApiError(ErrorCode.CONFLICT, "too many wait for approval; ask an administrator")
                return await users.add_user(
                    session, name, role=Role.USER, status=UserStatus.PENDING, password_digest=digest
                )
        except ApiError:
            attempt.has_failed = True
            raise


async def _accept(session: AsyncSession, accounts: Accounts, name: str, digest: str, invitation: str) -> User:
    row = await one_time_tokens.redeem(session, TokenKind.INVITATION, invitation, accounts.now())
    if row is None:
        raise ApiError(
            ErrorCode.INVALID_REQUEST, "the invitation is unknown, used or expired", param="invitation"
        )
    return await users.add_user(
        session, name, role=Role(row.role or Role.USER), status=UserStatus.ACTIVE, password_digest=digest
    )


async def sign_in(accounts: Accounts, name: str, password: str, *, address: str, user_agent: str) -> Opened:
    """Open a session.

    An unknown name, a disabled user and a wrong password cost the same and have the same answer.

    Raises:
        ApiError: `sign_in_failed`, `sign_in_throttled`, or with the right password `not_approved`.
    """
    with accounts.throttle.attempt(address, names.fold(name)) as attempt:
        async with accounts.database.reading() as session:
            user = await users.find_by_name(session, name)
        is_admissible = user is not None and user.status != UserStatus.DISABLED
        digest = user.password_digest if user is not None and is_admissible else None
        if not await accounts.hashing.verify(password, digest):
            attempt.has_failed = True
            raise _sign_in_failed()
        attempt.has_succeeded = True
    assert user is not None
    async with accounts.database.session() as session:
        # The hash took its time: what it proved holds if the user is still who they were.
        fresh = await users.get_user(session, user.id)
        if fresh.status == UserStatus.PENDING:
            raise ApiError(ErrorCode.NOT_APPROVED, "an administrator has yet to approve you")
        if fresh.status != UserStatus.ACTIVE or fresh.password_digest != digest:
            raise _sign_in_failed()
        return await sessions.open_session(
            session, fresh, address=address, user_agent=user_agent, now=accounts.now()
        )


async def change_password(
    accounts: Accounts, principal: Principal, current: str, new: str, *, address: str
) -> None:
    """Set the caller's own password; their other sessions end.

    Raises:
        ApiError: the current password is wrong, which is throttled as signing in is.
    """
    # The id is no name that anybody could have: this must not keep its owner from signing in.
    with accounts.throttle.attempt(address, f"/{principal.user_id}") as attempt:
        async with accounts.database.reading() as session:
            old_digest = (await users.get_user(session, principal.user_id)).password_digest
        if not await accounts.hashing.verify(current, old_digest):
            attempt.has_failed = True
            raise _wrong_current_password()
        attempt.has_succeeded = True
    digest = await accounts.hashing.hash(new)
    async with accounts.database.session() as session:
        user = await users.get_user(session, principal.user_id)
        if user.password_digest != old_digest:
            raise _wrong_current_password()
        await users.set_password(session, user, digest, accounts.now(), kept_session=principal.session_id)


async def reset_password(accounts: Accounts, token: str, new: str, *, address: str) -> None:
    """Set the password of whom an administrator gave leave; the token works once.

    Raises:
        ApiError: the token is not good.
    """
    with accounts.throttle.attempt(address) as attempt:
        digest = await accounts.hashing.hash(new)
        now = accounts.now()
        async with accounts.database.session() as session:
            row = await one_time_tokens.redeem(session, TokenKind.PASSWORD_RESET, token, now)
            if row is None or row.user_id is None:
                attempt.has_failed = True
                raise ApiError(
                    ErrorCode.INVALID_REQUEST, "the token is unknown, used or expired", param="token"
                )
            await users.set_password(session, await users.get_user(session, row.user_id), digest, now)


def _sign_in_failed() -> ApiError:
    return ApiError(ErrorCode.SIGN_IN_FAILED, "the name or the password is wrong")


def _wrong_current_password() -> ApiError:
    return ApiError(ErrorCode.INVALID_REQUEST, "the password is not this one", param="current_password")
