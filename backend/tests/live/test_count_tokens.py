"""Tokens are counted without a model in memory, and as an answer reports them."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests import claude_code
from tests.live.messages import ASKED, COUNT, QUESTION, post, prompt_tokens
from tests.live.pool_server import Pool
from tests.live.server import Server, wait_until

CONVERSATIONS: list[dict[str, Any]] = [
    {"messages": [QUESTION]},
    {"messages": [QUESTION], "system": "Be brief."},
    {"messages": [QUESTION], "system": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]},
    {"messages": [QUESTION], "thinking": {"type": "adaptive"}},
    {"messages": [QUESTION, {"role": "assistant", "content": "It is"}]},
    {
        "messages": [
            QUESTION,
            {
                "role": "assistant",
                "content": [
                    {"type": "thinking", "thinking": "hm", "signature": "s"},
                    {"type": "text", "text": "I look."},
                    {"type": "tool_use", "id": "t", "name": "Read", "input": {"file_path": "é"}},
                ],
            },
            {
                "role": "user",
                "content": [
                    {"type": "tool_result", "tool_use_id": "t", "content": "8", "is_error": True},
                    {"type": "text", "text": "And?"},
                ],
            },
            {"role": "system", "content": "Be quick."},
        ]
    },
    {"messages": [{"role": "user", "content": "naïve 😀 café\n\n" * 40}]},
]


@pytest.mark.parametrize("conversation", CONVERSATIONS)
def test_what_is_counted_is_what_is_reported(server: Server, conversation: dict[str, Any]) -> None:
    counted = post(server, {"model": "demo", **conversation}, COUNT)
    assert set(counted) == {"input_tokens"}
    for _ in range(2):  # the second time from the prefix cache
        answer = post(server, {"model": "demo", "max_tokens": 1, **conversation})
        assert prompt_tokens(answer["usage"]) == counted["input_tokens"]
        assert answer["usage"]["input_tokens"] >= 1


def test_tools_count(server: Server) -> None:
    without = post(server, {"model": "demo", "messages": [QUESTION]}, COUNT)["input_tokens"]
    offered = {"model": "demo", "messages": [QUESTION], "tools": claude_code.TOOLS}
    assert post(server, offered, COUNT)["input_tokens"] > without
    silent = offered | {"tool_choice": {"type": "none"}}
    assert post(server, silent, COUNT)["input_tokens"] == without


@pytest.mark.full
def test_bursts_of_counts_load_nothing(pool: Pool) -> None:
    pool.change(max_memory_gb=1)  # the demo is more than the pool's usual models
    pool.only()
    server = pool.server
    wait_until(lambda: not server.workers(), "no worker lives")
    body = {"model": "demo", "messages": [QUESTION]}
    with ThreadPoolExecutor(24) as threads:
        counts = list(threads.map(lambda _: post(server, body, COUNT)["input_tokens"], range(72)))
    assert len(set(counts)) == 1
    assert server.client.get("/v1/models/demo").json()["status"] == "unloaded"
    assert not server.workers()
    assert server.num_running() == 0
    assert prompt_tokens(post(server, ASKED)["usage"]) == counts[0]
    pool.only()
