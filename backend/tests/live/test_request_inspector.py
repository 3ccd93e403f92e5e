"""Requests are told of, and ended by an administrator, however far they are."""

import json
import socket
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.live.inspecting import asked, cancel, cancelled, view, wait_phase
from tests.live.server import (
    ENDLESS,
    Server,
    endless_chat,
    endless_completion,
    endless_message,
    endless_response,
    wait_until,
)

DIALECTS = [
    pytest.param("/v1/chat/completions", endless_chat, id="chat"),
    pytest.param("/v1/completions", endless_completion, id="completions"),
    pytest.param("/v1/responses", endless_response, id="responses"),
    pytest.param("/v1/messages", endless_message, id="messages"),
]
STREAMING = pytest.mark.parametrize("streaming", [False, True], ids=["whole", "stream"])
SYSTEM = {"role": "system", "content": "Answer in one short sentence."}
TURNS = [
    {"role": "assistant" if number % 2 else "user", "content": f"This is turn number {number}."}
    for number in range(15)
]


def new_id() -> str:
    return f"asked-{uuid.uuid4().hex}"


def check_free(server: Server) -> None:
    """Nothing is held for a request any more, and the next one works."""
    server.wait_idle()
    models = server.client.get("/admin/models").json()["data"]
    assert sum(model["leases"] for model in models) == 0
    answer = server.post("/v1/completions", endless_completion(max_tokens=3))
    assert answer.json()["usage"]["completion_tokens"] == 3


@STREAMING
@pytest.mark.parametrize(("path", "body"), DIALECTS)
def test_one_that_writes_can_be_cancelled(server: Server, path: str, body: Any, streaming: bool) -> None:
    writes = asked(server, path, body(), new_id(), stream=streaming)
    before = writes.wait_phase("writing")
    assert before["is_running"]
    assert before["is_stream"] is streaming
    assert (before["model"], before["model_id"], before["user_name"]) == (ENDLESS, ENDLESS, "owner")
    assert (before["key_id"], before["status"]) == (None, None)
    status = 200 if streaming else 409
    told = writes.cancel()
    assert told["status"] == status
    assert told["row_id"] == before["row_id"]
    assert told["completion_tokens"] >= before["completion_tokens"] > 0
    writes.check_error(status)
    check_free(server)


@STREAMING
def test_one_that_reads_can_be_cancelled(server: Server, streaming: bool) -> None:
    body = endless_completion(prompt="Hello " * 20_000, max_tokens=4, cache_salt=new_id())
    reads = asked(server, "/v1/completions", body, new_id(), stream=streaming)
    told = reads.wait_phase("reading")
    assert 0 < told["read_tokens"] < told["prompt_tokens"]
    assert told["prefill_s"] is None
    assert told["queue_s"] > 0
    assert reads.cancel()["completion_tokens"] == 0
    reads.check_error(200 if streaming else 409)
    check_free(server)


def test_one_whose_body_has_not_come_can_be_cancelled(server: Server) -> None:
    request_id = new_id()
    head = (
        "POST /v1/messages HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"X-Request-Id: {request_id}\r\nContent-Length: 1000\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", server.port), 60) as connection:
        connection.sendall(f'{head}{{"model": '.encode())
        wait_phase(server, request_id, "waiting")
        assert cancelled(cancel(server, request_id))["status"] == 409
        answer = connection.recv(65_536).decode()
    assert answer.startswith("HTTP/1.1 409 ")
    error = json.loads(answer.partition("\r\n\r\n")[2])
    assert (error["type"], error["error"]["code"]) == ("error", "cancelled")
    check_free(server)


@pytest.mark.full
def test_a_client_that_reads_nothing_holds_nothing(server: Server) -> None:
    """Its connection is full, so it can be told only later; what it held is given back at once."""
    request_id = new_id()
    body = json.dumps(endless_chat(stream=True, n=2, logprobs=True, top_logprobs=20)).encode()
    head = (
        "POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"X-Request-Id: {request_id}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.settimeout(60)
        connection.connect(("127.0.0.1", server.port))
        connection.sendall(head.encode() + body)
        wait_until(lambda: is_stuck(server, request_id), "nothing more can be sent")
        cancelled(cancel(server, request_id))
        check_free(server)
        received = b""
        while piece := connection.recv(65_536):
            received += piece
    last = received.rstrip(b"\r\n0").rpartition(b"data: ")[2].decode()
    assert '"code":"cancelled"' in last, last[-500:]


def is_stuck(server: Server, request_id: str) -> bool:
    """Whether a stream has written something and goes on no more."""
    counts = set()

    def note() -> bool:
        counts.add(view(server, request_id).get("completion_tokens", 0))
        return True

    for _ in range(5):
        wait_until(note, "it is looked at")
        server.post("/v1/completions", endless_completion(max_tokens=2))
    return counts != {0} and len(counts) == 1


def test_all_of_one_id_are_ended_or_one_by_its_own(server: Server) -> None:
    request_id = new_id()
    several = [
        asked(server, "/v1/completions", endless_completion(), request_id, stream=True) for _ in range(3)
    ]
    views = wait_until(lambda: of_id if len(of_id := writing(server, request_id)) == 3 else None, "all write")
    assert cancel(server, views[1]["row_id"]).json()["row_id"] == views[1]["row_id"]
    left = [one["row_id"] for one in running(server) if one["id"] == request_id]
    assert left == [views[0]["row_id"], views[2]["row_id"]]
    several[0].cancel()
    for one in several:
        one.check_error(200)
    assert not [one for one in running(server) if one["id"] == request_id]
    refused = cancel(server, request_id)
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "conflict")
    check_free(server)


def writing(server: Server, request_id: str) -> list[dict[str, Any]]:
    """Those of this id whose answers come."""
    return [one for one in running(server) if one["id"] == request_id and one["phase"] == "writing"]


def running(server: Server) -> list[dict[str, Any]]:
    """What runs, newest first."""
    views = server.client.get("/admin/requests").json()["data"]
    arrived = [one["arrived"] for one in views]
    assert arrived == sorted(arrived, reverse=True)
    return [one for one in views if one["is_running"]]


def test_what_is_not_known(server: Server) -> None:
    for answer in (server.client.get("/admin/requests/nothing"), cancel(server, "nothing")):
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")


@pytest.mark.parametrize("request_id", ["a/b", "a%2Fb?c=d", "req#1", "inf_x/cancel"])
def test_ids_as_clients_may_choose_them(server: Server, request_id: str) -> None:
    body = endless_completion(max_tokens=2)
    assert server.post("/v1/completions", body, headers={"x-request-id": request_id}).status_code == 200
    sent = "".join(f"%{ord(sign):02X}" for sign in request_id)
    assert server.client.get(f"/admin/requests/{sent}").json()["id"] == request_id
    assert cancel(server, sent).json()["error"]["code"] == "conflict"


@pytest.mark.parametrize("changed", [0, 5, 14])
def test_a_detail_says_what_cache_debug_says(server: Server, changed: int) -> None:
    """Wherever the prompt differs; and without a word of it, unless the request asked for that."""
    salt = uuid.uuid4().hex
    turns = [
        turn | {"content": f"Secret {turn['content']}"} if at == changed else turn
        for at, turn in enumerate(TURNS)
    ]
    body = {"model": "demo", "max_tokens": 2, "temperature": 0, "cache_salt": salt}
    texts: dict[bool, dict[str, Any]] = {}
    for wants in (False, True):
        apart = body | {"cache_salt": f"{salt}-{wants}"}
        ask(server, apart | {"messages": [SYSTEM, *TURNS]})
        answer, shown = ask(server, apart | {"messages": [SYSTEM, *turns], "cache_debug": wants})
        assert ("cache_debug" in answer) is wants
        texts[wants] = shown["cache"]
        if wants:
            assert answer["cache_debug"].items() <= shown["cache"].items()
            assert answer["cache_debug"]["prompt_text"].startswith("S")
        else:
            assert "Secret" not in json.dumps(shown)
    assert (texts[False]["message_index"], texts[False]["message_unknown"]) == (changed + 1, None)
    assert texts[False]["role"] == ("user" if changed % 2 == 0 else "assistant")
    assert texts[False] | {"prompt_text": None, "stored_text": None} == texts[False]
    del texts[True]["prompt_text"], texts[True]["stored_text"]
    assert texts[True].items() <= texts[False].items()


def ask(server: Server, body: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The answer to a conversation, and what is told of the request."""
    request_id = new_id()
    answer = server.post("/v1/chat/completions", body, headers={"x-request-id": request_id})
    assert answer.status_code == 200, answer.text
    with ThreadPoolExecutor(2) as threads:  # two who look at once
        first, second = threads.map(lambda _: view(server, request_id), range(2))
    assert first == second == view(server, request_id)
    return answer.json(), first
