"""A program under the path of a proxy's."""

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from mlx_manager.core.root_path import RootPathMiddleware, root_path_of


async def _show(request: Request) -> Response:
    raw = request.scope["raw_path"].decode()
    return JSONResponse({"path": request.scope["path"], "raw": raw, "root": root_path_of(request)})


async def _away(request: Request) -> Response:
    return RedirectResponse(f"{request.base_url}elsewhere?to={request.query_params['to']}")


async def _other(request: Request) -> Response:
    return RedirectResponse("https://example.org/elsewhere")


def client(root_path: str) -> TestClient:
    routes = [Route("/away", _away), Route("/other", _other), Route("/{path:path}", _show)]
    app = Starlette(routes=routes)
    app.add_middleware(RootPathMiddleware, root_path=root_path)
    return TestClient(app, base_url="http://127.0.0.1:8080", follow_redirects=False)


@pytest.mark.parametrize(
    ("path", "seen"),
    [
        ("/mlx/v1/models", "/v1/models"),
        ("/v1/models", "/v1/models"),
        ("/mlx/", "/"),
        ("/mlxes", "/mlxes"),
        ("/mlx/mlx", "/mlx"),
        ("/mlx/a%20b", "/a b"),
    ],
)
def test_the_path_is_taken_off(path: str, seen: str) -> None:
    answer = client("/mlx").get(path).json()
    assert (answer["path"], answer["root"]) == (seen, "/mlx")
    assert answer["raw"] == seen.replace(" ", "%20")


def test_a_page_is_asked_for_as_a_folder() -> None:
    answer = client("/mlx").get("/mlx")
    assert (answer.status_code, answer.headers["location"]) == (307, "/mlx/")
    assert client("/mlx").post("/mlx", content=b"x").status_code == 405


def test_without_one_nothing_changes() -> None:
    answer = client("").get("/mlx/v1").json()
    assert (answer["path"], answer["root"]) == ("/mlx/v1", "")


def test_redirects_of_ours_lead_to_where_others_see_it() -> None:
    ours = client("/mlx").get("/mlx/away?to=1").headers["location"]
    assert ours == "http://127.0.0.1:8080/mlx/elsewhere?to=1"
    assert client("/mlx").get("/mlx/other").headers["location"] == "https://example.org/elsewhere"
    assert client("").get("/away?to=1").headers["location"] == "http://127.0.0.1:8080/elsewhere?to=1"
