"""Who may call is changed while the program runs."""

from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from fastapi.testclient import TestClient
from pydantic_settings import SettingsConfigDict

from mlx_manager.core.access.guard import GuardMiddleware
from mlx_manager.core.access.settings import AccessSettings
from mlx_manager.core.errors import ApiError

ORIGIN = "https://chat.example.org"


class Settings(AccessSettings):
    model_config = SettingsConfigDict(env_prefix="MLX_TEST_", extra="ignore")


def render(error: ApiError, _: object) -> Response:
    return JSONResponse({"code": error.code.value}, error.code.status)


def guarded(settings: Settings) -> TestClient:
    """A client of an app behind the guard, which answers with who calls."""
    app = FastAPI()

    @app.get("/")
    async def who(request: Request) -> dict[str, Any]:
        assert request.client is not None
        return {"address": request.client.host, "scheme": request.url.scheme}

    app.add_middleware(GuardMiddleware, settings=settings, render_error=render)
    return TestClient(app, base_url="http://127.0.0.1:8000", client=("127.0.0.1", 50_000))


def test_allowed_hosts_and_allowed_origins() -> None:
    settings = Settings()
    client = guarded(settings)

    def ask() -> tuple[int, str | None]:
        answer = client.get("/", headers={"Host": "box.example.org", "Origin": ORIGIN})
        return answer.status_code, answer.headers.get("access-control-allow-origin")

    assert ask() == (403, None)
    settings.allowed_hosts = ["box.example.org"]
    assert ask() == (403, None)
    settings.allowed_origins = [ORIGIN]
    assert ask() == (200, ORIGIN)
    settings.take_stored({"allowed_origins": ["https://other.example.org"]})
    assert ask() == (403, None)
    settings.take_stored({"allowed_origins": [ORIGIN]})
    assert ask() == (403, None)  # the host's name is stored no more
    settings.take_stored({"allowed_origins": [ORIGIN], "allowed_hosts": ["box.example.org"]})
    assert ask() == (200, ORIGIN)


def test_trusted_proxies() -> None:
    settings = Settings()
    client = guarded(settings)

    def ask() -> dict[str, Any]:
        told = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"}
        answer: dict[str, Any] = client.get("/", headers=told).json()
        return answer

    assert ask() == {"address": "127.0.0.1", "scheme": "http"}
    settings.trusted_proxies = ["127.0.0.0/8"]
    assert ask() == {"address": "203.0.113.9", "scheme": "https"}
    settings.trusted_proxies = ["10.0.0.0/8"]
    assert ask() == {"address": "127.0.0.1", "scheme": "http"}
    settings.trusted_proxies = []
    assert ask() == {"address": "127.0.0.1", "scheme": "http"}
