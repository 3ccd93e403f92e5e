"""The page of a manager without its web UI."""

import re
from pathlib import Path

from fastapi import FastAPI
from starlette.testclient import TestClient

from mlx_manager.web_ui.serving import add_web_ui


def page(frontend: Path) -> tuple[str, dict[str, str]]:
    app = FastAPI()
    add_web_ui(app, frontend / "static", frontend)
    answer = TestClient(app).get("/")
    assert answer.status_code == 200
    return answer.text, dict(answer.headers)


def test_it_says_how_to_get_the_pages(tmp_path: Path) -> None:
    (tmp_path / "frontend").mkdir()
    (tmp_path / "frontend" / "package.json").write_text("{}")
    text, _ = page(tmp_path / "frontend")
    assert "Node 20" in text
    assert "make ui" in text
    assert str(tmp_path) in text


def test_it_says_that_there_are_none(tmp_path: Path) -> None:
    text, _ = page(tmp_path / "frontend")
    assert "without the web UI" in text
    assert "make ui" not in text


def test_it_fetches_nothing_and_runs_nothing(tmp_path: Path) -> None:
    odd = tmp_path / "<script>alert(1)</script>" / "frontend"
    odd.mkdir(parents=True)
    (odd / "package.json").write_text("{}")
    text, headers = page(odd)
    assert "<script" not in text
    assert not re.search(r"(src|href)=\"?https?:", text)
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
