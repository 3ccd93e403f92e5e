"""`/api/v1/users`, for administrators."""

from datetime import timedelta
from typing import Final

from fastapi import APIRouter
from sqlmodel.ext.asyncio.session import AsyncSession

from mlx_manager.core.security.principal import Principal
from mlx_manager.db.tables import User, UserStatus
from mlx_manager.dependencies import Accounts, AccountsDep, AdminDep, ReadingDep, RowId, SessionDep
from mlx_manager.users import one_time_tokens, service
from mlx_manager.users.schemas import (
    CreatedInvitation,
    CreatedUser,
    InvitationList,
    InvitationView,
    NewInvitation,
    NewUser,
    PasswordToken,
    UserChange,
    UserList,
    UserView,
)

router = APIRouter(prefix="/api/v1/users", tags=["users"])

_NEW_PASSWORD_WITHIN: Final = timedelta(hours=24)


@router.get("")
async def list_users(_: AdminDep, session: ReadingDep) -> UserList:
    """Everybody, the oldest first."""
    return UserList(data=[UserView.model_validate(user) for user in await service.list_users(session)])


@router.post("", status_code=201)
async def create(body: NewUser, admin: AdminDep, accounts: AccountsDep) -> CreatedUser:
    """Make a user who may come in at once."""
    password = body.password
    digest = None if password is None else await accounts.hashing.hash(password.get_secret_value())
    async with accounts.database.session() as session:
        user = await service.add_user(
            session, body.name, role=body.role, status=UserStatus.ACTIVE, password_digest=digest
        )
        created = CreatedUser.model_validate(user)
        if digest is None:
            created.password_token = await _password_token(session, user, admin, accounts)
    return created


@router.patch("/{user_id}")
async def change(user_id: RowId, body: UserChange, _: AdminDep, session: SessionDep) -> UserView:
    """Give somebody another role."""
    user = await service.get_user(session, user_id)
    await service.set_role(session, user, body.role)
    return UserView.model_validate(user)


@router.post("/{user_id}/approve")
async def approve(user_id: RowId, _: AdminDep, session: SessionDep) -> UserView:
    """Let in who registered."""
    user = await service.get_user(session, user_id)
    await service.approve(session, user)
    return UserView.model_validate(user)


@router.post("/{user_id}/disable")
async def disable(user_id: RowId, _: AdminDep, session: SessionDep, accounts: AccountsDep) -> UserView:
    """Keep somebody out from now on: their sessions end and their keys stop working."""
    user = await service.get_user(session, user_id)
    await service.disable(session, user, accounts.now())
    return UserView.model_validate(user)


@router.post("/{user_id}/enable")
async def enable(user_id: RowId, _: AdminDep, session: SessionDep) -> UserView:
    """Let somebody in again."""
    user = await service.get_user(session, user_id)
    await service.enable(session, user)
    return UserView.model_validate(user)


@router.post("/{user_id}/reset-password")
async def reset_password(
    user_id: RowId, admin: AdminDep, session: SessionDep, accounts: AccountsDep
) -> PasswordToken:
    """Make the old password worthless, end the user's sessions, and give leave to set a new one."""
    user = await service.get_user(session, user_id)
    await service.set_password(session, user, None, accounts.now())
    return await _password_token(session, user, admin, accounts)


async def _password_token(
    session: AsyncSession, user: User, admin: Principal, accounts: Accounts
) -> PasswordToken:
    row, token = await one_time_tokens.allow_new_password(
        session, user, expires_at=accounts.now() + _NEW_PASSWORD_WITHIN, created_by=admin.user_id
    )
    return PasswordToken(token=token, expires_at=row.expires_at)


@router.get("/invitations")
async def list_invitations(_: AdminDep, session: ReadingDep, accounts: AccountsDep) -> InvitationList:
    """Those that can still be accepted."""
    rows = await one_time_tokens.list_invitations(session, accounts.now())
    return InvitationList(data=[InvitationView.model_validate(row) for row in rows])


@router.post("/invitations", status_code=201)
async def invite(
    body: NewInvitation, admin: AdminDep, session: SessionDep, accounts: AccountsDep
) -> CreatedInvitation:
    """Make an invitation; who registers with its token needs no approval."""
    expires_at = accounts.now() + timedelta(hours=body.expires_in_hours)
    row, token = await one_time_tokens.invite(
        session, body.role, expires_at=expires_at, created_by=admin.user_id
    )
    return CreatedInvitation(**InvitationView.model_validate(row).model_dump(), token=token)


@router.delete("/invitations/{invitation_id}", status_code=204)
async def withdraw_invitation(invitation_id: RowId, _: AdminDep, session: SessionDep) -> None:
    """Take an invitation back."""
    await one_time_tokens.withdraw_invitation(session, invitation_id)
