"""The Responses API through OpenAI's own SDK: answered, stored, gone on from, cancelled."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from openai import APIStatusError, BadRequestError, ConflictError, InternalServerError, NotFoundError, OpenAI
from openai.types.responses import Response

from tests.agent_turns import ANSWER, FIRST, RESULTS, request
from tests.live.accounts import make_key, make_user
from tests.live.conftest import StartServer
from tests.live.server import DEADLINE_S, ENDLESS, Server, wait_until

QUESTION = "What is MLX Manager?"
UNKNOWN = f"resp_{'0' * 32}"


def sdk(server: Server, key: str = "unused") -> OpenAI:
    return OpenAI(base_url=f"{server.base_url}/v1", api_key=key, max_retries=0, timeout=DEADLINE_S)


def ask(client: OpenAI, question: Any = QUESTION, **fields: Any) -> Response:
    """A short answer, the same every time."""
    asked: dict[str, Any] = {"model": "demo", "max_output_tokens": 24, "temperature": 0} | fields
    answer: Response = client.responses.create(input=question, **asked)
    return answer


def what_was_said(answer: Response) -> tuple[Any, ...]:
    """The parts of an answer that another run of the same has, too; what was cached differs."""
    usage = answer.usage
    assert usage is not None
    said = [item.to_dict() for item in answer.output]
    for item in said:
        del item["id"]
    return said, answer.status, answer.incomplete_details, usage.input_tokens, usage.output_tokens


def refusal(error: APIStatusError) -> tuple[int, Any, Any, str]:
    """Status, code, param and message, from OpenAI's envelope."""
    body: Any = error.body
    return error.status_code, body["code"], body["param"], body["message"]


@pytest.fixture(scope="module")
def harmed(tmp_path_factory: pytest.TempPathFactory, endless_dir: Path) -> Iterator[Server]:
    """A server for tests that harm it and make it whole again."""
    env = {"MLX_SERVER_MODEL_DIRS": json.dumps([str(endless_dir)])}
    with Server(tmp_path_factory.mktemp("harmed"), env) as running:
        yield running


class Endless:
    """A response that goes on until somebody ends it, as its stream."""

    def __init__(self, client: OpenAI, **fields: Any) -> None:
        self.events: Iterator[Any] = client.responses.create(
            model=ENDLESS,
            input="Hello",
            stream=True,
            max_output_tokens=60_000,
            temperature=2,
            extra_body={"seed": 1},
            **fields,
        )
        self.response_id = next(self.events).response.id
        for event in self.events:
            if event.type == "response.output_text.delta":
                break

    def leave(self) -> None:
        """Close the connection."""
        stream: Any = self.events
        stream.close()


def test_a_stream_says_what_a_whole_answer_says(client: OpenAI) -> None:
    whole = ask(client)
    assert whole.output_text
    with client.responses.stream(model="demo", input=QUESTION, max_output_tokens=24, temperature=0) as stream:
        events = list(stream)
        text = "".join(event.delta for event in events if event.type == "response.output_text.delta")
    last: Any = events[-1]
    assert last.type == "response.incomplete"
    assert what_was_said(last.response) == what_was_said(whole)
    assert text == whole.output_text
    assert [event.sequence_number for event in events] == list(range(len(events)))
    with client.responses.stream(model="demo", input=QUESTION, temperature=0) as stream:
        assert stream.get_final_response().output_text.startswith(text)


def test_a_conversation_by_its_last_response(client: OpenAI) -> None:
    first = ask(client, instructions="You are a helpful assistant.")
    second = ask(
        client, "And a profile?", previous_response_id=first.id, instructions="You are a helpful assistant."
    )
    third = ask(client, [], previous_response_id=second.id, max_output_tokens=4)
    assert (first.previous_response_id, second.previous_response_id) == (None, first.id)
    assert first.usage
    assert second.usage
    assert second.usage.input_tokens_details.cached_tokens >= first.usage.input_tokens
    items: list[Any] = [{"role": "user", "content": QUESTION}, *(item.to_dict() for item in first.output)]
    items.append({"role": "user", "content": "And a profile?"})
    whole = ask(client, items, instructions="You are a helpful assistant.", store=False)
    assert what_was_said(whole) == what_was_said(second)
    # Instructions are each response's own.
    items += [item.to_dict() for item in second.output]
    assert what_was_said(ask(client, items, max_output_tokens=4)) == what_was_said(third)


def test_items_by_reference(client: OpenAI) -> None:
    first = ask(client)
    reference = {"type": "item_reference", "id": first.output[0].id}
    user = {"role": "user", "content": QUESTION}
    told = [user, first.output[0].to_dict(), user]
    referred = ask(client, [user, reference, user])
    assert what_was_said(referred) == what_was_said(ask(client, told))
    [_, kept, _] = list(client.responses.input_items.list(referred.id, order="asc"))
    assert kept.to_dict() == first.output[0].to_dict()
    with pytest.raises(NotFoundError) as caught:
        ask(client, [user, {"id": "msg_nothing"}])
    assert refusal(caught.value)[1:3] == ("not_found", "input.1.id")


def test_what_is_stored_is_what_was_answered(client: OpenAI, server: Server) -> None:
    metadata = {"purpose": "test ü"}
    answer = ask(client, metadata=metadata)
    assert answer.metadata == metadata
    assert client.responses.retrieve(answer.id) == answer
    raw = server.client.get(f"/v1/responses/{answer.id}").json()
    Response.model_validate(raw, strict=True)
    assert (raw["store"], raw["metadata"]) == (True, metadata)
    client.responses.delete(answer.id)
    for gone in (client.responses.retrieve, client.responses.delete, client.responses.cancel):
        with pytest.raises(NotFoundError) as caught:
            gone(answer.id)
        assert refusal(caught.value)[1:] == (
            "not_found",
            "response_id",
            f"no response has the id {answer.id}",
        )


def test_the_answer_to_a_deletion(client: OpenAI, server: Server) -> None:
    answer = ask(client)
    deleted = server.client.delete(f"/v1/responses/{answer.id}")
    assert deleted.json() == {"id": answer.id, "object": "response", "deleted": True}


def test_what_is_not_to_be_stored_is_not(client: OpenAI) -> None:
    answer = ask(client, store=False)
    with pytest.raises(NotFoundError):
        client.responses.retrieve(answer.id)
    with pytest.raises(NotFoundError) as caught:
        ask(client, previous_response_id=answer.id)
    assert refusal(caught.value)[1:3] == ("not_found", "previous_response_id")


@pytest.mark.parametrize("name", [UNKNOWN, "resp_1", "nonsense'; --", "resp_\x00", "x" * 5000])
def test_unknown_ids(client: OpenAI, name: str) -> None:
    responses = client.responses
    for use in (responses.retrieve, responses.delete, responses.cancel, responses.input_items.list):
        with pytest.raises(NotFoundError) as caught:
            use(name)
        assert refusal(caught.value)[1:3] == ("not_found", "response_id")
    with pytest.raises(NotFoundError) as caught:
        ask(client, previous_response_id=name)
    assert refusal(caught.value)[1:3] == ("not_found", "previous_response_id")


def test_input_items(client: OpenAI, server: Server) -> None:
    sent: list[Any] = [
        {"role": "user", "content": str(number), "id": f"msg_{number}"} for number in range(23)
    ]
    answer = ask(client, [*sent, {"role": "user", "content": "last"}])
    page = client.responses.input_items.list(answer.id)
    assert len(page.data) == 20
    assert page.has_next_page()
    listed = list(page)
    assert [item.id for item in listed[1:]] == [f"msg_{number}" for number in reversed(range(23))]
    assert listed[0].to_dict()["content"] == [{"type": "input_text", "text": "last"}]
    raw = server.client.get(
        f"/v1/responses/{answer.id}/input_items", params={"order": "asc", "limit": 2, "after": "msg_3"}
    ).json()
    assert [item["id"] for item in raw["data"]] == ["msg_4", "msg_5"]
    assert (raw["object"], raw["first_id"], raw["last_id"], raw["has_more"]) == (
        "list",
        "msg_4",
        "msg_5",
        True,
    )


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ({"limit": 0}, "limit"),
        ({"limit": 101}, "limit"),
        ({"order": "sideways"}, "order"),
        ({"after": "msg_nothing"}, "after"),
    ],
)
def test_refused_pages(client: OpenAI, query: dict[str, Any], param: str) -> None:
    answer = ask(client, max_output_tokens=1)
    with pytest.raises(BadRequestError) as caught:
        client.responses.input_items.list(answer.id, **query)
    assert refusal(caught.value)[1:3] == ("invalid_request", param)


def test_a_stored_response_is_not_streamed(client: OpenAI) -> None:
    answer = ask(client, max_output_tokens=1)
    with pytest.raises(BadRequestError) as caught:
        client.responses.retrieve(answer.id, stream=True)
    assert refusal(caught.value)[1:3] == ("unsupported_field", "stream")


def test_a_running_response_is_seen_and_cancelled(server: Server, client: OpenAI) -> None:
    running = Endless(client)
    seen = client.responses.retrieve(running.response_id)
    assert seen.status == "in_progress"
    assert seen.output_text
    assert [item.type for item in client.responses.input_items.list(running.response_id)] == ["message"]
    with pytest.raises(ConflictError):
        client.responses.delete(running.response_id)
    with pytest.raises(ConflictError):
        ask(client, previous_response_id=running.response_id)
    cancelled = client.responses.cancel(running.response_id)
    assert cancelled.status == "cancelled"
    *_, last = running.events
    assert (last.type, last.response.status) == ("response.incomplete", "cancelled")
    assert last.response.output_text.startswith(seen.output_text)
    assert client.responses.retrieve(running.response_id) == last.response
    with pytest.raises(BadRequestError) as caught:
        client.responses.cancel(running.response_id)
    assert "is cancelled" in refusal(caught.value)[3]
    server.wait_idle()
    assert "cancelled on request" in server.log


def test_one_that_has_ended_cannot_be_cancelled(client: OpenAI) -> None:
    answer = ask(client, max_output_tokens=1)
    with pytest.raises(BadRequestError) as caught:
        client.responses.cancel(answer.id)
    assert "has ended and is incomplete" in refusal(caught.value)[3]


def test_one_that_is_not_stored_can_be_cancelled(server: Server, client: OpenAI) -> None:
    running = Endless(client, store=False)
    assert client.responses.cancel(running.response_id).status == "cancelled"
    *_, last = running.events
    assert last.response.status == "cancelled"
    with pytest.raises(NotFoundError):
        client.responses.retrieve(running.response_id)
    server.wait_idle()


def is_unknown(client: OpenAI, response_id: str) -> bool:
    try:
        client.responses.retrieve(response_id)
    except NotFoundError:
        return True
    return False


def test_a_client_that_leaves_leaves_nothing(server: Server, client: OpenAI) -> None:
    running = Endless(client)
    running.leave()
    server.wait_idle()
    wait_until(lambda: is_unknown(client, running.response_id), "the response is gone")


def test_an_agent_that_keeps_its_items(client: OpenAI, server: Server) -> None:
    """Its second turn reads again only what is new."""
    first, second = request(*FIRST), request(*FIRST, *ANSWER, *RESULTS)
    limits = {"stream": False, "max_output_tokens": 4}
    answers = [server.post("/v1/responses", body | limits).json() for body in (first, second)]
    asked, asked_again = (answer["usage"] for answer in answers)
    assert asked_again["input_tokens_details"]["cached_tokens"] >= asked["input_tokens"]
    for answer in answers:
        Response.model_validate(answer, strict=True)
        with pytest.raises(NotFoundError):
            client.responses.retrieve(answer["id"])


def test_a_call_in_one_response_and_its_result_in_the_next(client: OpenAI) -> None:
    user = {"role": "user", "content": "What is 2 and 3?"}
    call = {"type": "function_call", "call_id": "c1", "name": "add", "arguments": '{"a": 2, "b": 3}'}
    output = {"type": "function_call_output", "call_id": "c1", "output": "5"}
    before = ask(client, [user, call])
    items: list[Any] = [user, call, *(item.to_dict() for item in before.output), output]
    assert what_was_said(ask(client, [output], previous_response_id=before.id)) == what_was_said(
        ask(client, items)
    )
    with pytest.raises(BadRequestError) as caught:
        ask(client, [output])
    assert refusal(caught.value)[2] == "input.0.call_id"


def test_ignored_fields_are_named(server: Server) -> None:
    body = {
        "model": "demo",
        "input": "Hi",
        "max_output_tokens": 1,
        "prompt_cache_key": "k",
        "truncation": "auto",
    }
    answer = server.post("/v1/responses", body | {"reasoning": {"effort": "low", "summary": "auto"}})
    named = answer.headers["x-ignored-fields"].split(", ")
    assert {"prompt_cache_key", "truncation", "reasoning.summary"} <= set(named)


def test_errors_come_before_the_first_byte(client: OpenAI) -> None:
    for fields in ({"model": "nothing"}, {"background": True}, {"previous_response_id": UNKNOWN}):
        with pytest.raises(APIStatusError) as caught:
            ask(client, stream=True, **fields)
        assert refusal(caught.value)[2] == next(iter(fields))


def test_users_see_their_own(start_server: StartServer) -> None:
    server = start_server({"MLX_SERVER_REQUIRE_AUTH": "true"}, wait_ready=False)
    keys = []
    for name in ("ada", "bob"):
        make_user(server.home, name, "a long password of a user")
        keys.append(make_key(server.home, name, "--user", name)["key"])
    second = make_key(server.home, "another", "--user", "ada")["key"]
    ada, bob, same = (sdk(server, key) for key in (*keys, second))
    wait_until(lambda: ready(server, keys[0]), "the server is ready")
    answer = ask(ada)
    assert same.responses.retrieve(answer.id) == answer
    known, unknown = [], []
    for name, refusals in ((answer.id, known), (UNKNOWN, unknown)):
        uses: list[Any] = [
            bob.responses.retrieve,
            bob.responses.cancel,
            bob.responses.delete,
            bob.responses.input_items.list,
            lambda name: ask(bob, previous_response_id=name),
        ]
        for use in uses:
            with pytest.raises(NotFoundError) as caught:
                use(name)
            refusals.append([str(part).replace(name, "ID") for part in refusal(caught.value)])
    assert known == unknown
    with pytest.raises(NotFoundError):
        ask(bob, [{"role": "user", "content": "x"}, {"id": answer.output[0].id}])
    running = Endless(ada)
    for use in uses:
        with pytest.raises(NotFoundError):
            use(running.response_id)
    assert same.responses.cancel(running.response_id).status == "cancelled"
    assert ask(same, previous_response_id=answer.id).previous_response_id == answer.id


def ready(server: Server, key: str) -> bool:
    headers = {"Authorization": f"Bearer {key}"}
    return (
        httpx.get(
            f"{server.base_url}/ready", headers=headers, timeout=DEADLINE_S, trust_env=False
        ).status_code
        == 200
    )


@pytest.mark.full
def test_nothing_is_kept_where_nothing_is_to_be(start_server: StartServer) -> None:
    server = start_server({"MLX_SERVER_RESPONSES_DAYS": "0"})
    client = sdk(server)
    answer = ask(client)
    with pytest.raises(NotFoundError):
        client.responses.retrieve(answer.id)
    with pytest.raises(NotFoundError):
        ask(client, previous_response_id=answer.id)
    body = {"model": "demo", "input": "Hi", "max_output_tokens": 1}
    assert "x-ignored-fields" not in server.post("/v1/responses", body).headers
    stated = server.post("/v1/responses", body | {"store": True})
    assert (stated.headers["x-ignored-fields"], stated.json()["store"]) == ("store", False)
    running = Endless(client)
    assert client.responses.cancel(running.response_id).status == "cancelled"


def test_a_restart_keeps_them(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("restarted")
    with Server(folder) as server:
        answer = ask(sdk(server))
    with Server(folder) as server:
        client = sdk(server)
        assert client.responses.retrieve(answer.id) == answer
        assert ask(client, "And a profile?", previous_response_id=answer.id).output_text


@pytest.mark.full
def test_one_that_fails_says_so_and_is_stored(harmed: Server) -> None:
    client = sdk(harmed)
    running = Endless(client)
    for worker in harmed.workers():
        worker.kill()
    *_, done, last = running.events
    assert (done.type, done.item.status) == ("response.output_item.done", "incomplete")
    assert (last.type, last.response.error.code) == ("response.failed", "server_error")
    assert client.responses.retrieve(running.response_id) == last.response
    harmed.wait_idle()


@contextmanager
def without_a_table(server: Server) -> Iterator[None]:
    """The table of responses is not where it was."""

    def rename(before: str, after: str) -> None:
        with closing(sqlite3.connect(server.home / "mlx-manager.db")) as database, database:
            database.execute(f"ALTER TABLE {before} RENAME TO {after}")

    rename("stored_responses", "elsewhere")
    yield
    rename("elsewhere", "stored_responses")


def test_what_cannot_be_stored_is_not_answered(harmed: Server) -> None:
    client = sdk(harmed)
    answer = ask(client)
    with without_a_table(harmed):
        with pytest.raises(InternalServerError) as caught:
            ask(client)
        assert refusal(caught.value)[:2] == (503, "database_unavailable")
        with pytest.raises(InternalServerError):
            client.responses.retrieve(answer.id)
        *before, last = ask(client, stream=True)  # type: ignore[misc]
        assert last.type == "response.failed"
        assert last.response.error.code == "server_error"
        assert not any(event.type in ("response.completed", "response.incomplete") for event in before)
        assert ask(client, store=False).output_text == answer.output_text
    assert client.responses.retrieve(answer.id) == answer
    harmed.wait_idle()
