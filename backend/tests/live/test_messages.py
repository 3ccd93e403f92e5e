"""Anthropic's dialect: its own SDK, plain HTTP for what that does not send, and Claude Code's turns."""

import json
import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import anthropic
import httpx
import pytest
from anthropic import Anthropic
from anthropic.types import Message

from tests import claude_code
from tests.live.conftest import StartServer
from tests.live.server import DEADLINE_S, ENDLESS, Server, wait_until

PATH = "/v1/messages"
COUNT = "/v1/messages/count_tokens"
QUESTION = {"role": "user", "content": "What is MLX Manager?"}
ASKED: dict[str, Any] = {"model": "demo", "max_tokens": 64, "messages": [QUESTION]}
GREEDY = {"temperature": 0}
ENDLESSLY: dict[str, Any] = {
    "model": ENDLESS,
    "max_tokens": 60_000,
    "messages": [{"role": "user", "content": "Hello"}],
}
HOT = {"temperature": 1, "seed": 1}


def sdk(server: Server, **options: Any) -> Anthropic:
    credential = options or {"api_key": "unused"}
    return Anthropic(base_url=server.base_url, max_retries=0, timeout=DEADLINE_S, **credential)


@pytest.fixture(scope="module")
def claude(server: Server) -> Iterator[Anthropic]:
    """Anthropic's own SDK, pointed at the shared server; it does not repeat failed requests."""
    with sdk(server) as client:
        yield client


def events(response: httpx.Response) -> list[dict[str, Any]]:
    """A stream's events to its end; each is named by its type."""
    assert response.status_code == 200, response.read()
    assert response.headers["content-type"].startswith("text/event-stream")
    name, found = "", []
    for line in response.iter_lines():
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line:
            found.append(json.loads(line.removeprefix("data: ")))
            assert found[-1]["type"] == name
    return found


def streamed(server: Server, body: dict[str, Any]) -> list[dict[str, Any]]:
    with server.client.stream("POST", PATH, json=body | {"stream": True}) as response:
        return events(response)


def post(server: Server, body: dict[str, Any], path: str = PATH, **options: Any) -> dict[str, Any]:
    response = server.post(path, body, **options)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


def prompt_tokens(usage: dict[str, Any]) -> int:
    kinds = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
    return sum(usage[kind] for kind in kinds)


def text_of(message: Any) -> str:
    return "".join(block.text for block in message.content if block.type == "text")


@pytest.mark.parametrize("fields", [GREEDY, GREEDY | {"thinking": {"type": "enabled"}}, HOT])
def test_the_sdk_gets_the_same_both_ways(claude: Anthropic, fields: dict[str, Any]) -> None:
    whole = claude.messages.create(**ASKED, extra_body=fields)
    Message.model_validate(whole.model_dump(exclude_unset=True), strict=True)
    with claude.messages.stream(**ASKED, extra_body=fields) as stream:
        final = stream.get_final_message()
    assert [block.to_dict() for block in final.content] == [block.to_dict() for block in whole.content]
    assert (final.stop_reason, final.stop_sequence) == (whole.stop_reason, whole.stop_sequence)
    assert text_of(whole)
    for message in (whole, final):
        usage = message.usage.to_dict()
        assert (
            prompt_tokens(usage)
            == claude.messages.count_tokens(
                model="demo", messages=ASKED["messages"], extra_body={"thinking": fields.get("thinking")}
            ).input_tokens
        )
    assert final.usage.output_tokens == whole.usage.output_tokens
    assert any(block.type == "thinking" for block in whole.content) == ("thinking" in fields)


def test_thinking_is_switched_and_comes_back(claude: Anthropic) -> None:
    thought = claude.messages.create(**ASKED, thinking={"type": "adaptive"}, extra_body=GREEDY)
    assert thought.content[0].type == "thinking"
    assert thought.content[0].signature
    plain = claude.messages.create(**ASKED, thinking={"type": "disabled"}, extra_body=GREEDY)
    assert [block.type for block in plain.content] == ["text"]
    more = [QUESTION, {"role": "assistant", "content": thought.content}, QUESTION]
    again = claude.messages.create(model="demo", max_tokens=8, messages=more)
    assert again.usage.output_tokens > 0


def test_stop_sequences(claude: Anthropic) -> None:
    full = text_of(claude.messages.create(**ASKED, extra_body=GREEDY))
    word = full.split()[3]
    stopped = claude.messages.create(**ASKED, stop_sequences=["never", word], extra_body=GREEDY)
    assert (stopped.stop_reason, stopped.stop_sequence) == ("stop_sequence", word)
    assert text_of(stopped) == full[: full.index(word)]


def test_why_an_answer_ends(claude: Anthropic) -> None:
    short = claude.messages.create(**ASKED | {"max_tokens": 2}, extra_body=GREEDY)
    assert (short.stop_reason, short.stop_sequence, short.usage.output_tokens) == ("max_tokens", None, 2)
    # More than the window holds is cut to it.
    long = claude.messages.create(**ASKED | {"max_tokens": 128_000}, extra_body=GREEDY)
    assert long.stop_reason == "end_turn"


def test_a_prefill_is_gone_on_with(claude: Anthropic) -> None:
    full = text_of(claude.messages.create(**ASKED, extra_body=GREEDY))
    begun = " ".join(full.split()[:4])
    messages = [QUESTION, {"role": "assistant", "content": begun}]
    rest = claude.messages.create(**ASKED | {"messages": messages}, extra_body=GREEDY)
    assert full.startswith((begun + text_of(rest))[: len(full)])
    assert len(text_of(rest)) > 10
    with pytest.raises(anthropic.BadRequestError, match="cannot end with trailing whitespace"):
        claude.messages.create(**ASKED | {"messages": [QUESTION, {"role": "assistant", "content": "It "}]})


def test_errors_by_the_sdk(claude: Anthropic) -> None:
    with pytest.raises(anthropic.NotFoundError) as missing:
        claude.messages.create(**ASKED | {"model": "no-such-model"})
    body: Any = missing.value.body
    assert body["error"]["type"] == "not_found_error"
    assert missing.value.request_id == body["request_id"]
    with pytest.raises(anthropic.BadRequestError) as long:
        claude.messages.create(**ASKED | {"messages": [{"role": "user", "content": "word " * 6000}]})
    assert "prompt is too long: " in str(long.value)
    assert " tokens > 4095 maximum" in str(long.value)


def check_error(response: httpx.Response, status: int, kind: str, param: str | None) -> None:
    """Anthropic's envelope, with the request's id in it and in both headers."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/json"
    body = response.json()
    assert set(body) == {"type", "error", "request_id"}
    assert (body["type"], body["error"]["type"], body["error"]["param"]) == ("error", kind, param)
    assert body["request_id"] == response.headers["request-id"] == response.headers["x-request-id"]


BAD: list[tuple[dict[str, Any], str]] = [
    ({"max_tokens": None}, "max_tokens"),
    ({"messages": []}, "messages"),
    ({"messages": [{"role": "robot", "content": "x"}]}, "messages.0.role"),
    ({"messages": [{"role": "user", "content": [{"type": "image", "source": {}}]}]}, "messages.0.content.0"),
    ({"temperature": 1.5}, "temperature"),
    ({"tool_choice": {"type": "any"}}, "tool_choice"),
    ({"output_config": {"format": {"type": "json_schema", "schema": {}}}}, "output_config.format"),
]


@pytest.mark.parametrize(("fields", "param"), BAD)
@pytest.mark.parametrize("stream", [False, True])
def test_refused_before_the_first_byte(
    server: Server, fields: dict[str, Any], param: str, stream: bool
) -> None:
    for path in (PATH, COUNT):
        if (path, param) == (COUNT, "max_tokens"):
            continue
        refused = server.post(path, ASKED | fields | {"stream": stream})
        check_error(refused, 400, "invalid_request_error", param)


def test_bodies_and_routes_that_are_none(server: Server) -> None:
    for path in (PATH, COUNT):
        check_error(server.client.post(path, content=b"{"), 415, "invalid_request_error", None)
        headers = {"Content-Type": "application/json"}
        broken = server.client.post(path, content=b"{", headers=headers)
        check_error(broken, 400, "invalid_request_error", None)
        check_error(server.client.get(path), 405, "invalid_request_error", None)
    check_error(server.client.post(f"{PATH}/nothing"), 404, "not_found_error", None)
    without = {name: value for name, value in ASKED.items() if name != "max_tokens"}
    check_error(server.post(PATH, without), 400, "invalid_request_error", "max_tokens")


def test_a_stream_of_events(server: Server) -> None:
    body = ASKED | GREEDY | {"cache_debug": True, "max_tokens": 5}
    start, ping, *_, delta, stop = streamed(server, body)
    assert (ping, stop) == ({"type": "ping"}, {"type": "message_stop"})
    usage = start["message"]["usage"]
    assert prompt_tokens(usage) == prompt_tokens(delta["usage"])
    assert usage["output_tokens"] == 0
    assert delta["usage"]["output_tokens"] == 5
    assert delta["timings"]["total_ms"] > 0
    assert delta["cache_debug"]["prompt_tokens"] == prompt_tokens(usage)
    whole = post(server, body)
    assert whole["timings"]["total_ms"] > 0
    assert whole["cache_debug"]["cached_tokens"] == whole["usage"]["cache_read_input_tokens"]


def test_headers(server: Server) -> None:
    fields = {"metadata": {"user_id": "u"}, "service_tier": "auto", "output_config": {"effort": "low"}}
    for stream in (False, True):
        headers = {"anthropic-version": "2031-01-01", "anthropic-beta": "x-2031-01-01,y", "x-request-id": "q"}
        answer = server.post(f"{PATH}?beta=true", ASKED | fields | {"stream": stream}, headers=headers)
        assert answer.status_code == 200
        assert answer.headers["request-id"] == answer.headers["x-request-id"]
        named = set(answer.headers["x-ignored-fields"].split(", "))
        assert {"metadata", "service_tier"} <= named
    counted = server.post(COUNT, ASKED | fields)
    assert counted.headers["request-id"] == counted.headers["x-request-id"]
    assert "metadata" in counted.headers["x-ignored-fields"]


@pytest.mark.parametrize(
    "thinking", [{}, [], "high", {"type": "new"}, {"type": "enabled", "budget_tokens": 0}]
)
def test_no_thinking_and_no_effort_is_fatal(server: Server, thinking: Any) -> None:
    for config in ({"effort": thinking}, thinking if isinstance(thinking, list) else {"x": 1}):
        body = ASKED | {"max_tokens": 1, "thinking": thinking, "output_config": config}
        assert post(server, body)["usage"]["output_tokens"] == 1


READ = claude_code.READ
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


def test_bursts_of_counts_load_nothing(start_server: StartServer) -> None:
    server = start_server({"MLX_SERVER_PRELOAD": "[]"})
    body = {"model": "demo", "messages": [QUESTION]}
    with ThreadPoolExecutor(24) as threads:
        counts = list(threads.map(lambda _: post(server, body, COUNT)["input_tokens"], range(72)))
    assert len(set(counts)) == 1
    assert server.client.get("/v1/models/demo").json()["status"] == "unloaded"
    assert not server.workers()
    assert server.num_running() == 0
    assert prompt_tokens(post(server, ASKED)["usage"]) == counts[0]


def test_leaving_a_stream_ends_it(server: Server, claude: Anthropic) -> None:
    with claude.messages.stream(**ENDLESSLY, extra_body=HOT) as stream:
        pieces = [piece for piece, _ in zip(stream.text_stream, range(5), strict=False)]
    assert len(pieces) == 5
    server.wait_idle()


def test_leaving_a_whole_answer_ends_it(server: Server) -> None:
    with pytest.raises(httpx.ReadTimeout):
        server.client.post(PATH, json=ENDLESSLY | HOT, timeout=httpx.Timeout(DEADLINE_S, read=0.5))
    server.wait_idle()


def test_one_who_leaves_the_queue_leaves_the_others_alone(start_server: StartServer) -> None:
    settings = {"MLX_SERVER_MAX_CONCURRENT_REQUESTS": "1", "MLX_SERVER_PRELOAD": f'["{ENDLESS}"]'}
    server = start_server(settings)
    with sdk(server) as client, client.messages.stream(**ENDLESSLY, extra_body=HOT) as stream:
        next(iter(stream.text_stream))

        def engine() -> tuple[int, int]:
            health = server.engine()
            assert health is not None
            return health["num_running"], health["num_waiting"]

        def wait_in_queue(*, streaming: bool) -> None:
            timeout = httpx.Timeout(DEADLINE_S, read=1)
            body = ENDLESSLY | HOT | {"stream": streaming}
            with (
                pytest.raises(httpx.ReadTimeout),
                httpx.Client(base_url=server.base_url, timeout=timeout, trust_env=False) as leaver,
                leaver.stream("POST", PATH, json=body) as response,
            ):
                assert "content_block_start" not in response.read().decode()

        for streaming in (False, True):
            waiter = threading.Thread(target=wait_in_queue, kwargs={"streaming": streaming})
            waiter.start()
            wait_until(lambda: engine() == (1, 1), "the second request is in the queue")
            waiter.join()
            wait_until(lambda: engine() == (1, 0), "the queue is empty")
        assert next(iter(stream.text_stream))
    server.wait_idle()


def test_an_answer_that_takes_too_long_ends_with_an_error(server: Server, claude: Anthropic) -> None:
    late = ENDLESSLY | HOT | {"timeout": 0.7}
    post(server, late | {"timeout": 60, "max_tokens": 1})  # the model is resident from here on
    *_, before, error = streamed(server, late)
    assert before["type"] == "content_block_delta"
    assert (error["type"], error["error"]["type"]) == ("error", "timeout_error")
    assert error["error"]["code"] == "deadline_exceeded"
    assert error["request_id"].startswith("req_")
    check_error(server.post(PATH, late), 504, "timeout_error", None)
    with (
        pytest.raises(anthropic.APIStatusError, match="was not complete"),
        claude.messages.stream(**ENDLESSLY, extra_body=HOT | {"timeout": 0.7}) as stream,
    ):
        stream.until_done()
    server.wait_idle()


def test_a_claude_code_conversation_reads_on(server: Server) -> None:
    salt = uuid.uuid4().hex
    first = first_answer(server, salt)
    blocks = first["content"]
    before = prompt_tokens(first["usage"])
    assert first["usage"]["cache_read_input_tokens"] == 0
    said = [claude_code.text("And what is its licence?", marked=True)]
    body = claude_code.second_turn(blocks, said, salt=salt, tools=())
    second = post(server, body, claude_code.PATH, headers=claude_code.HEADERS)
    usage = second["usage"]
    # All of the first prompt, but for the call for the answer, which may be kept with it or not.
    assert usage["cache_read_input_tokens"] >= before - 4
    assert usage["input_tokens"] <= prompt_tokens(usage) - before + 4
    again = post(server, body, claude_code.PATH)
    assert again["usage"]["input_tokens"] == 1
    assert again["content"] == second["content"]


def first_answer(server: Server, salt: str) -> dict[str, Any]:
    body = claude_code.first_turn(salt=salt, tools=())
    counted = post(server, body, f"{COUNT}?beta=true", headers=claude_code.HEADERS)
    answer = server.post(claude_code.PATH, body, headers=claude_code.HEADERS)
    assert answer.status_code == 200, answer.text
    named = answer.headers["x-ignored-fields"].split(", ")
    assert {"system.0", "metadata", "context_management", "output_config.effort"} <= set(named)
    whole: dict[str, Any] = answer.json()
    assert prompt_tokens(whole["usage"]) == counted["input_tokens"]
    assert whole["stop_reason"] == "end_turn"
    return whole
