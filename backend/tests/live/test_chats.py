"""Live: chats whose answers a real model writes."""

import json
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.chats.talking import ENDLESS_TEXT, ROOT, Listener, Talk
from tests.live.manager import Manager
from tests.live.server import Server, wait_until

PASSWORD = "correct horse battery staple"
SHORT = {"temperature": 0, "max_tokens": 12}
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather of a city.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string", "enum": ["Paris"]}},
            "required": ["city"],
            "additionalProperties": False,
        },
    },
}
CALLED = {"type": "function", "function": {"name": "get_weather"}}


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory, endless_dir: Path) -> Iterator[tuple[Manager, Server]]:
    """A manager and a server of one home with an administrator, so that both are closed."""
    folder = tmp_path_factory.mktemp("chats")
    env = {"MLX_SERVER_MODEL_DIRS": json.dumps([str(endless_dir)])}
    with Server(folder, env) as server, Manager(folder, server.home) as manager:
        answer = manager.client.post("/api/v1/auth/setup", json={"name": "first", "password": PASSWORD})
        assert answer.status_code == 201, answer.text
        yield manager, server


@pytest.fixture
def manager(both: tuple[Manager, Server]) -> Manager:
    manager, _ = both
    # An access token is good for ten minutes, and a slow machine may take longer for all of this.
    assert manager.client.post("/api/v1/auth/refresh").status_code == 200
    return manager


@pytest.fixture
def talk(manager: Manager) -> Talk:
    """The administrator's chats."""
    return Talk(manager.client)


def sign_in(manager: Manager, name: str) -> tuple[httpx.Client, str]:
    """The browser of a new user, and their id."""
    body = {"name": name, "password": PASSWORD, "role": "user"}
    made = manager.client.post("/api/v1/users", json=body)
    assert made.status_code == 201, made.text
    browser = manager.browser()
    answer = browser.post("/api/v1/auth/sign-in", json={"name": name, "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    return browser, str(made.json()["id"])


def num_running(manager: Manager) -> int:
    """Requests that the server's engines work on, asked through the manager."""
    models = manager.client.get("/admin/models").json()["data"]
    return sum(model.get("leases", 0) for model in models)


def wait_idle(manager: Manager) -> None:
    wait_until(lambda: num_running(manager) == 0, "the server has let go")


def test_an_answer_is_seen_as_it_is_written(talk: Talk) -> None:
    chat = talk.endless(max_tokens=60)
    sent = talk.send(chat, "Tell me a story")
    message, answer = sent["message"], sent["answer"]
    assert (message["role"], message["status"], message["content"]) == ("user", "complete", "Tell me a story")
    assert (answer["role"], answer["status"], answer["parent_id"]) == ("assistant", "writing", message["id"])
    first, second = (talk.listen(chat, answer["id"]) for _ in range(2))
    end = first.wait()
    assert end.name == "end"
    assert second.wait().data == end.data
    whole = talk.message(chat, answer["id"])
    assert end.data == whole
    assert (whole["status"], whole["finish_reason"], whole["model"]) == ("complete", "length", "endless")
    assert first.text == second.text == whole["content"]
    assert [piece["number"] for piece in first.pieces] == list(range(len(first.pieces)))
    phases = [event.data["phase"] for event in first.events if event.name == "phase"]
    order = ["queued", "reading", "writing"]
    assert phases == sorted(phases, key=order.index)
    assert phases[-1] == "writing"
    usage = whole["usage"]
    assert usage["completion_tokens"] == 60
    assert usage["prompt_tokens"] > 0
    assert usage["tokens_per_second"] > 0
    assert 0 < usage["time_to_first_token_s"] <= usage["total_s"]


def test_a_reload_goes_on_where_it_was(talk: Talk) -> None:
    chat = talk.endless()
    answer = talk.send(chat)["answer"]["id"]
    before = talk.listen(chat, answer)
    before.wait_pieces(4)
    by_query = talk.listen(chat, answer, after=1)
    # A browser that connects again asks the same URL and says what it saw last.
    by_header = talk.listen(chat, answer, after=0, headers={"Last-Event-ID": "2"})
    by_header.wait_pieces(3)
    whole = talk.stop(chat, answer)
    assert (whole["status"], whole["finish_reason"]) == ("stopped", None)
    for listener in (before, by_query, by_header):
        assert listener.wait().data == whole
    assert before.text == whole["content"]
    assert by_query.pieces == before.pieces[2:]
    assert by_header.pieces == before.pieces[3:]
    again = talk.listen(chat, answer, after=1)
    assert again.wait().data == whole
    assert len(again.events) == 1


def test_who_stops_an_answer_keeps_it(talk: Talk, manager: Manager) -> None:
    chat = talk.endless()
    answer = talk.send(chat)["answer"]["id"]
    talk.listen(chat, answer).wait_pieces(1)
    stopped = talk.stop(chat, answer)
    assert stopped["status"] == "stopped"
    assert stopped["content"]
    wait_idle(manager)
    assert talk.stop(chat, answer) == stopped
    assert talk.message(chat, answer) == stopped


def test_an_answer_goes_on_without_listeners(talk: Talk) -> None:
    chat = talk.endless(max_tokens=40)
    answer = talk.send(chat)["answer"]["id"]
    with talk.client.stream("GET", f"{ROOT}/{chat}/messages/{answer}/events") as leaving:
        assert leaving.status_code == 200
    ended = talk.ended(chat, answer)
    assert (ended["status"], ended["usage"]["completion_tokens"]) == ("complete", 40)


def test_how_much_of_a_prompt_is_read(talk: Talk, manager: Manager) -> None:
    chat = talk.endless()
    answer = talk.send(chat, "All the words of a long prompt. " * 1_200)["answer"]["id"]
    listener = talk.listen(chat, answer)

    def shares() -> list[float]:
        phases = [event.data for event in listener.events if event.name == "phase"]
        return [phase["share"] for phase in phases if phase["phase"] == "reading"]

    wait_until(lambda: len(shares()) > 1, "the prompt is read")
    stopped = talk.stop(chat, answer)
    assert (stopped["status"], stopped["content"]) == ("stopped", "")
    listener.wait()
    assert shares() == sorted(shares())
    assert 0 < shares()[0] < 1
    wait_idle(manager)


def test_another_answer_and_other_words(talk: Talk) -> None:
    chat = talk.chat(parameters=SHORT)
    first = talk.ask(chat, "What is MLX Manager?")
    assert first["status"] == "complete"
    question = talk.message(chat, first["parent_id"])
    # Regenerated with chance: beside the first, which stays.
    body = {"parameters": {"temperature": 1.5, "seed": 3}}
    again = talk.call("POST", f"/{chat}/messages/{first['id']}/regenerate", body, 201)
    second = talk.ended(chat, again["answer"]["id"])
    assert again["message"]["id"] == question["id"]
    assert second["sibling_ids"] == [first["id"], second["id"]]
    assert second["sibling_index"] == 1
    follow_up = talk.ask(chat, "And who makes it?")
    # Edited: beside the question, with an answer of its own.
    edited = talk.call("POST", f"/{chat}/messages/{question['id']}/edit", {"content": "Hello!"}, 201)
    assert edited["message"]["sibling_ids"] == [question["id"], edited["message"]["id"]]
    talk.ended(chat, edited["answer"]["id"])
    shown = talk.call("GET", f"/{chat}")
    assert [message["id"] for message in shown["messages"]] == [
        edited["message"]["id"],
        edited["answer"]["id"],
    ]
    # The same question has the same answer; and back to the other branch, at its newest end.
    same = talk.call("POST", f"/{chat}/messages/{first['id']}/regenerate", {}, 201)
    assert talk.ended(chat, same["answer"]["id"])["content"] == first["content"]
    talk.call("PATCH", f"/{chat}", {"shown_message_id": second["id"]})
    path = [message["id"] for message in talk.call("GET", f"/{chat}")["messages"]]
    assert path == [question["id"], second["id"], follow_up["parent_id"], follow_up["id"]]
    assert len(talk.call("GET", f"/{chat}?all=true")["messages"]) == 8


def test_a_branch_is_a_chat_of_its_own(talk: Talk) -> None:
    chat = talk.chat(parameters=SHORT, system_prompt="Be brief.")
    first = talk.ask(chat, "What is 2 + 3?")
    talk.ask(chat, "And 2 + 4?")
    branch = talk.call("POST", f"/{chat}/branch", {"message_id": first["id"]}, 201)
    assert (branch["system_prompt"], branch["parameters"]) == ("Be brief.", SHORT)
    path = talk.call("GET", f"/{branch['id']}")["messages"]
    assert [message["content"] for message in path] == ["What is 2 + 3?", first["content"]]
    assert talk.ask(branch["id"], "And 2 + 5?")["status"] == "complete"
    assert len(talk.call("GET", f"/{chat}?all=true")["messages"]) == 4


def test_what_was_said_before_is_not_read_again(talk: Talk) -> None:
    chat = talk.chat(parameters=SHORT)
    talk.ask(chat, "What does the prefix cache do? " * 10)
    second = talk.ask(chat, "Why?")
    usage = second["usage"]
    assert usage["cached_tokens"] > usage["prompt_tokens"] / 2


def test_what_the_server_refuses_is_the_messages_error(talk: Talk) -> None:
    chat = talk.chat(parameters=SHORT)
    failed = talk.ask(chat, "Hi", parameters={"temperature": 7})
    assert failed["status"] == "failed"
    assert failed["content"] == ""
    assert (failed["error"]["code"], failed["error"]["param"]) == ("invalid_request", "temperature")
    lost = talk.ask(chat, "Hi", parent_id=failed["parent_id"], model="no-such-model")
    assert (lost["status"], lost["error"]["code"]) == ("failed", "model_not_found")
    again = talk.call("POST", f"/{chat}/messages/{failed['id']}/regenerate", {}, 201)
    assert talk.ended(chat, again["answer"]["id"])["status"] == "complete"


def test_two_tabs_agree(talk: Talk) -> None:
    chat = talk.chat(parameters=SHORT)
    tab = Listener(talk.client, f"{ROOT}/events")
    wait_until(lambda: tab.events, "the tab listens")
    assert tab.events[0].name == "resync"
    sent = talk.send(chat, "Hello")
    talk.ended(chat, sent["answer"]["id"])
    talk.call("PATCH", f"/{chat}", {"title": "Greetings"})

    def told() -> list[tuple[str, Any]]:
        changes = [event.data for event in tab.events if event.name == "change"]
        return [(change["kind"], change["message_id"]) for change in changes if change["chat_id"] == chat]

    answer = ("message_changed", sent["answer"]["id"])
    wanted = [("message_changed", sent["message"]["id"]), answer, answer, ("chat_changed", None)]
    wait_until(lambda: len(told()) >= len(wanted), "the tab is told")
    assert told() == wanted
    last = next(event for event in tab.events if event.data.get("message_id") == answer[1])
    later = Listener(talk.client, f"{ROOT}/events", {"Last-Event-ID": str(last.id)})
    wait_until(lambda: len(later.events) >= 2, "the other tab goes on")
    assert [event.data["kind"] for event in later.events[:2]] == ["message_changed", "chat_changed"]


def test_a_tool_is_called_and_answers(talk: Talk) -> None:
    chat = talk.chat(parameters=SHORT | {"max_tokens": 60})
    called = talk.ask(chat, "What is the weather in Paris?", tools=[WEATHER], tool_choice=CALLED)
    assert called["error"] is None
    assert called["finish_reason"] == "tool_calls"
    [call] = called["tool_calls"]
    assert call["function"]["name"] == "get_weather"
    assert json.loads(call["function"]["arguments"]) == {"city": "Paris"}
    result = {"role": "tool", "tool_call_id": call["id"], "content": '{"sky": "clear"}'}
    refused = result | {"tool_call_id": "call_none"}
    assert talk.call("POST", f"/{chat}/messages", refused, 400)["error"]["param"] == "tool_call_id"
    sent = talk.call("POST", f"/{chat}/messages", result | {"tools": [WEATHER]}, 201)
    assert sent["message"]["tool_call_id"] == call["id"]
    assert talk.ended(chat, sent["answer"]["id"])["status"] == "complete"


def test_a_cut_answer_is_gone_on_with(talk: Talk) -> None:
    chat = talk.endless(max_tokens=12)
    cut = talk.ask(chat, "Hello")
    assert cut["finish_reason"] == "length"
    sent = talk.call("POST", f"/{chat}/messages/{cut['id']}/continue", {}, 201)
    assert sent["answer"]["id"] == cut["id"]
    listener = talk.listen(chat, cut["id"])
    longer = talk.ended(chat, cut["id"])
    assert longer["status"] == "complete"
    assert longer["content"].startswith(cut["content"])
    assert len(longer["content"]) > len(cut["content"])
    assert listener.wait().data == longer


def test_an_answer_is_gone_on_with_as_if_it_had_not_been_cut(talk: Talk) -> None:
    chat = talk.chat(parameters=SHORT)
    cut = talk.ask(chat, "What is MLX Manager?")
    whole = talk.call(
        "POST", f"/{chat}/messages/{cut['id']}/regenerate", {"parameters": {"max_tokens": 24}}, 201
    )
    talk.call("POST", f"/{chat}/messages/{cut['id']}/continue", {}, 201)
    longer = talk.ended(chat, cut["id"])
    assert longer["content"] == talk.ended(chat, whole["answer"]["id"])["content"]
    assert longer["usage"]["prompt_tokens"] > cut["usage"]["prompt_tokens"]


def test_a_chat_that_is_deleted_is_written_no_more(talk: Talk, manager: Manager) -> None:
    chat = talk.endless()
    answer = talk.send(chat)["answer"]["id"]
    listener = talk.listen(chat, answer)
    listener.wait_pieces(1)
    talk.call("DELETE", f"/{chat}", status=204)
    assert listener.wait().name == "deleted"
    talk.call("GET", f"/{chat}", status=404)
    wait_idle(manager)


def test_answers_are_on_their_users_own_account(manager: Manager) -> None:
    browser, user_id = sign_in(manager, f"ada-{secrets.token_hex(4)}")
    with closing(browser):
        talk = Talk(browser)
        answer = talk.ask(talk.chat(parameters=SHORT), "Hi")
        assert answer["status"] == "complete"

        def rows() -> list[tuple[str]]:
            with closing(sqlite3.connect(manager.home / "mlx-manager.db")) as connection:
                query = "SELECT user_id FROM inference_requests WHERE request_id = ?"
                return connection.execute(query, (answer["id"],)).fetchall()

        assert wait_until(rows, "the audit has it") == [(user_id,)]


def test_who_is_disabled_is_written_to_no_more(manager: Manager) -> None:
    name = f"brief-{secrets.token_hex(4)}"
    browser, user_id = sign_in(manager, name)
    with closing(browser):
        talk = Talk(browser)
        chat = talk.endless()
        answer = talk.send(chat)["answer"]["id"]
        listener = talk.listen(chat, answer)
        listener.wait_pieces(1)
        assert manager.client.post(f"/api/v1/users/{user_id}/disable").status_code == 200
        listener.wait()
        wait_idle(manager)
        assert manager.client.post(f"/api/v1/users/{user_id}/enable").status_code == 200
        body = {"name": name, "password": PASSWORD}
        assert browser.post("/api/v1/auth/sign-in", json=body).status_code == 200
        assert talk.message(chat, answer)["status"] == "stopped"


def test_eight_at_once_and_no_more(talk: Talk, manager: Manager) -> None:
    chat = talk.endless()
    question = talk.send(chat)
    answers = [question["answer"]["id"]]
    for _ in range(7):
        body = {"parameters": ENDLESS_TEXT | {"max_tokens": 2_000}}
        again = talk.call("POST", f"/{chat}/messages/{question['message']['id']}/regenerate", body, 201)
        answers.append(again["answer"]["id"])
    refused = talk.call("POST", f"/{chat}/messages", {"content": "One more"}, 429)["error"]
    assert refused["code"] == "queue_full"
    assert "8" in refused["message"]
    ended = [talk.stop(chat, answer) for answer in answers]
    assert {message["status"] for message in ended} <= {"stopped", "complete"}
    assert ended[0]["sibling_ids"] == answers
    wait_idle(manager)
    assert talk.stop(chat, talk.send(chat)["answer"]["id"])["status"] == "stopped"
