"""What the manager's endpoints ask for: the caller, the database, and what accounts are managed with."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Path
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.requests import Request

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.core.security.hashing import PasswordHashing
from mlx_manager.core.security.principal import Principal
from mlx_manager.core.security.session_tokens import SessionTokens
from mlx_manager.core.security.setup_token import SetupToken
from mlx_manager.core.security.throttle import SignInThrottle
from mlx_manager.core.times import utc_now
from mlx_manager.db.session import Database


@dataclass(frozen=True, slots=True)
class Accounts:
    """What users, sessions and keys are managed with: `app.state.accounts`, made in the lifespan.

    Attributes:
        mode: `open` or `closed`, by whether there are users.
        now: the time, for tests to replace.
    """

    database: Database
    tokens: SessionTokens
    hashing: PasswordHashing
    throttle: SignInThrottle
    setup_token: SetupToken
    mode: Callable[[bool], str]
    now: Callable[[], datetime] = utc_now


def _accounts(request: Request) -> Accounts:
    accounts: Accounts = request.app.state.accounts
    return accounts


AccountsDep = Annotated[Accounts, Depends(_accounts)]


async def _session(accounts: AccountsDep) -> AsyncIterator[AsyncSession]:
    async with accounts.database.session() as session:
        yield session


async def _reading(accounts: AccountsDep) -> AsyncIterator[AsyncSession]:
    async with accounts.database.reading() as session:
        yield session


# The scope ends with the endpoint's function: a commit that fails is an answer, not a 200 that lied.
SessionDep = Annotated[AsyncSession, Depends(_session, scope="function")]
"""A unit of work that may write, committed once before the answer is sent. Never hash while it is open:
on SQLite it holds the database's one write lock, which the inference server needs too."""
ReadingDep = Annotated[AsyncSession, Depends(_reading, scope="function")]
"""A unit of work that only reads."""


def _principal(request: Request) -> Principal:
    principal: Principal | None = getattr(request.state, "principal", None)
    if principal is None:
        raise ApiError(ErrorCode.AUTHENTICATION_REQUIRED, "sign in, or send an API key")
    return principal


PrincipalDep = Annotated[Principal, Depends(_principal)]
"""Whoever is asking."""


def _account_holder(principal: PrincipalDep) -> Principal:
    if principal.key_id is not None and not principal.is_admin:
        raise ApiError(
            ErrorCode.PERMISSION_DENIED, "this key is for inference; sign in to manage what is yours"
        )
    return principal


AccountHolderDep = Annotated[Principal, Depends(_account_holder)]
"""Whoever may manage their own account: a key for inference could else lift its own limits."""


def _admin(principal: PrincipalDep) -> Principal:
    if not principal.is_admin:
        raise ApiError(ErrorCode.PERMISSION_DENIED, "this is for administrators")
    return principal


AdminDep = Annotated[Principal, Depends(_admin)]
"""Whoever may manage what is others'."""

RowId = Annotated[str, Path(pattern=r"^[a-z]{2,8}_[0-9a-f]{32}$")]
"""An id in a path; anything else is not found, and does not reach the database."""


def client_address(request: Request) -> str:
    """The address that a request is counted under."""
    return request.client.host if request.client is not None else ""


AddressDep = Annotated[str, Depends(client_address)]
