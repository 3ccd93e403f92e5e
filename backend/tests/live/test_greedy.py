"""Greedy answers equal mlx-lm's own serial ones, alone and together."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.live.conftest import StartServer
from tests.live.reference import Answer, Reference
from tests.live.server import DEMO, Server

STORIES = "stories260k-fp32"
QUESTIONS: list[dict[str, Any]] = [
    {"messages": [{"role": "user", "content": "What is MLX Manager?"}], "max_tokens": 60},
    {"messages": [{"role": "user", "content": "Hello"}], "max_tokens": 7},
    {
        "messages": [
            {"role": "system", "content": "You answer in one sentence."},
            {"role": "user", "content": "Name three colours and tell me why you like each one of them."},
        ],
        "max_tokens": 90,
    },
    {"messages": [{"role": "user", "content": "Which port does the server use? " * 6}], "max_tokens": 33},
]
PROMPTS: list[dict[str, Any]] = [
    {"prompt": "Once upon a time", "max_tokens": 150},
    {"prompt": "The", "max_tokens": 1},
    {"prompt": "Tom and Jane went to the park. They saw a big dog and", "max_tokens": 80},
    {"prompt": "One day, " * 12, "max_tokens": 40},
    {"ids": [1, 403, 407], "max_tokens": 64},
    {"prompt": "Lily", "max_tokens": 110},
    {"prompt": 'She said, "', "max_tokens": 25},
    {"prompt": "It was", "max_tokens": 55},
]
TWO_STORIES: dict[str, Any] = {"prompt": "Once upon a time", "max_tokens": 400}


@pytest.fixture(scope="module")
def serial(test_models: Path, reference: Reference) -> list[Answer]:
    """What the serial loop says to the prompts and, last, to the long one."""
    return reference.answers(test_models / STORIES, [*PROMPTS, TWO_STORIES])


def ask(server: Server, model: str, question: dict[str, Any]) -> tuple[str, str, int]:
    """Text (the reasoning left where it is told apart), finish reason and tokens."""
    body = {"model": model, "temperature": 0, **question}
    if "ids" in body:
        body["prompt"] = body.pop("ids")
    is_chat = "messages" in question
    answer = server.post("/v1/chat/completions" if is_chat else "/v1/completions", body).json()
    choice = answer["choices"][0]
    text = choice["message"]["content"] if is_chat else choice["text"]
    return text, choice["finish_reason"], answer["usage"]["completion_tokens"]


def test_chat_equals_the_serial_loop(server: Server, reference: Reference) -> None:
    for question, expected in zip(QUESTIONS, reference.answers(DEMO, QUESTIONS), strict=True):
        assert ask(server, "demo", question) == (
            expected.text,
            expected.finish_reason,
            len(expected.ids),
        )


def test_completions_equal_the_serial_loop(stories_server: Server, serial: list[Answer]) -> None:
    expected = [(answer.text, answer.finish_reason, len(answer.ids)) for answer in serial[:-1]]
    assert [ask(stories_server, STORIES, question) for question in PROMPTS] == expected
    with ThreadPoolExecutor(len(PROMPTS)) as threads:
        for _ in range(2):
            together = threads.map(lambda question: ask(stories_server, STORIES, question), PROMPTS)
            assert list(together) == expected


def test_text_after_a_special_token_keeps_its_space(stories_server: Server, serial: list[Answer]) -> None:
    """This model puts its beginning-of-text token between two stories; the token itself is no text."""
    assert 1 in serial[-1].ids[:-2], "the greedy text has a special token in its middle"
    assert ask(stories_server, STORIES, TWO_STORIES)[0] == serial[-1].text


def test_concurrent_chats_equal_lone_ones(server: Server) -> None:
    questions = QUESTIONS * 2
    alone = [ask(server, "demo", question) for question in questions]
    with ThreadPoolExecutor(len(questions)) as threads:
        together = list(threads.map(lambda question: ask(server, "demo", question), questions))
    assert together == alone


@pytest.mark.full
def test_prompts_read_in_small_chunks_give_the_same(server: Server, start_server: StartServer) -> None:
    chunked = start_server({"MLX_SERVER_PREFILL_CHUNK_TOKENS": "16"})
    question = {"prompt": "A long text, read piece by piece. " * 8, "max_tokens": 24}
    assert ask(chunked, "demo", question) == ask(server, "demo", question)
