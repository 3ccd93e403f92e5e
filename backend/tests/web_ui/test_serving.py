"""Built pages as browsers get them."""

import base64
import gzip
import hashlib
import os
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from mlx_manager.access import RULES
from mlx_manager.core.access.rules import Wanted, wanted_by
from mlx_manager.faults import add_error_handlers
from mlx_manager.web_ui.serving import FRONTEND, PAGES, STATIC, add_web_ui

SCRIPT = "\n\tstart();\n"
PAGE = f'<!doctype html><html lang="en"><title>x</title><script>{SCRIPT}</script></html>'


@pytest.fixture
def static(tmp_path: Path) -> Path:
    folder = tmp_path / "static"
    (folder / "_app" / "immutable" / "chunks").mkdir(parents=True)
    (folder / "_app" / "immutable" / "chunks" / "a.js").write_text("export {};")
    (folder / "_app" / "immutable" / "chunks" / "a.js.gz").write_bytes(gzip.compress(b"export {};"))
    (folder / "_app" / "version.json").write_text("{}")
    (folder / "index.html").write_text(PAGE)
    (folder / "chat.html").write_text(PAGE)
    (tmp_path / "secret.html").write_text("not for anybody")
    return folder


def client_of(static: Path) -> TestClient:
    app = FastAPI()
    add_web_ui(app, static, static / "nowhere")
    add_error_handlers(app)
    return TestClient(app)


@pytest.mark.parametrize("path", ["/", "/chat"])
def test_a_page_may_run_its_own_script_and_load_nothing_foreign(static: Path, path: str) -> None:
    answer = client_of(static).get(path)
    assert answer.status_code == 200
    assert answer.text == PAGE
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["cache-control"] == "no-cache"
    policy = answer.headers["content-security-policy"]
    digest = base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()
    assert f"'sha256-{digest}'" in policy
    assert "unsafe-inline" not in policy
    assert "unsafe-eval" not in policy
    assert "http" not in policy
    assert "frame-ancestors 'none'" in policy


def test_what_never_changes_is_kept_and_compressed(static: Path) -> None:
    client = client_of(static)
    path = "/_app/immutable/chunks/a.js"
    answer = client.get(path, headers={"Accept-Encoding": "gzip, deflate"})
    assert answer.text == "export {};"
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["vary"] == "Accept-Encoding"
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-type"].startswith("text/javascript")
    plain = client.get(path, headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.text == "export {};"
    assert client.get("/_app/version.json").headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    "path",
    ["/_app/../../secret.html", "/_app/%2e%2e/%2e%2e/secret.html", "/_app/immutable/chunks/a.js.gz", "/keys"],
)
def test_nothing_else_is_reached(static: Path, path: str) -> None:
    answer = client_of(static).get(path)
    assert answer.status_code == 404
    assert "not for anybody" not in answer.text


def test_a_build_made_later_is_found(static: Path) -> None:
    (static / "index.html").rename(static / "kept")
    client = client_of(static)
    assert "MLX Manager is running" in client.get("/chat").text
    (static / "kept").rename(static / "index.html")
    assert client.get("/chat").text == PAGE


def test_everybody_gets_every_page_and_nothing_more() -> None:
    for page in PAGES:
        assert wanted_by(RULES, "GET", page) is Wanted.NOTHING
        assert wanted_by(RULES, "POST", page) is Wanted.ANYBODY
    assert wanted_by(RULES, "GET", "/_app/immutable/x.js") is Wanted.NOTHING
    assert wanted_by(RULES, "GET", "/api/v1/chats") is Wanted.ANYBODY


def test_the_pages_are_those_of_the_sources() -> None:
    routes = FRONTEND / "src" / "routes"
    found = {
        "/" + "/".join(part for part in file.parent.relative_to(routes).parts if not part.startswith("("))
        for file in routes.rglob("+page.svelte")
    }
    assert found == set(PAGES)


def test_what_was_built_has_these_pages() -> None:
    if not (STATIC / "index.html").is_file():
        said = "THE BUILT WEB UI IS NOT TESTED: `make ui` builds it"
        if os.environ.get("CI") or os.environ.get("MLX_TEST_REQUIRE_NODE"):
            pytest.fail(said)
        pytest.skip(said)
    client = client_of(STATIC)
    for page in PAGES:
        answer = client.get(page)
        assert answer.status_code == 200
        assert "kit.start(" in answer.text
