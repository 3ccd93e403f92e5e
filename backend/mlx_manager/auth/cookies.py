"""The two cookies of a session, neither readable by a page's scripts nor sent from other sites."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from mlx_manager.auth.sessions import LIFETIME
from mlx_manager.core.access.credentials import REFRESH_COOKIE as REFRESH_COOKIE
from mlx_manager.core.access.credentials import SESSION_COOKIE
from mlx_manager.core.root_path import root_path_of
from mlx_manager.core.security.session_tokens import ACCESS_LIFETIME

ACCESS_COOKIE: Final = SESSION_COOKIE
REFRESH_PATH: Final = "/api/v1/auth"


def set_cookies(request: Request, response: Response, *, access_token: str, refresh_token: str) -> None:
    """Give the browser a session's tokens."""
    is_secure = request.url.scheme == "https"
    response.set_cookie(
        ACCESS_COOKIE,
        access_token,
        max_age=int(ACCESS_LIFETIME.total_seconds()),
        path=root_path_of(request) or "/",
        httponly=True,
        samesite="strict",
        secure=is_secure,
    )
    response.set_cookie(
        REFRESH_COOKIE,
        refresh_token,
        max_age=int(LIFETIME.total_seconds()),
        path=root_path_of(request) + REFRESH_PATH,
        httponly=True,
        samesite="strict",
        secure=is_secure,
    )


def clear_cookies(request: Request, response: Response) -> None:
    """Take them back."""
    is_secure = request.url.scheme == "https"
    root = root_path_of(request)
    for name, path in ((ACCESS_COOKIE, root or "/"), (REFRESH_COOKIE, root + REFRESH_PATH)):
        response.delete_cookie(name, path=path, httponly=True, samesite="strict", secure=is_secure)
