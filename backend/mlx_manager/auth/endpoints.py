"""`/api/v1/auth`: coming in, staying in, going out."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from mlx_manager.auth import service, sessions
from mlx_manager.auth.cookies import REFRESH_COOKIE, clear_cookies, set_cookies
from mlx_manager.auth.schemas import (
    Caller,
    Credentials,
    PasswordChange,
    PasswordReset,
    Registration,
    SessionList,
    SessionView,
    Setup,
    SignedIn,
    Status,
)
from mlx_manager.auth.sessions import Opened
from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.core.security.principal import Principal
from mlx_manager.core.security.session_tokens import ACCESS_LIFETIME
from mlx_manager.dependencies import (
    AccountHolderDep,
    Accounts,
    AccountsDep,
    AddressDep,
    PrincipalDep,
    ReadingDep,
    RowId,
    SessionDep,
)
from mlx_manager.faults import error_response
from mlx_manager.users import service as users
from mlx_manager.users.schemas import UserView

router = APIRouter(prefix="/api/v1/auth", tags=["auth"])


@router.get("/status")
async def status(session: ReadingDep, accounts: AccountsDep) -> Status:
    """Whether the first administrator is to be made, and whether credentials are asked for."""
    has_users = await users.has_users(session)
    return Status(needs_setup=not has_users, mode=accounts.mode(has_users))


@router.post("/setup", status_code=201)
async def set_up(
    body: Setup, request: Request, response: Response, accounts: AccountsDep, address: AddressDep
) -> SignedIn:
    """Make the first administrator, from this machine or with the token that the terminal shows."""
    opened = await service.set_up(
        accounts,
        body.name,
        body.password.get_secret_value(),
        token=None if body.token is None else body.token.get_secret_value(),
        is_local=getattr(request.state, "is_local", False),
        address=address,
        user_agent=_user_agent(request),
    )
    return _signed_in(request, response, accounts, opened)


@router.post("/register", status_code=201)
async def register(body: Registration, accounts: AccountsDep, address: AddressDep) -> UserView:
    """Ask to be let in; with an invitation one is in at once."""
    user = await service.register(
        accounts,
        body.name,
        body.password.get_secret_value(),
        invitation=None if body.invitation is None else body.invitation.get_secret_value(),
        address=address,
    )
    return UserView.model_validate(user)


@router.post("/sign-in")
async def sign_in(
    body: Credentials, request: Request, response: Response, accounts: AccountsDep, address: AddressDep
) -> SignedIn:
    """Open a session."""
    opened = await service.sign_in(
        accounts,
        body.name,
        body.password.get_secret_value(),
        address=address,
        user_agent=_user_agent(request),
    )
    return _signed_in(request, response, accounts, opened)


@router.post("/refresh", response_model=SignedIn)
async def refresh(
    request: Request, response: Response, session: SessionDep, accounts: AccountsDep
) -> SignedIn | Response:
    """Exchange the refresh cookie for a new pair of tokens."""
    token = request.cookies.get(REFRESH_COOKIE)
    opened = None if token is None else await sessions.carry_on(session, token, accounts.now())
    if opened is None:
        # Returned, not raised: that a session was revoked is to be committed.
        refused = error_response(ApiError(ErrorCode.REFRESH_FAILED, "the session is over; sign in again"))
        clear_cookies(request, refused)
        return refused
    return _signed_in(request, response, accounts, opened)


@router.post("/sign-out", status_code=204)
async def sign_out(request: Request, response: Response, session: SessionDep, accounts: AccountsDep) -> None:
    """End the session, of which the refresh cookie is proof enough. Does nothing without one."""
    principal: Principal | None = getattr(request.state, "principal", None)
    token = request.cookies.get(REFRESH_COOKIE)
    now = accounts.now()
    ending = []
    if principal is not None and principal.session_id is not None:
        ending.append(await sessions.find_open(session, principal.session_id, principal.user_id, now))
    if token is not None:
        ending.append(await sessions.find_by_refresh_token(session, token))
    for row in ending:
        if row is not None:
            sessions.revoke(session, row, "signed out", now)
    clear_cookies(request, response)


@router.get("/me")
async def me(principal: PrincipalDep) -> Caller:
    """Whoever is asking."""
    return Caller(
        id=principal.user_id,
        name=principal.user_name,
        role=principal.role,
        scopes=sorted(principal.scopes),
        key_id=principal.key_id,
        session_id=principal.session_id,
    )


@router.post("/password", status_code=204)
async def change_password(
    body: PasswordChange, principal: AccountHolderDep, accounts: AccountsDep, address: AddressDep
) -> None:
    """Set one's own password; one's other sessions end."""
    await service.change_password(
        accounts,
        principal,
        body.current_password.get_secret_value(),
        body.new_password.get_secret_value(),
        address=address,
    )


@router.post("/password/reset", status_code=204)
async def reset_password(body: PasswordReset, accounts: AccountsDep, address: AddressDep) -> None:
    """Set a new password with the token that an administrator gave."""
    await service.reset_password(
        accounts, body.token.get_secret_value(), body.new_password.get_secret_value(), address=address
    )


@router.get("/sessions")
async def list_sessions(
    principal: AccountHolderDep, session: ReadingDep, accounts: AccountsDep
) -> SessionList:
    """One's own open sessions."""
    views = []
    for row in await sessions.list_open(session, principal.user_id, accounts.now()):
        view = SessionView.model_validate(row)
        view.is_current = row.id == principal.session_id
        views.append(view)
    return SessionList(data=views)


@router.delete("/sessions/{session_id}", status_code=204)
async def end_session(
    session_id: RowId, principal: AccountHolderDep, session: SessionDep, accounts: AccountsDep
) -> None:
    """End one of one's own sessions."""
    now = accounts.now()
    row = await sessions.find_open(session, session_id, principal.user_id, now)
    if row is None:
        raise ApiError(ErrorCode.NOT_FOUND, "there is no such session")
    sessions.revoke(session, row, "ended by its user", now)


def _user_agent(request: Request) -> str:
    return request.headers.get("user-agent", "")


def _signed_in(request: Request, response: Response, accounts: Accounts, opened: Opened) -> SignedIn:
    access_token = accounts.tokens.issue(opened.user.id, opened.session_id)
    set_cookies(request, response, access_token=access_token, refresh_token=opened.refresh_token)
    # The token is as good as the session: no shared cache may keep the answer.
    response.headers["Cache-Control"] = "no-store"
    return SignedIn(
        access_token=access_token,
        expires_in=int(ACCESS_LIFETIME.total_seconds()),
        user=UserView.model_validate(opened.user),
    )
