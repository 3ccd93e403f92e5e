"""The conformance tables hold: each of their lines is tried on a live server."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mlx_manager.mlx_server.main import app
from tests.conformance.record import Endpoint, Field, Treatment
from tests.conformance.tables import TABLES
from tests.live.asking import LiveAsk
from tests.live.server import DEMO, ENDLESS, Server

# A template that names reasoning_content is one that shows it.
TELLING = "{% for message in messages %}{{ message }}{{ message.reasoning_content and '' }}{% endfor %}"
ROUTES = app.openapi()["paths"]


def lines(treatment: Treatment) -> list[Any]:
    """The tables' lines of one treatment; those of routes that are not there are skipped."""
    return [
        pytest.param(
            endpoint,
            entry,
            id=f"{endpoint.path}:{entry.path}",
            marks=pytest.mark.skipif(endpoint.path not in ROUTES, reason=f"there is no {endpoint.path}"),
        )
        for endpoint in TABLES
        for entry in endpoint.fields
        if entry.treatment is treatment
    ]


@pytest.fixture(scope="module")
def narrow_server(tmp_path_factory: pytest.TempPathFactory, endless_dir: Path) -> Iterator[Server]:
    """Answers one request at a time; its model `telling` writes down all that its template is told."""
    folder = tmp_path_factory.mktemp("models")
    shutil.copytree(DEMO, folder / "telling", copy_function=shutil.copyfile)
    (folder / "telling" / "chat_template.jinja").write_text(TELLING)
    env = {
        "MLX_SERVER_MODEL_DIRS": json.dumps([str(folder), str(endless_dir)]),
        "MLX_SERVER_PRELOAD": json.dumps([ENDLESS]),
        "MLX_SERVER_MAX_CONCURRENT_REQUESTS": "1",
    }
    with Server(tmp_path_factory.mktemp("narrow"), env) as running:
        yield running


@pytest.fixture
def ask(request: pytest.FixtureRequest, server: Server, endpoint: Endpoint) -> LiveAsk:
    """Asks the endpoint of the shared server."""
    return LiveAsk(server, endpoint, lambda: request.getfixturevalue("narrow_server"))


@pytest.mark.parametrize(("endpoint", "entry"), lines(Treatment.HONOURED))
def test_honoured(ask: LiveAsk, endpoint: Endpoint, entry: Field) -> None:
    assert entry.effect is not None
    entry.effect(ask, entry)


@pytest.mark.parametrize(("endpoint", "entry"), lines(Treatment.REFUSED))
def test_refused(ask: LiveAsk, endpoint: Endpoint, entry: Field) -> None:
    for streaming in ({}, {"stream": True}) if endpoint.can_stream else ({},):
        reply = ask.asked(entry, **streaming)
        assert (reply.status, reply.content_type) == (400, "application/json"), reply.body
        assert reply.body["error"]["param"] == entry.wire_name
        assert reply.body["error"]["type"] == "invalid_request_error"


@pytest.mark.parametrize(("endpoint", "entry"), lines(Treatment.IGNORED))
def test_ignored(ask: LiveAsk, endpoint: Endpoint, entry: Field) -> None:
    reply = ask.asked(entry)
    assert reply.status == 200, reply.body
    assert reply.ignored == (entry.wire_name,)
    assert reply.text == ask.plain(**entry.within).text


@pytest.mark.parametrize(("endpoint", "entry"), lines(Treatment.NOT_APPLICABLE))
def test_not_applicable(ask: LiveAsk, endpoint: Endpoint, entry: Field) -> None:
    if entry.example is None:
        return
    reply = ask.asked(entry)
    assert (reply.status, reply.ignored) == (200, ())
    assert reply.text == ask.plain(**entry.within).text
