"""The routes of the web UI."""

from pathlib import Path
from typing import Final

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

import mlx_manager
from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.web_ui.built import BuiltFiles
from mlx_manager.web_ui.missing import missing_page

STATIC: Final = Path(__file__).parent / "static"
FRONTEND: Final = Path(mlx_manager.__file__).parents[2] / "frontend"

PAGES: Final = (
    "/",
    "/about",
    "/chat",
    "/connect",
    "/keys",
    "/models",
    "/server",
    "/settings",
    "/sign-in",
    "/users",
    "/welcome",
)
"""They hold nothing but how to ask: everybody gets them."""
FILES: Final = ("/_app", "/favicon.svg")
"""What pages load."""


def add_web_ui(app: FastAPI, static: Path = STATIC, frontend: Path = FRONTEND) -> None:
    """Serve the pages, or at `/` how to get them."""
    files = BuiltFiles(static)

    def serve(request: Request) -> Response:
        path = request.url.path
        if (file := files.find(path)) is not None:
            found, headers = file.as_accepted(request.headers.get("accept-encoding", ""))
            return FileResponse(found, media_type=file.media_type, headers=headers)
        if path in PAGES and files.find("/") is None:
            return missing_page(frontend)
        raise ApiError(ErrorCode.NOT_FOUND, "there is no such page")

    for path in (*PAGES, "/favicon.svg", "/_app/{file:path}"):
        app.router.routes.append(Route(path, serve, include_in_schema=False))
