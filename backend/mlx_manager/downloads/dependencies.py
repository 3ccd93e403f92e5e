"""What endpoints ask for that need the queue of downloads."""

from typing import Annotated

from fastapi import Depends
from starlette.requests import Request

from mlx_manager.downloads.downloads import Downloads


def _downloads(request: Request) -> Downloads:
    downloads: Downloads = request.app.state.downloads
    return downloads


DownloadsDep = Annotated[Downloads, Depends(_downloads)]
"""The queue: `app.state.downloads`, made in the lifespan."""
