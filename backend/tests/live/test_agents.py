"""A running server takes what coding agents and SDKs send; a later turn reads only what is new."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import pytest

from tests.agents.chat_clients import CHAT_SESSIONS
from tests.agents.messages_clients import MESSAGES_SESSIONS
from tests.agents.responses_clients import RESPONSES_SESSIONS
from tests.agents.session import Session
from tests.live.messages import prompt_tokens
from tests.live.server import Server

SESSIONS: Final = (*CHAT_SESSIONS, *RESPONSES_SESSIONS, *MESSAGES_SESSIONS)
_LIMITS: Final = {"/v1/chat/completions": "max_tokens", "/v1/responses": "max_output_tokens"}
# Tokens of the call for an answer, which a later turn may begin with or not.
_CALL_FOR_ANSWER: Final = 4


@pytest.mark.parametrize("session", SESSIONS, ids=str)
def test_no_turn_is_refused_and_the_later_reads_what_is_new(server: Server, session: Session) -> None:
    first = answered(server, session, session.first)
    second = answered(server, session, session.second)
    before, _ = prompt_and_cached(first)
    prompt, cached = prompt_and_cached(second)
    assert before <= prompt
    assert cached >= min(before, prompt - 1) - _CALL_FOR_ANSWER


def answered(server: Server, session: Session, body: Mapping[str, Any]) -> dict[str, Any]:
    """The whole answer to a body, a short one, and what the header names: the same for a stream."""
    short = {**body, "stream": False, _LIMITS.get(session.path, "max_tokens"): 32}
    short.pop("stream_options", None)
    whole = server.post(session.path, short, headers=dict(session.headers))
    assert whole.status_code == 200, whole.text
    assert ignored(whole.headers) == expected(session)
    streamed = server.post(session.path, {**short, "stream": True}, headers=dict(session.headers))
    assert streamed.status_code == 200, streamed.text
    assert '"error"' not in streamed.text.replace('"error":null', "")
    assert ignored(streamed.headers) == expected(session)
    answer: dict[str, Any] = whole.json()
    return answer


def ignored(headers: Mapping[str, str]) -> set[str]:
    named = headers.get("x-ignored-fields")
    return set(named.split(", ")) if named else set()


def expected(session: Session) -> set[str]:
    return {*session.ignored, *unheld_paths(session)}


def unheld_paths(session: Session) -> Iterator[str]:
    for tool in session.parsed(session.first).prompt.tools:
        if tool.name in session.unheld:
            yield tool.schema_path


def prompt_and_cached(answer: Mapping[str, Any]) -> tuple[int, int]:
    """Tokens of the prompt, and those of them that were not read again."""
    usage = answer["usage"]
    if "cache_read_input_tokens" in usage:
        return prompt_tokens(usage), usage["cache_read_input_tokens"]
    if "prompt_tokens" in usage:
        return usage["prompt_tokens"], usage["prompt_tokens_details"]["cached_tokens"]
    return usage["input_tokens"], usage["input_tokens_details"]["cached_tokens"]
