"""`/admin/requests`: what runs and what has run last."""

import asyncio
from typing import Any

import msgspec
from fastapi import APIRouter
from starlette.responses import Response

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.mlx_server.admin.request_schemas import RequestDetail, RequestView, RequestViews
from mlx_manager.mlx_server.admin.request_views import detail_view, find, newest_first
from mlx_manager.mlx_server.protocols.dependencies import ServingDep

router = APIRouter(prefix="/requests")


@router.get("", responses={200: {"model": RequestViews}})
async def list_requests(serving: ServingDep) -> Response:
    """Every request that runs and the last hundred that have ended, newest first. No text of any."""
    records = newest_first(serving.generator.log.records())
    return _json({"data": [record.view() for record in records]})


@router.get("/{request_id:path}", responses={200: {"model": RequestDetail}})
async def read_request(request_id: str, serving: ServingDep) -> Response:
    """One of them, and where its prompt left the prefix cache.

    `request_id` is its `id`, which may be that of several: the newest is shown; or its `row_id`.
    """
    return _json(await detail_view(serving, find(serving, request_id)[0]))


@router.post("/{request_id:path}/cancel", responses={200: {"model": RequestView}})
async def cancel_request(request_id: str, serving: ServingDep) -> Response:
    """End a request that runs, however far it is; answers when all that it held is free.

    Its caller gets the error `cancelled`. `request_id` is its `id`, and all that run under that are ended,
    or its `row_id`. Of several the newest is shown. One that has ended is a `conflict`.
    """
    running = [record for record in find(serving, request_id) if record.outcome is None]
    if not running:
        raise ApiError(ErrorCode.CONFLICT, f"the request {request_id[:128]} has ended")
    await asyncio.gather(*map(serving.generator.cancel_by_admin, running))
    return _json(running[0].view())


def _json(value: Any) -> Response:
    return Response(msgspec.json.encode(value), media_type="application/json")
