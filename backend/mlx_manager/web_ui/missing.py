"""The page of a manager whose web UI has not been built: it says how to get it."""

import base64
import hashlib
import html
from pathlib import Path
from typing import Final

from starlette.responses import HTMLResponse, Response

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


def missing_page(frontend: Path) -> Response:
    """What there is in place of the web UI.

    Args:
        frontend: the folder of its sources, which an installed package does not have.
    """
    if (frontend / "package.json").is_file():
        how = (
            "The web UI is built with Node 20.19 or newer: install it, run <code>make ui</code> in "
            f"<code>{html.escape(str(frontend.parent))}</code>, and load this page again."
        )
    else:
        how = (
            "This installation comes without the web UI. <code>mlx-manager --help</code> lists what the "
            "command line can do."
        )
    page = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>MLX Manager</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head><body><main>'
        f"<h1>MLX Manager is running</h1><p>{how}</p>"
        f"<p>Clients of OpenAI's and Anthropic's APIs call this address with <code>/v1</code>; programs find "
        f'everything in <a href="openapi.json">openapi.json</a>.</p></main></body></html>'
    )
    return HTMLResponse(page, headers=_HEADERS)
