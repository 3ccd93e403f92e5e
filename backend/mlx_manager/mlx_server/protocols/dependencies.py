"""What routes are given."""

from typing import Annotated

from fastapi import Depends
from starlette.requests import Request

from mlx_manager.mlx_server.serving import Serving


def get_serving(request: Request) -> Serving:
    """The running server, wired in the lifespan."""
    serving: Serving = request.app.state.serving
    return serving


ServingDep = Annotated[Serving, Depends(get_serving)]
