"""Prompts in tokens and as text, without loading a model."""

import json
from pathlib import Path
from typing import Any

import pytest
from tokenizers import Tokenizer

from tests.live.accounts import make_key
from tests.live.conftest import StartServer
from tests.live.pool_server import Pool
from tests.live.server import Server, wait_until

TEXT = "Hello, what is 2 + 2? Grüße 😀"
CHAT: dict[str, Any] = {"model": "demo", "messages": [{"role": "user", "content": "Hi"}]}
ORPHAN = {"role": "tool", "content": "x", "tool_call_id": "a"}


def test_there_and_back(server: Server, demo_tokenizer: Tokenizer) -> None:
    found = server.post("/tokenize", {"model": "demo", "prompt": TEXT, "return_token_strs": True}).json()
    assert found["tokens"] == demo_tokenizer.encode(TEXT).ids
    assert found["count"] == len(found["tokens"]) == len(found["token_strs"])
    assert found["max_model_len"] == 4096
    back = server.post("/detokenize", {"model": "demo", "tokens": found["tokens"]}).json()
    assert back == {"prompt": TEXT, "content": TEXT}


def test_llama_cpps_names(server: Server, demo_tokenizer: Tokenizer) -> None:
    body = {"model": "demo", "content": "Hello", "add_special": False, "with_pieces": True}
    found = server.post("/tokenize", body).json()["tokens"]
    assert [piece["id"] for piece in found] == demo_tokenizer.encode("Hello", add_special_tokens=False).ids
    assert "".join(piece["piece"] for piece in found) == "Hello"


def test_a_conversation_is_what_a_chat_reads(server: Server, demo_tokenizer: Tokenizer) -> None:
    rendered = server.post("/apply-template", CHAT).json()
    assert rendered["prompt"] == "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n"
    tokens = server.post("/tokenize", CHAT).json()
    assert tokens["tokens"] == demo_tokenizer.encode(rendered["prompt"], add_special_tokens=False).ids
    answer = server.post("/v1/chat/completions", {**CHAT, "max_tokens": 1}).json()
    assert answer["usage"]["prompt_tokens"] == rendered["count"] == tokens["count"]


def test_tools_are_shown_to_the_model(server: Server) -> None:
    schema = {"type": "object", "properties": {"city": {"type": "string"}}}
    tool = {"type": "function", "function": {"name": "get_weather", "parameters": schema, "strict": True}}
    response = server.post("/apply-template", {**CHAT, "tools": [tool]})
    assert "get_weather(city: string)" in response.json()["prompt"]
    unoffered = server.post("/apply-template", {**CHAT, "tools": [tool], "tool_choice": "none"})
    assert "get_weather" not in unoffered.json()["prompt"]


@pytest.mark.parametrize(
    ("path", "body", "param"),
    [
        ("/tokenize", {"model": "demo"}, "prompt"),
        ("/tokenize", {"model": "demo", "prompt": "a", "content": "b"}, "prompt"),
        ("/tokenize", {"prompt": "a"}, "model"),
        ("/tokenize", {"model": "demo", "messages": []}, "messages"),
        ("/tokenize", {"model": "none", "prompt": "a"}, "model"),
        ("/detokenize", {"model": "demo"}, "tokens"),
        ("/detokenize", {"model": "demo", "tokens": [10**6]}, "tokens"),
        ("/detokenize", {"model": "demo", "tokens": [-1]}, "tokens.0"),
        ("/apply-template", {"model": "demo"}, "messages"),
        (
            "/apply-template",
            {**CHAT, "messages": [{"role": "tool", "content": "x"}]},
            "messages.0.tool_call_id",
        ),
    ],
)
def test_refused(server: Server, path: str, body: dict[str, Any], param: str) -> None:
    response = server.post(path, body)
    assert response.status_code in (400, 404)
    assert response.json()["error"]["param"] == param


@pytest.mark.full
def test_no_model_is_loaded(pool: Pool) -> None:
    pool.only()
    wait_until(lambda: not pool.server.workers(), "no worker lives")
    assert pool.server.post("/tokenize", {"model": "demo", "prompt": TEXT}).status_code == 200
    assert pool.server.post("/apply-template", CHAT).status_code == 200
    assert pool.server.workers() == []
    assert pool.model("demo")["status"] == "unloaded"


def test_a_model_without_a_template(stories_server: Server, test_models: Path) -> None:
    assert (test_models / "rwkv7-834k-fp32").is_dir()
    body = {**CHAT, "model": "rwkv7-834k-fp32"}
    for path in ("/apply-template", "/tokenize", "/v1/chat/completions"):
        error = stories_server.post(path, body).json()["error"]
        assert (error["code"], error["param"]) == ("chat_template_missing", "messages")
        assert "/v1/completions" in error["message"]
    listed = stories_server.client.get("/v1/models/rwkv7-834k-fp32").json()
    assert "chat" not in listed["capabilities"]


def test_a_look_at_the_root_says_that_there_is_a_server(server: Server) -> None:
    response = server.client.head("/")
    assert (response.status_code, response.content) == (200, b"")
    assert server.client.head("/api/hello").status_code == 404


def test_they_want_a_credential_like_the_rest(start_server: StartServer) -> None:
    closed = start_server({"MLX_SERVER_REQUIRE_AUTH": "true"}, wait_ready=False)
    key = make_key(closed.home, "app")["key"]
    for path, body in (
        ("/tokenize", {"model": "demo", "prompt": "a"}),
        ("/detokenize", {"model": "demo", "tokens": [1]}),
        ("/apply-template", CHAT),
    ):
        assert closed.post(path, body).status_code == 401
        assert closed.post(path, body, headers={"x-api-key": key}).status_code == 200
    assert closed.client.head("/").status_code == 401
    assert closed.client.head("/", headers={"x-api-key": key}).status_code == 200


def test_json_is_all_that_is_taken(server: Server) -> None:
    response = server.client.post("/tokenize", content=json.dumps({"model": "demo", "prompt": "x"}))
    assert response.status_code == 415
