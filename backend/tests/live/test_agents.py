"""A running server takes what coding agents and SDKs send; a later turn reads only what is new."""

from collections.abc import Mapping
from typing import Any, Final

import httpx
import pytest

from mlx_manager.mlx_server.text.tokenizer import Tokenizer
from tests.agents.session import Session
from tests.agents.sessions import each_session
from tests.live.messages import prompt_tokens
from tests.live.server import DEMO, Server

# Tokens of the call for an answer, which a later turn may begin with or not.
_CALL_FOR_ANSWER: Final = 4


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer.load(DEMO)


@each_session
def test_no_turn_is_refused_and_the_later_reads_what_is_new(
    server: Server, tokenizer: Tokenizer, session: Session
) -> None:
    streamed = answered(server, session, session.first, stream=True).text
    assert '"error"' not in streamed.replace('"error":null', "")
    second = answered(server, session, session.second, stream=False).json()
    before = len(tokenizer.encode(session.parsed(session.first).prompt).token_ids)
    prompt, cached = prompt_and_cached(second["usage"])
    assert before <= prompt
    assert cached >= min(before, prompt - 1) - _CALL_FOR_ANSWER


def answered(server: Server, session: Session, body: Mapping[str, Any], *, stream: bool) -> httpx.Response:
    """The beginning of an answer, whose header names what has no effect and nothing else."""
    limit = "max_output_tokens" if session.path == "/v1/responses" else "max_tokens"
    short = {**body, "stream": stream, limit: 16}
    if not stream:
        short.pop("stream_options", None)
    response = server.post(session.path, short, headers=dict(session.headers))
    assert response.status_code == 200, response.text
    named = response.headers.get("x-ignored-fields", "")
    offered = session.parsed(body).prompt.tools
    unheld = [tool.schema_path for tool in offered if tool.name in session.unheld]
    assert [path for path in named.split(", ") if path] == [*session.ignored, *unheld]
    return response


def prompt_and_cached(usage: Mapping[str, Any]) -> tuple[int, int]:
    """Tokens of the prompt, and those of them that were not read again."""
    if "cache_read_input_tokens" in usage:
        return prompt_tokens(dict(usage)), usage["cache_read_input_tokens"]
    if "prompt_tokens" in usage:
        return usage["prompt_tokens"], usage["prompt_tokens_details"]["cached_tokens"]
    return usage["input_tokens"], usage["input_tokens_details"]["cached_tokens"]
