"""`/metrics`, for Prometheus."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from mlx_manager.core.metrics import exposition
from mlx_manager.mlx_server.protocols.dependencies import ServingDep

router = APIRouter()


@router.get("/metrics", response_class=Response)
async def metrics(request: Request, serving: ServingDep) -> Response:
    """What has happened and what is now, in Prometheus' text format or OpenMetrics. Loads nothing."""
    return await exposition(serving.metrics.app, request)
