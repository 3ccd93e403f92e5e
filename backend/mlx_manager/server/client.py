"""How the manager asks the inference server, on its own account or on a caller's."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

import httpx

from mlx_manager.core.errors import ApiError, ErrorCode, code_named
from mlx_manager.core.listening import trusting
from mlx_manager.core.running_program import RunningProgram

_CONNECT_TIMEOUT_S: Final = 5.0
# A model may take minutes to read a prompt before the first byte of an answer.
_READ_TIMEOUT_S: Final = 3600.0


class ServerClient:
    """Talks HTTP to the server, wherever it is now. An async context manager.

    Args:
        locate: where the server is, or None while there is none.
        own_key: a key with the scope `admin` of the manager's own.
        why_none: why there is no server, for a person.
    """

    def __init__(
        self,
        locate: Callable[[], RunningProgram | None],
        own_key: Callable[[], Awaitable[str]],
        why_none: Callable[[], str],
    ) -> None:
        self._locate = locate
        self._own_key = own_key
        self._why_none = why_none
        self._clients: dict[str | None, httpx.AsyncClient] = {}

    async def close(self) -> None:
        """Close every connection."""
        for client in self._clients.values():
            await client.aclose()
        self._clients.clear()

    async def __aenter__(self) -> "ServerClient":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def json(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: Mapping[str, str] | None = None,
        params: str = "",
        timeout_s: float = _READ_TIMEOUT_S,
    ) -> Any:
        """The answer's JSON.

        Args:
            headers: the caller's own, by `server.caller.headers_of`; None asks as the manager.
            params: the query as it is.

        Raises:
            ApiError: there is no server, it does not answer, or it refuses: then with its own code, where
                that is one of ours, and its message.
        """
        async with self.stream(
            method, path, body, headers=headers, params=params, timeout_s=timeout_s
        ) as response:
            content = await response.aread()
            if response.is_error:
                raise refusal(response)
            return response.json() if content else None

    @asynccontextmanager
    async def stream(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: Mapping[str, str] | Sequence[tuple[str, str]] | None = None,
        content: AsyncIterator[bytes] | bytes | None = None,
        params: str = "",
        timeout_s: float = _READ_TIMEOUT_S,
    ) -> AsyncIterator[httpx.Response]:
        """An answer whose body has not been read, whatever its status.

        Args:
            content: a body as it is, in place of `body`, which is sent as JSON.
            params: the query as it is.
            timeout_s: the most seconds between two parts of the answer.

        Raises:
            ApiError: there is no server, or it does not answer.
        """
        location = self._locate()
        if location is None:
            raise ApiError(ErrorCode.SERVER_UNAVAILABLE, self._why_none(), retry_after_s=2)
        if headers is None:
            headers = {"Authorization": f"Bearer {await self._own_key()}"}
        client = self._client(location)
        request = client.build_request(
            method,
            httpx.URL(location.url + path, query=params.encode("ascii") if params else None),
            headers=headers,
            json=body if content is None else None,
            content=content,
            timeout=httpx.Timeout(timeout_s, connect=_CONNECT_TIMEOUT_S),
        )
        try:
            response = await client.send(request, stream=True)
        except httpx.TransportError as error:
            raise _silent(error) from None
        try:
            yield response
        except httpx.TransportError as error:
            raise _silent(error) from None
        finally:
            await response.aclose()

    def _client(self, location: RunningProgram) -> httpx.AsyncClient:
        certificate = location.certificate
        if (client := self._clients.get(certificate)) is None:
            # Where nothing is encrypted the machine's certificates are not read, which would cost 35 ms.
            trust = False if certificate is None else trusting(certificate)
            # Never through a proxy of the environment's: it is on this machine.
            limits = httpx.Limits(max_connections=None)
            client = httpx.AsyncClient(trust_env=False, verify=trust, limits=limits)
            self._clients[certificate] = client
        return client


def refusal(response: httpx.Response) -> ApiError:
    """An error answer of the server's as an error of ours; its body has been read."""
    try:
        error = response.json()["error"]
        code, message = code_named(error["code"]), str(error["message"])
        param = error.get("param")
    except (ValueError, KeyError, TypeError):
        code = None
    if code is None:
        code, param = ErrorCode.SERVER_UNAVAILABLE, None
        message = f"the server answered with {response.status_code}"
    retry = response.headers.get("retry-after", "")
    return ApiError(code, message, param=param, retry_after_s=int(retry) if retry.isdigit() else None)


def _silent(error: httpx.TransportError) -> ApiError:
    reason = str(error) or type(error).__name__
    return ApiError(ErrorCode.SERVER_UNAVAILABLE, f"the server does not answer: {reason}", retry_after_s=2)
