"""Logprobs equal a log-softmax of the model's own logits, in both dialects, streamed and whole."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from openai import OpenAI

from tests.live.reference import Reference
from tests.live.server import Server, clean_environment, stream

STORIES = "stories260k-fp32"
PROMPT = "Once upon a time"
NUM_TOKENS = 40
_SCRIPT = """
import json, sys
from mlx_manager.mlx_server.engine import device
device.prepare_process()
import mlx.core as mx
from mlx_lm.utils import load_model
from pathlib import Path
device.prepare_device()
task = json.load(sys.stdin)
model, _ = load_model(Path(task["path"]))
device.compute_in_fp32(model)
logits = model(mx.array([task["ids"]]))[0].astype(mx.float32)
json.dump((logits - mx.logsumexp(logits, axis=-1, keepdims=True)).tolist(), sys.stdout)
"""


def log_softmax(model: Path, ids: list[int]) -> list[list[float]]:
    """For each place of a sequence the logprobs of what may come next, read all at once."""
    done = subprocess.run(
        [sys.executable, "-c", _SCRIPT],
        input=json.dumps({"path": str(model), "ids": ids}),
        env=clean_environment({}),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    rows: list[list[float]] = json.loads(done.stdout)
    return rows


def complete(server: Server, **fields: Any) -> dict[str, Any]:
    """A greedy completion's one choice."""
    body = {"model": STORIES, "prompt": PROMPT, "max_tokens": NUM_TOKENS, "temperature": 0, **fields}
    response = server.post("/v1/completions", body)
    assert response.status_code == 200, response.text
    choice: dict[str, Any] = response.json()["choices"][0]
    return choice


def test_values_equal_a_log_softmax(stories_server: Server, test_models: Path, reference: Reference) -> None:
    folder = test_models / STORIES
    (expected,) = reference.answers(folder, [{"prompt": PROMPT, "max_tokens": NUM_TOKENS}])
    rows = log_softmax(folder, expected.prompt_ids + expected.ids)
    choice = complete(stories_server, logprobs=5)
    assert choice["text"] == expected.text
    found = choice["logprobs"]
    assert len(found["tokens"]) == len(expected.ids)
    for index, token_id in enumerate(expected.ids):
        row = rows[len(expected.prompt_ids) - 1 + index]
        assert found["token_logprobs"][index] == pytest.approx(row[token_id], abs=1e-4)
        # Two tokens of one text share an entry, so some may be missing.
        top = sorted(found["top_logprobs"][index].values(), reverse=True)
        assert 3 <= len(top) <= 5
        likeliest = sorted(row, reverse=True)[:5]
        assert all(any(abs(value - other) < 1e-4 for other in likeliest) for value in top)
        assert top[0] == pytest.approx(likeliest[0], abs=1e-4)


def test_they_are_told_before_bias_penalties_and_temperature(stories_server: Server) -> None:
    plain = complete(stories_server, logprobs=20, max_tokens=1)["logprobs"]["top_logprobs"][0]
    for fields in (
        {"temperature": 2, "seed": 1},
        {"temperature": 1, "top_k": 2, "seed": 3},
        {"logit_bias": {"300": 50}},
        {"repetition_penalty": 5, "presence_penalty": 2},
    ):
        shaped = complete(stories_server, logprobs=20, max_tokens=1, **fields)["logprobs"]["top_logprobs"][0]
        assert {**shaped, **plain} == pytest.approx({**plain, **shaped}, abs=1e-4), fields


@pytest.mark.parametrize("count", [0, 1, 20])
def test_as_many_as_were_asked_for(stories_server: Server, count: int) -> None:
    body = {
        "model": STORIES,
        "prompt": PROMPT,
        "max_tokens": 12,
        "temperature": 0,
        "logprobs": count,
    }
    whole = stories_server.post("/v1/completions", body).json()["choices"][0]
    found = whole["logprobs"]
    assert "".join(found["tokens"]) == whole["text"]
    for token, start in zip(found["tokens"], found["text_offset"], strict=True):
        assert whole["text"][start:].startswith(token)
    assert all(len(top) <= max(count, 1) for top in found["top_logprobs"])
    streamed = stream(stories_server, "/v1/completions", body)
    parts = [
        choice["logprobs"] for chunk in streamed.chunks for choice in chunk["choices"] if choice["logprobs"]
    ]
    for name, entries in found.items():
        assert [entry for part in parts for entry in part[name]] == entries


@pytest.mark.parametrize("count", [0, 2, 20])
def test_chat_through_the_sdk(client: OpenAI, count: int) -> None:
    create: Any = client.chat.completions.create
    asked: dict[str, Any] = {
        "model": "demo",
        "messages": [{"role": "user", "content": "What is MLX Manager?"}],
        "max_tokens": 24,
        "temperature": 0,
        "logprobs": True,
        "top_logprobs": count,
    }
    whole = create(**asked).choices[0]
    entries = whole.logprobs.content
    assert b"".join(bytes(entry.bytes) for entry in entries).decode() == whole.message.content
    assert all(entry.logprob <= 0 and len(entry.top_logprobs) == count for entry in entries)
    if count:
        # Greedy: the drawn token is the likeliest one.
        assert [entry.token for entry in entries] == [entry.top_logprobs[0].token for entry in entries]
    chunks = [chunk.choices[0] for chunk in create(**asked, stream=True) if chunk.choices]
    streamed = [entry for choice in chunks if choice.logprobs for entry in choice.logprobs.content]
    assert streamed == entries
    for choice in chunks:
        if choice.logprobs:
            assert choice.delta.content is not None


def test_rows_that_did_not_ask_get_none(stories_server: Server) -> None:
    assert complete(stories_server)["logprobs"] is None
