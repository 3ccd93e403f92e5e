"""The conformance tables hold: each of their lines is tried on a live server."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tokenizers import Tokenizer
from tokenizers.processors import TemplateProcessing

from tests.conformance.record import Endpoint, Field, Treatment
from tests.conformance.tables import TABLES
from tests.live.asking import ForgetfulAsk, LiveAsk
from tests.live.server import DEMO, ENDLESS, Server

# A template that names reasoning_content is one that shows it.
TELLING = "{% for message in messages %}{{ message }}{{ message.reasoning_content and '' }}{% endfor %}"


def lines(treatment: Treatment) -> list[Any]:
    """The tables' lines of one treatment."""
    return [
        pytest.param(endpoint, entry, id=f"{endpoint.path}:{entry.path}")
        for endpoint in TABLES
        for entry in endpoint.fields
        # What has no example is no field of the body, such as a header.
        if entry.treatment is treatment
        and (entry.example is not None or treatment is not Treatment.NOT_APPLICABLE)
    ]


def make_telling_model(folder: Path) -> None:
    """The demo, but its template writes down all it is told, and its tokenizer a token before each text."""
    shutil.copytree(DEMO, folder, copy_function=shutil.copyfile)
    (folder / "chat_template.jinja").write_text(TELLING)
    tokenizer = Tokenizer.from_file(str(DEMO / "tokenizer.json"))
    first = "<|im_start|>"
    tokenizer.post_processor = TemplateProcessing(
        single=f"{first} $A", special_tokens=[(first, tokenizer.token_to_id(first))]
    )
    tokenizer.save(str(folder / "tokenizer.json"))


@pytest.fixture(scope="module")
def narrow_server(tmp_path_factory: pytest.TempPathFactory, endless_dir: Path) -> Iterator[Server]:
    """Answers one request at a time, and has the model `telling`."""
    folder = tmp_path_factory.mktemp("models")
    make_telling_model(folder / "telling")
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


@pytest.mark.sample(24)
@pytest.mark.parametrize(("endpoint", "entry"), lines(Treatment.HONOURED))
def test_honoured(ask: LiveAsk, endpoint: Endpoint, entry: Field) -> None:
    assert entry.effect is not None
    entry.effect(ask, entry)


@pytest.mark.full
@pytest.mark.parametrize(("endpoint", "entry"), lines(Treatment.HONOURED))
def test_a_field_that_is_dropped_is_noticed(
    request: pytest.FixtureRequest, server: Server, endpoint: Endpoint, entry: Field
) -> None:
    forgetful = ForgetfulAsk(server, endpoint, lambda: request.getfixturevalue("narrow_server"))
    assert entry.effect is not None
    with pytest.raises((AssertionError, LookupError, TypeError, ValueError)):
        entry.effect(forgetful, entry)


@pytest.mark.sample(24)
@pytest.mark.parametrize(("endpoint", "entry"), lines(Treatment.REFUSED))
def test_refused(ask: LiveAsk, endpoint: Endpoint, entry: Field) -> None:
    for one in entry.each():
        for streaming in ({}, {"stream": True}) if endpoint.can_stream else ({},):
            reply = ask.asked(one, **streaming)
            assert (reply.status, reply.content_type) == (400, "application/json"), (one.path, reply.body)
            assert set(reply.body) == endpoint.dialect.envelope
            assert reply.body["error"]["param"] == one.wire_name
            assert reply.body["error"]["type"] == "invalid_request_error"


@pytest.mark.sample(24)
@pytest.mark.parametrize(("endpoint", "entry"), lines(Treatment.IGNORED))
def test_ignored(ask: LiveAsk, endpoint: Endpoint, entry: Field) -> None:
    for one in entry.each():
        check_unchanged(ask, one, (one.wire_name,))


@pytest.mark.sample(8)
@pytest.mark.parametrize(("endpoint", "entry"), lines(Treatment.NOT_APPLICABLE))
def test_not_applicable(ask: LiveAsk, endpoint: Endpoint, entry: Field) -> None:
    check_unchanged(ask, entry, ())


def check_unchanged(ask: LiveAsk, entry: Field, named: tuple[str, ...]) -> None:
    """The field is taken and nothing comes of it but its name."""
    reply = ask.asked(entry, **ask.length(6))
    plain = ask.plain(**entry.within, **ask.length(6))
    assert reply.status == 200, (entry.path, reply.body)
    assert set(reply.ignored) == {*plain.ignored, *named}, entry.path
    assert (reply.num_read, reply.text) == (plain.num_read, plain.text), entry.path
