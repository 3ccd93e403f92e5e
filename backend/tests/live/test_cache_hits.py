"""Prefixes are read once: counted in `cached_tokens`, kept apart by salt, explained on request."""

import uuid
from typing import Any

import pytest

from tests.live.server import Server, stream

PATH = "/v1/chat/completions"
RULES = " ".join(f"Rule {number}: answer question {number} in one short sentence." for number in range(12))
SYSTEM = {"role": "system", "content": RULES}


@pytest.fixture
def salt() -> str:
    """Prefixes of this test alone."""
    return uuid.uuid4().hex


def ask(server: Server, salt: str, messages: list[dict[str, str]], **fields: Any) -> dict[str, Any]:
    """The answer to a conversation."""
    body = {
        "model": "demo",
        "messages": messages,
        "max_tokens": 8,
        "temperature": 0,
        "cache_salt": salt,
        "cache_debug": True,
        **fields,
    }
    response = server.post(PATH, body)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


def user(text: str) -> dict[str, str]:
    return {"role": "user", "content": text}


def cached(answer: dict[str, Any]) -> int:
    count: int = answer["usage"]["prompt_tokens_details"]["cached_tokens"]
    assert count == answer["cache_debug"]["cached_tokens"]
    return count


def content(answer: dict[str, Any]) -> str:
    text: str = answer["choices"][0]["message"]["content"]
    return text


def test_the_same_prompt_again_is_read_but_for_its_end(server: Server, salt: str) -> None:
    first = ask(server, salt, [SYSTEM, user("What is MLX Manager?")])
    again = ask(server, salt, [SYSTEM, user("What is MLX Manager?")])
    total = first["usage"]["prompt_tokens"]
    assert (cached(first), cached(again)) == (0, total - 1)
    assert again["cache_debug"]["reason"] == "the whole stored prefix was used"
    assert content(again) == content(first)


def test_a_shared_system_prompt_is_read_once(server: Server, salt: str) -> None:
    first = ask(server, salt, [SYSTEM, user("What is MLX Manager?")])
    second = ask(server, salt, [SYSTEM, user("Zebras?")])
    alone = ask(server, uuid.uuid4().hex, [SYSTEM, user("Zebras?")])
    assert content(second) == content(alone)
    assert cached(second) > 0.8 * second["usage"]["prompt_tokens"]
    debug = second["cache_debug"]
    assert (debug["message_index"], debug["role"]) == (1, "user")
    assert debug["diverged_at"] == debug["matched_tokens"] >= cached(second)
    assert debug["prompt_text"][0] == "Z"
    assert debug["stored_text"][0] == "W"
    assert debug["reason"] == f"the prompt differs from what was stored at token {debug['diverged_at']}"
    assert first["usage"]["prompt_tokens"] > debug["diverged_at"]


def test_a_conversation_is_read_on_from_turn_to_turn(server: Server, salt: str) -> None:
    messages = [SYSTEM]
    before = 0
    for turn in range(10):
        messages.append(user(f"Question number {turn}: what comes after {turn}?"))
        answer = ask(server, salt, messages)
        total = answer["usage"]["prompt_tokens"]
        if turn:
            # All that the last turn's prompt held, whatever of its answer.
            assert cached(answer) >= before - 8, turn
        before = total
        messages.append({"role": "assistant", "content": content(answer) or "…"})


@pytest.mark.parametrize("changed", [1, 3])
def test_the_message_that_changed_is_named(server: Server, salt: str, changed: int) -> None:
    messages = [SYSTEM, user("First?"), {"role": "assistant", "content": "Yes."}, user("Second?")]
    ask(server, salt, messages)
    messages[changed] = {**messages[changed], "content": "Quite another thing"}
    debug = ask(server, salt, messages)["cache_debug"]
    assert (debug["message_index"], debug["role"]) == (changed, messages[changed]["role"])
    assert debug["prompt_text"].startswith("Q")


def test_another_salt_shares_nothing(server: Server, salt: str) -> None:
    messages = [SYSTEM, user("What is MLX Manager?")]
    ask(server, salt, messages)
    other = ask(server, salt + "x", messages)
    assert cached(other) == 0
    assert other["cache_debug"]["reason"] == "nothing stored begins like this prompt"
    assert cached(ask(server, salt, messages)) > 0


def test_a_stream_counts_the_same(server: Server, salt: str) -> None:
    messages = [SYSTEM, user("What is MLX Manager?")]
    ask(server, salt, messages)
    body = {
        "model": "demo",
        "messages": messages,
        "max_tokens": 2,
        "cache_salt": salt,
        "stream_options": {"include_usage": True},
    }
    usage = stream(server, PATH, body).chunks[-1]["usage"]
    assert usage["prompt_tokens_details"]["cached_tokens"] == usage["prompt_tokens"] - 1
