"""What endpoints ask for that need the inference server."""

from typing import Annotated

from fastapi import Depends
from starlette.requests import Request

from mlx_manager.server.client import ServerClient


def _server_client(request: Request) -> ServerClient:
    client: ServerClient = request.app.state.server_client
    return client


ServerDep = Annotated[ServerClient, Depends(_server_client)]
"""The inference server."""
