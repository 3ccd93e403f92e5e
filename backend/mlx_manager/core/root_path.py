"""A path under which a proxy shows the program, taken off before anything looks at the path.

Some proxies pass the whole path on and some take their part off: either is served. What is behind this
knows the path alone; who writes addresses for others asks `root_path_of`.
"""

from urllib.parse import quote

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class RootPathMiddleware:
    """The outermost of the middlewares that look at the path.

    Args:
        root_path: such as `/mlx`; empty for none.
    """

    def __init__(self, app: ASGIApp, root_path: str) -> None:
        self._app = app
        self._root_path = root_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request (ASGI)."""
        root = self._root_path
        if scope["type"] != "http" or not root:
            await self._app(scope, receive, send)
            return
        path: str = scope["path"]
        if path == root and scope["method"] in ("GET", "HEAD"):
            # A page names what it loads beside itself.
            await RedirectResponse(f"{root}/")(scope, receive, send)
            return
        scope = {**scope, "root_path": ""}
        if path == root or path.startswith(f"{root}/"):
            scope["path"] = path[len(root) :] or "/"
            scope["raw_path"] = quote(scope["path"]).encode()
        scope.setdefault("state", {})["root_path"] = root

        async def send_with_root(message: Message) -> None:
            if message["type"] == "http.response.start":
                _put_before(MutableHeaders(scope=message), Request(scope), root)
            await send(message)

        await self._app(scope, receive, send_with_root)


def root_path_of(request: Request) -> str:
    """The path under which others see the program; empty for none."""
    return str(request.scope.get("state", {}).get("root_path", ""))


def _put_before(headers: MutableHeaders, request: Request, root: str) -> None:
    """Let a redirect to a path of ours lead to where others see it."""
    base = str(request.base_url).rstrip("/")
    location = headers.get("location", "")
    if location.startswith(f"{base}/"):
        headers["location"] = base + root + location[len(base) :]
