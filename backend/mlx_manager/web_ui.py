"""The page of a manager whose web UI has not been built: it says how to get it."""

import base64
import hashlib
import html
from pathlib import Path
from typing import Final

from fastapi import FastAPI
from starlette.responses import HTMLResponse, Response

import mlx_manager

FRONTEND: Final = Path(mlx_manager.__file__).parents[2] / "frontend"

_STYLE: Final = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:40rem;margin:15vh auto;padding:0 1rem;"
    "color:#1c2024;background:#fcfcfd}code{font:14px ui-monospace,monospace}"
    "@media(prefers-color-scheme:dark){body{color:#edeef0;background:#111113}a{color:#70b8ff}}"
)
_STYLE_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_HEADERS: Final = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; frame-ancestors 'none'; base-uri 'none'; "
        "form-action 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def add_web_ui(app: FastAPI, frontend: Path = FRONTEND) -> None:
    """Answer `/` where no route of the program's does."""

    @app.get("/", include_in_schema=False, response_class=HTMLResponse)
    def page() -> Response:
        return HTMLResponse(_page(frontend), headers=_HEADERS)


def _page(frontend: Path) -> str:
    if (frontend / "package.json").is_file():
        how = (
            "The web UI is built with Node 20 or newer: install it, run <code>make ui</code> in "
            f"<code>{html.escape(str(frontend.parent))}</code>, and load this page again."
        )
    else:
        how = (
            "This version comes without the web UI. Until there is one, <code>mlx-manager --help</code> "
            "lists what the command line can do."
        )
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>MLX Manager</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head><body><main>'
        f"<h1>MLX Manager is running</h1><p>{how}</p>"
        f"<p>Clients of OpenAI's and Anthropic's APIs call this address with <code>/v1</code>; programs find "
        f'everything in <a href="openapi.json">openapi.json</a>.</p></main></body></html>'
    )
