"""What answers say of the prefix cache, whatever it holds."""

import uuid
from typing import Any

import pytest
from openai import OpenAI

from tests.live.server import Server, stream

MESSAGES: Any = [
    {"role": "system", "content": "You answer in one sentence."},
    {"role": "user", "content": "Which port does the server use?"},
]
DIALECTS: dict[str, dict[str, Any]] = {
    "/v1/chat/completions": {"messages": MESSAGES},
    "/v1/completions": {"prompt": "Which port does the server use?"},
}


@pytest.fixture(params=DIALECTS)
def path(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


def body(path: str, **fields: Any) -> dict[str, Any]:
    """A request whose prefixes nobody else shares."""
    salt = uuid.uuid4().hex
    return {
        "model": "demo",
        "max_tokens": 4,
        "temperature": 0,
        "cache_salt": salt,
        **DIALECTS[path],
        **fields,
    }


def test_cached_tokens_are_always_told(server: Server, path: str) -> None:
    asked = body(path)
    whole = server.post(path, asked).json()
    assert whole["usage"]["prompt_tokens_details"] == {"cached_tokens": 0}
    assert "cache_debug" not in whole
    streamed = stream(server, path, body(path, stream_options={"include_usage": True}))
    assert streamed.chunks[-1]["usage"]["prompt_tokens_details"] == {"cached_tokens": 0}
    assert not any("cache_debug" in chunk for chunk in streamed.chunks)


def test_nothing_stored_is_explained(server: Server, path: str) -> None:
    debug = server.post(path, body(path, cache_debug=True)).json()["cache_debug"]
    assert (debug["cached_tokens"], debug["matched_tokens"], debug["diverged_at"]) == (0, 0, None)
    assert debug["reason"] == "nothing stored begins like this prompt"
    assert debug["stored_text"] == ""
    assert debug["prompt_text"]
    is_chat = "messages" in DIALECTS[path]
    assert (debug["message_index"], debug["role"]) == ((0, "system") if is_chat else (None, None))


def test_a_stream_explains_where_its_text_ends(server: Server, path: str) -> None:
    options = {"include_usage": True}
    chunks = stream(server, path, body(path, cache_debug=True, stream_options=options)).chunks
    (holder,) = [chunk for chunk in chunks if "cache_debug" in chunk]
    assert holder["choices"][0]["finish_reason"]
    assert holder["cache_debug"]["prompt_tokens"] == chunks[-1]["usage"]["prompt_tokens"]


def test_the_sdk_reads_it(client: OpenAI) -> None:
    answer = client.chat.completions.create(model="demo", messages=MESSAGES, max_tokens=2)
    assert answer.usage is not None
    assert answer.usage.prompt_tokens_details is not None
    assert answer.usage.prompt_tokens_details.cached_tokens is not None
