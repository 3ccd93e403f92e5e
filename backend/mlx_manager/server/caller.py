"""A caller's own credential, for asking the server on their account."""

from typing import Annotated

from fastapi import Depends
from starlette.datastructures import Headers
from starlette.requests import Request

from mlx_manager.core.access.credentials import credential_of


def headers_of(request: Request) -> dict[str, str]:
    """Headers with which the server takes a request for the caller's own.

    A browser's cookie becomes a token: what page it came from has been checked already. A caller who is not
    on this machine is never taken for one who is.
    """
    headers = {}
    if (credential := credential_of(Headers(scope=request.scope))) is not None:
        headers["Authorization"] = f"Bearer {credential.text}"
    if not request.state.is_local:
        address = request.client.host if request.client is not None else "unknown"
        headers["X-Forwarded-For"] = address
    return headers


CallerHeaders = Annotated[dict[str, str], Depends(headers_of)]
"""For `ServerClient`'s `headers`."""
