"""`/api/v1/hub`: what is on the hub, and the token that it is asked with."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.dependencies import AdminDep, PrincipalDep
from mlx_manager.hub import search as searching
from mlx_manager.hub.dependencies import HubDep
from mlx_manager.hub.schemas import HubModelDetails, HubModelList, HubTokenView, NewHubToken
from mlx_manager.hub.service import Hub
from mlx_manager.hub.tokens import TOKEN
from mlx_manager.hub.views import details_view, model_view

router = APIRouter(prefix="/api/v1/hub", tags=["hub"])

_Text = Annotated[str | None, Query(max_length=100, pattern=r"^[^\x00-\x1f]+$")]
_Bytes = Annotated[int | None, Query(ge=0, le=2**53)]
_NamePart = Annotated[str, Path(max_length=96)]


@router.get("/models")
async def list_models(
    _: PrincipalDep,
    hub: HubDep,
    search: Annotated[str, Query(max_length=200, description="words of the name")] = "",
    task: _Text = None,
    family: _Text = None,
    quantization: Annotated[
        str | None, Query(max_length=20, description="as the list says it, such as `4-bit`")
    ] = None,
    min_size_bytes: _Bytes = None,
    max_size_bytes: _Bytes = None,
    sort: searching.Sort = searching.Sort.DOWNLOADS,
    mlx_only: bool = True,
    limit: Annotated[int, Query(ge=1, le=100)] = 30,
    cursor: Annotated[str | None, Query(max_length=searching.MAX_CURSOR_CHARS)] = None,
) -> HubModelList:
    """Models on the hub, a page of them. Sizes are of the weights; a model of unknown size has none."""
    query = searching.Query(
        search=search,
        task=task,
        family=family,
        quantization=quantization,
        min_size_bytes=min_size_bytes,
        max_size_bytes=max_size_bytes,
        sort=sort,
        mlx_only=mlx_only,
        limit=limit,
    )
    models, next_cursor = await hub.search(query, cursor)
    installed = await hub.installed()
    return HubModelList(data=[model_view(model, installed) for model in models], next_cursor=next_cursor)


@router.get("/models/{owner}/{name}")
async def get_model(
    owner: _NamePart,
    name: _NamePart,
    _: PrincipalDep,
    hub: HubDep,
    revision: Annotated[str, Query(max_length=200)] = "main",
) -> HubModelDetails:
    """One model: its files, card and licence, what a download would take and refuse, and whether it fits."""
    details = await hub.details(f"{owner}/{name}", revision)
    return details_view(details, revision, await hub.memory_fit(details), await hub.installed())


@router.get("/token")
async def get_token(_: AdminDep, hub: HubDep) -> HubTokenView:
    """Whether there is a token, where from, and whose."""
    return await _token_view(hub)


@router.put("/token")
async def put_token(body: NewHubToken, _: AdminDep, hub: HubDep) -> HubTokenView:
    """Keep a token, sealed, once the hub has said whose it is. The environment's still counts before it."""
    text = body.token.get_secret_value()
    if not TOKEN.fullmatch(text):
        raise ApiError(
            ErrorCode.INVALID_REQUEST, "token: must be printable ASCII without blanks", param="token"
        )
    await hub.tokens.keep(hub.endpoint, text)
    return await _token_view(hub)


@router.delete("/token", status_code=204)
async def delete_token(_: AdminDep, hub: HubDep) -> None:
    """Forget the token in the database."""
    if not await hub.tokens.forget():
        raise ApiError(ErrorCode.NOT_FOUND, "there is no token in the database")


async def _token_view(hub: Hub) -> HubTokenView:
    source, user_name, fault = await hub.token_state()
    return HubTokenView(is_set=source is not None, source=source, user_name=user_name, fault=fault)
