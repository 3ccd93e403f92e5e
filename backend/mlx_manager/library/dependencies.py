"""What endpoints ask for that need the library."""

from typing import Annotated

from fastapi import Depends
from starlette.requests import Request

from mlx_manager.library.service import Library


def _library(request: Request) -> Library:
    library: Library = request.app.state.library
    return library


LibraryDep = Annotated[Library, Depends(_library)]
"""The installed models."""
