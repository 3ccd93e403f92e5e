"""The guard and the authentication of a small app: what reaches its routes, and as whom."""

from dataclasses import dataclass, replace
from typing import Any

import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from fastapi.testclient import TestClient
from pydantic_settings import SettingsConfigDict

from mlx_manager.core.access.authentication import AuthenticationMiddleware
from mlx_manager.core.access.authenticator import AccountState
from mlx_manager.core.access.credentials import SESSION_COOKIE, Credential
from mlx_manager.core.access.guard import GuardMiddleware
from mlx_manager.core.access.rules import Rule, Wanted
from mlx_manager.core.access.settings import AccessSettings
from mlx_manager.core.errors import ApiError
from mlx_manager.core.security.principal import OWNER, Principal, Role, Scope

RULES = (
    Rule("/public", Wanted.NOTHING, is_exact=True),
    Rule("/sign-in", Wanted.NOTHING, frozenset({"POST"}), is_exact=True),
    Rule("/admin", Wanted.ADMIN),
    Rule("/v1", Wanted.INFERENCE),
)
USER = Principal("user_1", "ada", Role.USER, frozenset({Scope.INFERENCE}))
ADMIN = Principal("user_2", "operator", Role.ADMIN, frozenset({Scope.ADMIN}))
TOKEN = "eyJ.x.y"
KNOWN = {"user-key": replace(USER, key_id="key_1"), "admin-key": ADMIN, TOKEN: USER}
HERE = ("127.0.0.1", 50_000)
ELSEWHERE = ("192.168.7.9", 50_000)


class Settings(AccessSettings):
    model_config = SettingsConfigDict(env_prefix="MLX_TEST_", extra="ignore")


@dataclass
class Accounts:
    """What the middleware asks."""

    has_users: bool = True

    async def state(self) -> AccountState:
        return AccountState(1, self.has_users)

    async def identify(self, credential: Credential) -> Principal | None:
        return KNOWN.get(credential.text)

    async def still_holds(self, credential: Credential, principal: Principal) -> bool:
        return credential.text in KNOWN


def render(error: ApiError, _: object) -> Response:
    return JSONResponse({"code": error.code.value}, error.code.status)


def client(
    *, has_users: bool = True, host: str = "127.0.0.1", peer: tuple[str, int] = HERE, **settings: Any
) -> TestClient:
    """A client of the app, which answers every path with who calls."""
    app, stated = FastAPI(), Settings(**settings)

    @app.api_route("/{path:path}", methods=["GET", "POST"])
    async def who(request: Request) -> dict[str, Any]:
        principal: Principal | None = request.state.principal
        assert request.client is not None
        return {
            "user": None if principal is None else principal.user_id,
            "key": None if principal is None else principal.key_id,
            "local": request.state.is_local,
            "address": request.client.host,
            "scheme": request.url.scheme,
        }

    app.add_middleware(
        AuthenticationMiddleware,
        settings=stated,
        host=lambda: host,
        rules=RULES,
        authenticator=lambda state: state.accounts,
        render_error=render,
    )
    app.add_middleware(GuardMiddleware, settings=stated, render_error=render)
    app.state.accounts = Accounts(has_users)
    return TestClient(app, base_url="http://127.0.0.1:8000", client=peer)


def bearer(text: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {text}"}


@pytest.mark.parametrize("headers", [{}, bearer("nonsense"), bearer("user-key"), {"x-api-key": "sk-any"}])
def test_open_mode_takes_any_key_or_none(headers: dict[str, str]) -> None:
    opened = client(has_users=False)
    for path in ("/v1/x", "/admin/x", "/other"):
        answer = opened.post(path, headers=headers)
        assert answer.status_code == 200
        known = headers == bearer("user-key")
        assert answer.json()["user"] == ("user_1" if known else OWNER.user_id)


@pytest.mark.parametrize(
    "header", ["Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Anything", "X-Real-IP"]
)
def test_in_open_mode_a_forwarded_request_is_not_local(header: str) -> None:
    for proxies in ([], ["127.0.0.1"]):
        opened = client(has_users=False, trusted_proxies=proxies)
        answer = opened.get("/v1/x", headers={header: "127.0.0.1"})
        assert (answer.status_code, answer.json()["code"]) == (401, "forwarded_not_trusted")
        answer = opened.get("/v1/x", headers={header: "127.0.0.1"} | bearer("user-key"))
        assert (answer.status_code, answer.json()["local"]) == (200, False)


def test_another_machine_is_not_local_even_in_open_mode() -> None:
    assert client(has_users=False, peer=ELSEWHERE).get("/v1/x").status_code == 401


@pytest.mark.parametrize(
    "how",
    [{"has_users": True}, {"has_users": False, "require_auth": True}, {"has_users": False, "host": "::"}],
)
def test_closed_mode_wants_a_credential_from_everybody(how: dict[str, Any]) -> None:
    closed = client(**how)
    for path in ("/v1/x", "/admin/x", "/other", "/public/below", "/publicity", "/"):
        answer = closed.get(path)
        assert (answer.status_code, answer.json()["code"]) == (401, "authentication_required")
        assert answer.headers["www-authenticate"] == "Bearer"
        answer = closed.get(path, headers=bearer("wrong"))
        assert (answer.status_code, answer.json()["code"]) == (401, "invalid_api_key")
    assert closed.get("/public").json()["user"] is None
    assert closed.post("/sign-in").status_code == 200
    assert closed.get("/sign-in").status_code == 401


def test_the_owner_may_loosen_it_on_loopback() -> None:
    assert client(has_users=True, require_auth=False).get("/admin/x").json()["user"] == OWNER.user_id


def test_scopes() -> None:
    closed = client()
    assert closed.get("/v1/x", headers=bearer("user-key")).json()["user"] == "user_1"
    refused = closed.get("/admin/x", headers=bearer("user-key"))
    assert (refused.status_code, refused.json()["code"]) == (403, "permission_denied")
    for path in ("/admin/x", "/v1/x"):
        assert closed.get(path, headers=bearer("admin-key")).json()["user"] == "user_2"


@pytest.mark.parametrize(
    "headers",
    [
        bearer("user-key"),
        {"authorization": "bearer   user-key "},
        {"x-api-key": " user-key"},
        {"authorization": "Basic dTpw", "x-api-key": "user-key"},
        {"authorization": "Bearer ", "x-api-key": "user-key"},
        bearer("user-key") | {"x-api-key": "wrong"},
    ],
)
def test_a_key_in_either_header(headers: dict[str, str]) -> None:
    assert client().get("/v1/x", headers=headers).json() == {
        "user": "user_1",
        "key": "key_1",
        "local": True,
        "address": "127.0.0.1",
        "scheme": "http",
    }


COOKIE = {"cookie": f"a=b; {SESSION_COOKIE}={TOKEN}; c=d"}


@pytest.mark.parametrize(
    ("method", "headers", "status"),
    [
        ("GET", {}, 200),
        ("POST", {}, 200),
        ("POST", {"sec-fetch-site": "same-origin"}, 200),
        ("POST", {"sec-fetch-site": "same-site"}, 403),
        ("POST", {"origin": "http://127.0.0.1:8000"}, 200),
        # Another program's page on this machine: the same site to a browser, and not ours.
        ("POST", {"origin": "http://127.0.0.1:3000"}, 403),
        ("POST", {"origin": "http://localhost:8000"}, 403),
        ("POST", {"origin": "https://chat.example.org"}, 200),
    ],
)
def test_a_cookie_counts_for_our_own_pages(method: str, headers: dict[str, str], status: int) -> None:
    listed = client(allowed_origins=["https://chat.example.org"])
    assert listed.request(method, "/v1/x", headers=COOKIE | headers).status_code == status
    # A header says that whoever made the request knows the token.
    if "127.0.0.1" in headers.get("origin", "127.0.0.1"):
        assert listed.request(method, "/v1/x", headers=bearer(TOKEN) | headers).status_code == 200


def test_foreign_hosts_and_origins_are_refused_before_any_key_counts() -> None:
    closed = client()
    answer = closed.get("/v1/x", headers=bearer("user-key") | {"host": "evil.example"})
    assert (answer.status_code, answer.json()["code"]) == (403, "host_not_allowed")
    for origin in ("http://localhost.evil.example", "null", "https://evil.example"):
        answer = closed.get("/public", headers={"origin": origin})
        assert (answer.status_code, answer.json()["code"]) == (403, "origin_not_allowed")
        assert "access-control-allow-origin" not in answer.headers
    answer = closed.post("/public", headers={"sec-fetch-site": "cross-site"})
    assert answer.status_code == 403


def test_cors_for_listed_origins_alone() -> None:
    listed = client(allowed_origins=["https://chat.example.org"], allowed_hosts=["box.example.org"])
    ours = {"origin": "https://chat.example.org", "sec-fetch-site": "cross-site", "host": "box.example.org"}
    answer = listed.post("/v1/x", headers=bearer("user-key") | ours)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "https://chat.example.org"
    assert "access-control-allow-credentials" not in answer.headers
    preflight = {"access-control-request-method": "POST", "access-control-request-headers": "authorization"}
    answer = listed.options("/v1/x", headers=ours | preflight)
    assert answer.status_code == 200
    assert "authorization" in answer.headers["access-control-allow-headers"].lower()
    answer = listed.options("/v1/x", headers=ours | preflight | {"origin": "https://evil.example"})
    assert answer.status_code == 403
    # The page is told what it got wrong, too.
    answer = listed.get("/v1/x", headers=ours)
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (401, ours["origin"])


@pytest.mark.parametrize(
    ("proxies", "peer", "address", "scheme"),
    [
        ([], ELSEWHERE, "192.168.7.9", "http"),
        (["10.0.0.0/8"], ELSEWHERE, "192.168.7.9", "http"),
        (["192.168.7.9"], ELSEWHERE, "203.0.113.5", "https"),
        (["192.168.0.0/16"], ELSEWHERE, "203.0.113.5", "https"),
        (["127.0.0.1"], HERE, "203.0.113.5", "https"),
    ],
)
def test_proxies_are_believed_where_they_are_trusted(
    proxies: list[str], peer: tuple[str, int], address: str, scheme: str
) -> None:
    told = {"x-forwarded-for": "203.0.113.5", "x-forwarded-proto": "https"} | bearer("user-key")
    body = client(trusted_proxies=proxies, peer=peer).get("/v1/x", headers=told).json()
    assert (body["address"], body["scheme"], body["local"]) == (address, scheme, False)
