"""Responses that were answered before, or are being answered: read, ended, deleted, by their user alone."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Query
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.mlx_server.protocols.call import principal_of
from mlx_manager.mlx_server.protocols.dependencies import ServingDep
from mlx_manager.mlx_server.protocols.fields import ignored_header
from mlx_manager.mlx_server.protocols.openai_responses.keeping import is_response_id
from mlx_manager.mlx_server.protocols.paging import Page, page_of
from mlx_manager.mlx_server.running_responses import RunningResponse
from mlx_manager.mlx_server.serving import Serving
from mlx_manager.mlx_server.stored_responses import KeptResponse

router = APIRouter(prefix="/responses/{response_id}")

Limit = Annotated[int, Query(ge=1, le=100)]


class DeletedResponse(Struct, frozen=True):
    """The answer to a deletion."""

    id: str
    object: str = "response"
    deleted: bool = True


class ItemList(Struct, frozen=True):
    """A part of a response's input."""

    data: list[dict[str, Any]]
    first_id: str
    last_id: str
    has_more: bool
    object: str = "list"


@router.get("")
async def retrieve_response(
    response_id: str, request: Request, serving: ServingDep, *, stream: bool = False
) -> Response:
    """A response as it was answered; one that is being made as it is by now."""
    if stream:
        message = "stream: a response that was stored is not streamed again; leave it out"
        raise ApiError(ErrorCode.UNSUPPORTED_FIELD, message, param="stream")
    found = await _find(serving, request, response_id)
    body = found.body() if isinstance(found, RunningResponse) else found.response.encode()
    return _response(body, _ignored(request, "stream"))


@router.delete("")
async def delete_response(response_id: str, request: Request, serving: ServingDep) -> Response:
    """Forget a response. What goes on from it cannot be gone on from any more."""
    user_id = principal_of(request).user_id
    if serving.running_responses.get(user_id, response_id) is not None:
        raise ApiError(ErrorCode.CONFLICT, f"{response_id} is still being made; cancel it first")
    if not is_response_id(response_id) or not await serving.stored_responses.delete(user_id, response_id):
        raise _not_found(response_id)
    return _response(msgspec.json.encode(DeletedResponse(response_id)))


@router.post("/cancel")
async def cancel_response(response_id: str, request: Request, serving: ServingDep) -> Response:
    """End a response that is being made here."""
    found = await _find(serving, request, response_id)
    if isinstance(found, RunningResponse):
        await serving.running_responses.cancel(found)
        body = msgspec.json.decode(found.body())
        # Whoever reads its stream may be slow to take its end, which is certain all the same.
        status = "cancelled" if body["status"] == "in_progress" else body["status"]
        if status == "cancelled":
            return _response(msgspec.json.encode(body | {"status": status}))
    else:
        status = found.status
    message = f"{response_id} cannot be cancelled: it has ended and is {status}"
    raise ApiError(ErrorCode.INVALID_REQUEST, message, param="response_id")


@router.get("/input_items")
async def list_input_items(
    response_id: str,
    request: Request,
    serving: ServingDep,
    limit: Limit = 20,
    order: Literal["asc", "desc"] = "desc",
    after: str | None = None,
) -> Response:
    """The items that a response was given, without those of the responses that it goes on from."""
    found = await _find(serving, request, response_id)
    items = (
        list(found.items) if isinstance(found, RunningResponse) else msgspec.json.decode(found.input_items)
    )
    if order == "desc":
        items.reverse()
    if after is not None and not any(item["id"] == after for item in items):
        raise ApiError(ErrorCode.INVALID_REQUEST, "after: no item has this id", param="after")
    part = page_of(items, lambda item: str(item["id"]), Page(limit, after))
    names = [str(item["id"]) for item in part.items] or [""]
    body = msgspec.json.encode(ItemList(part.items, names[0], names[-1], part.has_more))
    return _response(body, _ignored(request, "limit", "order", "after"))


async def _find(serving: Serving, request: Request, response_id: str) -> RunningResponse | KeptResponse:
    """The response, where it is the caller's. Raises ApiError: another's is as unknown as none."""
    user_id = principal_of(request).user_id
    found: RunningResponse | KeptResponse | None = None
    if is_response_id(response_id):
        found = serving.running_responses.get(user_id, response_id)
        found = found or await serving.stored_responses.get(user_id, response_id)
    if found is None:
        raise _not_found(response_id)
    return found


def _not_found(response_id: str) -> ApiError:
    message = f"no response has the id {response_id[:128]}"
    return ApiError(ErrorCode.NOT_FOUND, message, param="response_id")


def _ignored(request: Request, *known: str) -> dict[str, str]:
    """The header that names what of a query has no effect."""
    return ignored_header(name for name in request.query_params if name not in known)


def _response(body: bytes, headers: Mapping[str, str] | None = None) -> Response:
    return Response(body, media_type="application/json", headers=headers)
