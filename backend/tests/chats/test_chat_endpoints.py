"""Chats, folders, messages and attachments over HTTP; answers fail, as no server runs."""

import json
import re
from typing import Any

import pytest

from mlx_manager.chats.bounds import MAX_CONTENT_BYTES
from mlx_manager.core.security.principal import Role
from mlx_manager.db.tables import ChatAttachment, ChatMessage, ChatPiece
from tests.accounts import code_of
from tests.chats.conftest import Room

NO_ID = "0" * 32


async def test_a_chat_from_its_beginning_to_its_end(room: Room) -> None:
    made = await room.call("POST", "", {"model": "demo"}, 201)
    assert (made["title"], made["folder_id"], made["parameters"]) == ("", None, {})
    chat = made["id"]
    sent = await room.send(
        chat, "  What is\n the   weather like in the city of light today, and will it rain there?"
    )
    assert sent["answer"]["status"] == "writing"
    view = await room.call("GET", f"/{chat}")
    assert view["title"] == "What is the weather like in the city of light today, and…"
    question, answer = view["messages"]
    assert answer["status"] == "failed"
    assert answer["error"]["code"] == "server_unavailable"
    assert question["sibling_ids"] == [question["id"]]
    change = {
        "title": "Rain",
        "system_prompt": "Be brief.",
        "is_pinned": True,
        "model": "other",
        "parameters": {"temperature": 0.5},
    }
    changed = await room.call("PATCH", f"/{chat}", change)
    assert {name: changed[name] for name in change} == change
    await room.call("DELETE", f"/{chat}", status=204)
    await room.call("GET", f"/{chat}", status=404)
    for table in (ChatMessage, ChatPiece, ChatAttachment):
        assert await room.house.rows(table) == []


async def test_folders(room: Room) -> None:
    work, home = [
        (await room.call("POST", "/folders", {"name": name}, 201))["id"] for name in ("work", "Home")
    ]
    chat = await room.chat(folder_id=work)
    loose = await room.chat()
    listed = await room.call("GET", "/folders")
    assert [folder["name"] for folder in listed["data"]] == ["Home", "work"]
    await room.call("PATCH", f"/folders/{home}", {"name": "Family"})

    async def ids(query: str) -> list[str]:
        return [found["id"] for found in (await room.call("GET", query))["data"]]

    assert await ids(f"?folder_id={work}") == [chat]
    assert await ids("?folder_id=none") == [loose]
    await room.call("PATCH", f"/{loose}", {"folder_id": home})
    await room.call("DELETE", f"/folders/{work}", status=204)
    assert (await room.call("GET", f"/{chat}"))["folder_id"] is None
    await room.call("DELETE", f"/folders/{home}?chats=delete", status=204)
    await room.call("GET", f"/{loose}", status=404)
    assert await ids("") == [chat]
    answer = await room.call("POST", "", {"model": "demo", "folder_id": f"fold_{NO_ID}"}, 404)
    assert answer["error"]["param"] == "folder_id"


async def test_search_and_pages(room: Room) -> None:
    chats = [await room.chat(title=f"Number {number}") for number in range(5)]
    await room.send(chats[1], "100% sure_of it: a\\b and some more words that stand behind " + "x" * 90)
    await room.call("PATCH", f"/{chats[3]}", {"is_pinned": True})

    async def found(**query: Any) -> list[str]:
        text = "&".join(f"{name}={value}" for name, value in query.items())
        return [chat["id"] for chat in (await room.call("GET", f"?{text}"))["data"]]

    assert await found() == [chats[1], chats[4], chats[3], chats[2], chats[0]]
    assert await found(pinned="true") == [chats[3]]
    assert await found(search="nUMBER+3") == [chats[3]]
    assert await found(search="100%25") == [chats[1]]
    assert await found(search="a%5Cb") == [chats[1]]
    for none in ("%25", "_", "1__%25", "sure%25of"):
        assert await found(search=none) == ([chats[1]] if none in ("%25", "_") else [])
    [chat] = (await room.call("GET", "?search=SURE_of"))["data"]
    assert chat["match"]["snippet"].startswith("100% sure_of it: a\\b and")
    assert chat["match"]["snippet"].endswith("…")
    seen: list[str] = []
    cursor = ""
    while True:
        page = await room.call("GET", f"?limit=2{cursor}")
        seen += [chat["id"] for chat in page["data"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == await found()
    for bad in ("x", "äö", "YWJj"):
        answer = await room.call("GET", f"?cursor={bad}", status=400)
        assert answer["error"]["param"] == "cursor"


async def test_two_at_once_stand_beside_each_other(room: Room) -> None:
    chat = await room.chat()
    first = await room.send(chat, "One")
    leaf = first["answer"]["id"]
    pair = [await room.send(chat, text, parent_id=leaf) for text in ("Two", "Three")]
    ids = [sent["message"]["id"] for sent in pair]
    assert (await room.call("GET", f"/{chat}/messages/{ids[0]}"))["sibling_ids"] == ids
    view = await room.call("GET", f"/{chat}")
    assert [message["content"] for message in view["messages"] if message["role"] == "user"] == [
        "One",
        "Three",
    ]
    await room.call("PATCH", f"/{chat}", {"shown_message_id": ids[0]})
    view = await room.call("GET", f"/{chat}")
    assert view["shown_message_id"] == pair[0]["answer"]["id"]
    assert view["updated_at"] == (await room.call("GET", f"/{chat}?all=true"))["updated_at"]


async def test_attachments_go_with_their_message(room: Room) -> None:
    chat = await room.chat()
    file = {"name": "../../etc/passwd", "media_type": "text/plain; charset=utf-8", "text": "root ```` é\n"}
    kept = await room.call("POST", f"/{chat}/attachments", file, 201)
    assert (kept["name"], kept["size_bytes"], kept["message_id"]) == (file["name"], 13, None)
    other = await room.call("POST", f"/{chat}/attachments", file | {"name": "b.json"}, 201)
    await room.call("DELETE", f"/{chat}/attachments/{other['id']}", status=204)
    assert (await room.call("GET", f"/{chat}/attachments/{kept['id']}"))["text"] == file["text"]
    sent = await room.send(chat, "Look", attachment_ids=[kept["id"]])
    assert [each["id"] for each in sent["message"]["attachments"]] == [kept["id"]]
    await room.call("DELETE", f"/{chat}/attachments/{kept['id']}", status=409)
    edit = {"content": "Look again"}
    edited = await room.call("POST", f"/{chat}/messages/{sent['message']['id']}/edit", edit, 201)
    [copied] = edited["message"]["attachments"]
    assert (copied["sha256"], copied["id"] != kept["id"]) == (kept["sha256"], True)
    picture = {"name": "a.png", "media_type": "image/png", "text": "x"}
    refused = (await room.call("POST", f"/{chat}/attachments", picture, 415))["error"]
    assert (refused["param"], "a.png" in refused["message"]) == ("media_type", True)
    elsewhere = await room.chat()
    body = {"content": "x", "attachment_ids": [kept["id"]]}
    await room.call("POST", f"/{elsewhere}/messages", body, 404)
    twice = {"content": "x", "attachment_ids": [copied["id"], copied["id"]]}
    assert (await room.call("POST", f"/{chat}/messages", twice, 400))["error"]["param"] == "attachment_ids"


CALLS = [
    {"id": "call_1", "type": "function", "function": {"name": "look", "arguments": "{}"}},
    {"id": "call_2", "type": "function", "function": {"name": "look", "arguments": "{}"}},
]


async def test_an_answer_waits_for_every_result(room: Room) -> None:
    chat = await room.imported(
        {"id": "q", "content": "Look twice"},
        {
            "id": "a",
            "parent_id": "q",
            "role": "assistant",
            "tool_calls": CALLS,
            "finish_reason": "tool_calls",
        },
        shown_message_id="a",
    )
    result = {"role": "tool", "content": "seen"}
    first = await room.send(chat, **result, tool_call_id="call_2")
    assert first["answer"] is None
    for again in ("call_2", "call_3"):
        await room.call("POST", f"/{chat}/messages", result | {"tool_call_id": again}, 400)
    second = await room.send(chat, **result, tool_call_id="call_1")
    assert second["answer"]["parent_id"] == second["message"]["id"]
    path = (await room.call("GET", f"/{chat}"))["messages"]
    assert [message["role"] for message in path] == ["user", "assistant", "tool", "tool", "assistant"]


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"content": ""}, "content"),
        ({"content": " \n"}, "content"),
        ({"content": "a\x00b"}, "content"),
        ({"content": "\ud800"}, "content"),
        ({"content": 5}, "content"),
        ({}, "content"),
        ({"content": "x", "role": "system"}, "role"),
        ({"content": "x", "role": "tool"}, "tool_call_id"),
        ({"content": "x", "tool_call_id": "y"}, "tool_call_id"),
        ({"content": "x", "role": "tool", "tool_call_id": "y"}, "tool_call_id"),
        ({"content": "x", "unknown": 1}, "unknown"),
        ({"content": "x", "parent_id": "a\x00"}, "parent_id"),
        ({"content": "x", "attachment_ids": ["\x00"]}, "attachment_ids.0"),
        ({"content": "x", "model": ""}, "model"),
        ({"content": "x", "parameters": {"temprature": 1}}, "parameters.temprature"),
        ({"content": "x", "parameters": {"n": 2}}, "parameters.n"),
        ({"content": "x", "parameters": {"stream": False}}, "parameters.stream"),
        ({"content": "x", "parameters": {"messages": []}}, "parameters.messages"),
        ({"content": "x", "parameters": {"temperature": float("nan")}}, "parameters.temperature"),
        ({"content": "x", "parameters": {"seed": 2**64}}, "parameters.seed"),
        ({"content": "x", "parameters": {"stop": ["a\x00"]}}, "parameters.stop"),
        ({"content": "x", "tools": [{"a": "\ud800"}]}, "tools.0"),
        ({"content": "x", "tools": [{"a": float("inf")}]}, "tools.0"),
    ],
)
@pytest.mark.sample(5)
async def test_bad_messages(room: Room, body: dict[str, Any], param: str) -> None:
    chat = await room.chat()
    error = (await room.call("POST", f"/{chat}/messages", body, 400))["error"]
    assert str(error["param"]).startswith(param)
    assert (await room.call("GET", f"/{chat}"))["messages"] == []


@pytest.mark.parametrize(
    ("body", "status", "param"),
    [
        ({"title": ""}, 400, "title"),
        ({"title": "a\nb"}, 400, "title"),
        ({"title": "x" * 257}, 400, "title"),
        ({"title": None}, 400, "title"),
        ({"model": None}, 400, "model"),
        ({"parameters": {"tools": {}}}, 400, "parameters.tools"),
        ({"shown_message_id": None}, 400, "shown_message_id"),
        ({"shown_message_id": f"msg_{NO_ID}"}, 404, "shown_message_id"),
        ({"folder_id": f"fold_{NO_ID}"}, 404, "folder_id"),
        ({"user_id": "user_owner"}, 400, "user_id"),
    ],
)
@pytest.mark.sample(3)
async def test_bad_changes(room: Room, body: dict[str, Any], status: int, param: str) -> None:
    chat = await room.chat(title="Before")
    before = await room.call("GET", f"/{chat}")
    assert (await room.call("PATCH", f"/{chat}", body, status))["error"]["param"] == param
    assert await room.call("GET", f"/{chat}") == before


async def test_what_cannot_be_done(room: Room) -> None:
    chat = await room.chat()
    sent = await room.send(chat)
    question, answer = sent["message"]["id"], sent["answer"]["id"]
    messages = f"/{chat}/messages"
    await room.call("POST", f"{messages}/{answer}/edit", {"content": "x"}, 409)
    await room.call("POST", f"{messages}/{answer}/continue", {}, 409)
    await room.call("POST", f"{messages}/{question}/continue", {}, 409)
    assert (await room.call("POST", f"{messages}/{question}/stop"))["status"] == "complete"
    await room.call("POST", messages, {"content": "x", "parent_id": f"msg_{NO_ID}"}, 404)
    await room.call("POST", f"/{chat}/branch", {"message_id": f"msg_{NO_ID}"}, 404)
    for after in ("-2", "x", "99999999999"):
        await room.call("GET", f"{messages}/{answer}/events?after={after}", status=400)
    headers = {"Last-Event-ID": "-1"}
    bad = await room.ada.call("GET", f"/chats{messages}/{answer}/events", headers=headers)
    assert bad.status_code == 400
    again = await room.call("POST", f"{messages}/{question}/regenerate", {}, 201)
    assert again["message"]["id"] == question
    assert again["answer"]["sibling_index"] == 1


def fill(path: str, ids: dict[str, str]) -> str:
    return re.sub(r"\{(\w+)\}", lambda found: ids[found[1]], path)


async def test_others_chats_are_not_there(room: Room) -> None:
    folder = (await room.call("POST", "/folders", {"name": "mine"}, 201))["id"]
    chat = await room.chat(folder_id=folder)
    file = {"name": "a.txt", "media_type": "text/plain", "text": "secret"}
    attachment = (await room.call("POST", f"/{chat}/attachments", file, 201))["id"]
    sent = await room.send(chat, "secret")
    ids = {
        "chat_id": chat,
        "folder_id": folder,
        "message_id": sent["answer"]["id"],
        "attachment_id": attachment,
    }
    bodies: dict[str, Any] = {
        "PATCH /folders/{folder_id}": {"name": "x"},
        "PATCH /{chat_id}": {"title": "x"},
        "POST /{chat_id}/messages": {"content": "x"},
        "POST /{chat_id}/branch": {"message_id": sent["answer"]["id"]},
        "POST /{chat_id}/attachments": file,
        "POST /{chat_id}/messages/{message_id}/edit": {"content": "x"},
    }
    admin = await room.house.signed_in("root", Role.ADMIN)
    before = await room.call("GET", f"/{chat}?all=true")
    routes = room.house.app.openapi()["paths"]
    num_tried = 0
    for path, methods in routes.items():
        if not path.startswith("/api/v1/chats") or "{" not in path:
            continue
        short = path.removeprefix("/api/v1/chats")
        for method in map(str.upper, methods):
            body = bodies.get(f"{method} {short}", {} if method == "POST" else None)
            for stranger in (room.bob, admin):
                answer = await stranger.call(method, f"/chats{fill(short, ids)}", body)
                assert code_of(answer) == (404, "not_found"), (method, path)
            num_tried += 1
    assert num_tried >= 17
    assert await room.call("GET", f"/{chat}?all=true") == before
    for stranger in (room.bob, admin):
        assert (await room.call("GET", "", client=stranger))["data"] == []
        assert (await room.call("GET", "?search=secret", client=stranger))["data"] == []
        assert (await room.call("GET", "/folders", client=stranger))["data"] == []
        await room.call("POST", "", {"model": "demo", "folder_id": folder}, 404, client=stranger)
    # A message's id is good in its own chat only.
    other = await room.chat()
    await room.call("GET", f"/{other}/messages/{ids['message_id']}", status=404)
    await room.call("GET", f"/{other}/attachments/{attachment}", status=404)


async def test_a_key_for_inference_reads_no_chats(room: Room) -> None:
    key = (await room.ada.post("/keys", {"name": "agent"})).json()["key"]
    agent = room.house.client()
    for path in ("/chats", "/chats/folders", "/chats/events"):
        answer = await agent.call("GET", path, headers={"Authorization": f"Bearer {key}"})
        assert code_of(answer) == (403, "permission_denied")
    assert code_of(await agent.get("/chats")) == (401, "authentication_required")


async def test_a_document_for_clients(room: Room) -> None:
    document = room.house.app.openapi()
    operations = [
        (path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if path.startswith("/api/v1/chats")
    ]
    names = [operation["operationId"] for _, _, operation in operations]
    assert len(set(names)) == len(names)
    for path, method, operation in operations:
        assert operation["tags"] == ["chats"], path
        assert operation["description"], (path, method)
        answers = operation["responses"]
        if path.endswith("/events"):
            assert set(answers["200"]["content"]) == {"text/event-stream"}
        elif "204" not in answers:
            [content] = [found["content"] for status, found in answers.items() if status in ("200", "201")]
            assert content["application/json"]["schema"], path
    assert MAX_CONTENT_BYTES == 512_000
    assert json.dumps(document)
