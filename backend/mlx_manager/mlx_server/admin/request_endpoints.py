"""`/admin/requests`: what runs and what has run last."""

import msgspec
from fastapi import APIRouter
from starlette.responses import Response

from mlx_manager.mlx_server.admin.request_schemas import RequestViews
from mlx_manager.mlx_server.protocols.dependencies import ServingDep

router = APIRouter(prefix="/requests")


@router.get("", responses={200: {"model": RequestViews}})
async def list_requests(serving: ServingDep) -> Response:
    """Every request that runs and the last hundred that have ended, newest first. No text of any."""
    records = sorted(serving.generator.log.records(), key=lambda record: record.begun_at, reverse=True)
    body = {"data": [record.view() for record in records]}
    return Response(msgspec.json.encode(body), media_type="application/json")
