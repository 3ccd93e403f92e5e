"""`/api/v1/keys`: one's own keys; administrators may see and revoke everybody's."""

from typing import Annotated

from fastapi import APIRouter, Query

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.core.security.principal import Principal
from mlx_manager.db.tables import User
from mlx_manager.dependencies import AccountHolderDep, AccountsDep, ReadingDep, RowId, SessionDep
from mlx_manager.keys import service
from mlx_manager.keys.schemas import CreatedKey, KeyChange, KeyList, KeyView, NewKey

router = APIRouter(prefix="/api/v1/keys", tags=["keys"])

All = Annotated[bool, Query(alias="all", description="everybody's, for administrators")]


@router.get("")
async def list_keys(principal: AccountHolderDep, session: ReadingDep, everybodys: All = False) -> KeyList:
    """Keys that have not been revoked."""
    if everybodys and not principal.is_admin:
        raise ApiError(ErrorCode.PERMISSION_DENIED, "only administrators see the keys of others", param="all")
    rows = await service.list_valid(session, None if everybodys else principal.user_id)
    return KeyList(data=[service.view(row, user) for row, user in rows])


@router.post("", status_code=201)
async def create(
    body: NewKey, principal: AccountHolderDep, session: SessionDep, accounts: AccountsDep
) -> CreatedKey:
    """Make a key; `key` is shown this once."""
    user = await session.get(User, principal.user_id)
    if user is None:
        raise ApiError(ErrorCode.NOT_FOUND, "there is no such user")
    return await service.create(session, user, body, accounts.now())


@router.patch("/{key_id}")
async def change(key_id: RowId, body: KeyChange, principal: AccountHolderDep, session: SessionDep) -> KeyView:
    """Change a key's limits, or for how long the text of its requests is kept."""
    row, user = await service.find(session, key_id, _whose(principal))
    service.change(session, row, body)
    return service.view(row, user)


@router.delete("/{key_id}", status_code=204)
async def revoke(
    key_id: RowId, principal: AccountHolderDep, session: SessionDep, accounts: AccountsDep
) -> None:
    """Make a key worthless for good."""
    row, _ = await service.find(session, key_id, _whose(principal))
    service.revoke(session, row, accounts.now())


def _whose(principal: Principal) -> str | None:
    """Whose keys the caller may change: None for everybody's."""
    return None if principal.is_admin else principal.user_id
