"""What endpoints ask for that need the hub."""

from typing import Annotated

from fastapi import Depends
from starlette.requests import Request

from mlx_manager.hub.service import Hub


def _hub(request: Request) -> Hub:
    hub: Hub = request.app.state.hub
    return hub


HubDep = Annotated[Hub, Depends(_hub)]
"""The hub: `app.state.hub`, made in the lifespan."""
