"""Asks every request for what its route wants, and notes who makes it."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Final, Protocol

from starlette.datastructures import Headers, State
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from mlx_manager.core.access.authenticator import AccountState
from mlx_manager.core.access.credentials import Credential, credential_of, has_cookie
from mlx_manager.core.access.guard import is_same_origin
from mlx_manager.core.access.mode import is_open
from mlx_manager.core.access.rules import Rule, Wanted, grants, wanted_by
from mlx_manager.core.access.settings import AccessSettings
from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.core.security.principal import OWNER, Principal

_SAFE_METHODS: Final = {"GET", "HEAD", "OPTIONS"}


class Identifies(Protocol):
    """An `Authenticator`, or what waits until there is one."""

    async def state(self) -> AccountState:
        """Whether there are users."""
        ...

    async def identify(self, credential: Credential) -> Principal | None:
        """Who this is."""
        ...

    async def still_holds(self, credential: Credential, principal: Principal) -> bool:
        """Whether what was found is true now."""
        ...


class AuthenticationMiddleware:
    """Sets `request.state.principal` (None on public routes) or refuses.

    A route whose answer goes on and on awaits `request.state.may_go_on()` now and then.

    Args:
        rules: the program's table of routes.
        host: where it listens.
        authenticator: finds the program's own in its state; it may come later than the app.
    """

    def __init__(
        self,
        app: ASGIApp,
        settings: AccessSettings,
        host: Callable[[], str],
        rules: Sequence[Rule],
        authenticator: Callable[[State], Identifies],
        render_error: Callable[[ApiError, Scope], Response],
    ) -> None:
        self._app = app
        self._settings = settings
        self._host = host
        self._rules = rules
        self._authenticator = authenticator
        self._render_error = render_error

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request (ASGI)."""
        if scope["type"] == "http":
            wanted = wanted_by(self._rules, scope["method"], scope["path"])
            try:
                self._check_page(scope)
                principal = None if wanted is Wanted.NOTHING else await self._principal(scope, wanted)
            except ApiError as error:
                await self._refuse(error, scope)(scope, receive, send)
                return
            scope.setdefault("state", {})["principal"] = principal
            scope["state"]["may_go_on"] = partial(self._may_go_on, scope, principal)
        await self._app(scope, receive, send)

    async def _principal(self, scope: Scope, wanted: Wanted) -> Principal:
        headers = Headers(scope=scope)
        credential = credential_of(headers)
        authenticator = self._authenticator(scope["app"].state)
        state = await authenticator.state()
        opens = is_open(self._settings, self._host(), has_users=state.has_users)
        is_local = scope["state"]["is_local"]
        principal = None if credential is None else await authenticator.identify(credential)
        if opens and is_local:
            # Whoever gave a key its limits meant them; what the key may do is not asked in open mode.
            return OWNER if principal is None else _opened(principal)
        if principal is None:
            raise _missing(credential, is_forwarded=opens)
        if not grants(principal, wanted):
            raise ApiError(
                ErrorCode.PERMISSION_DENIED, f"this wants {wanted.value}, which the credential lacks"
            )
        return principal

    async def _may_go_on(self, scope: Scope, principal: Principal | None) -> bool:
        """Whether who was let in would be let in now."""
        if principal is None:
            return True
        authenticator = self._authenticator(scope["app"].state)
        try:
            state = await authenticator.state()
            if (
                is_open(self._settings, self._host(), has_users=state.has_users)
                and scope["state"]["is_local"]
            ):
                return True
            credential = credential_of(Headers(scope=scope))
            return credential is not None and await authenticator.still_holds(credential, principal)
        except ApiError:
            return False

    def _check_page(self, scope: Scope) -> None:
        """Refuse what a page of another origin has the browser send with our cookies.

        Another port of this machine is the same site to a browser, so that `SameSite` lets it. A browser says
        which page it was in each request that may change something; what says nothing is no browser.
        """
        if scope["method"] in _SAFE_METHODS:
            return
        headers = Headers(scope=scope)
        origin = headers.get("origin")
        if origin is None:
            is_own = headers.get("sec-fetch-site", "same-origin") == "same-origin"
        else:
            is_own = is_same_origin(origin, headers.get("host", "")) or (
                origin.lower() in self._settings.allowed_origins
            )
        if not is_own and has_cookie(headers):
            message = "this server's cookies count for its own pages only"
            raise ApiError(ErrorCode.ORIGIN_NOT_ALLOWED, message)

    def _refuse(self, error: ApiError, scope: Scope) -> Response:
        response = self._render_error(error, scope)
        if error.code.status == 401:
            response.headers["WWW-Authenticate"] = "Bearer"
        return response


def _opened(principal: Principal) -> Principal:
    return replace(principal, scopes=OWNER.scopes)


def _missing(credential: Credential | None, *, is_forwarded: bool) -> ApiError:
    if credential is not None:
        return ApiError(
            ErrorCode.INVALID_API_KEY, "the key or session is unknown, has expired, or was revoked"
        )
    if is_forwarded:
        return ApiError(
            ErrorCode.FORWARDED_NOT_TRUSTED,
            "a request through a proxy is not trusted as local; send an API key",
        )
    return ApiError(
        ErrorCode.AUTHENTICATION_REQUIRED, "send an API key as Authorization: Bearer or x-api-key, or sign in"
    )
