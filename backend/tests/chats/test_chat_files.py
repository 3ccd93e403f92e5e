"""Chats as files: exported, imported, and read by people."""

import json
from typing import Any

import pytest
from markdown_it import MarkdownIt

from tests.chats.conftest import Room

CALL = {"id": "c", "type": "function", "function": {"name": "look", "arguments": '{"a":"```"}'}}
MESSAGES: list[dict[str, Any]] = [
    {"id": "m1", "content": "<script>alert(1)</script> # not ours", "attachments": [
        {"name": "<b>.txt", "media_type": "text/plain", "text": "```\n</script>"},
    ]},
    {
        "id": "m2",
        "parent_id": "m1",
        "role": "assistant",
        "model": "demo",
        "reasoning": "</details> so what",
        "content": "## User\n\n```\nopen",
        "tool_calls": [CALL],
        "finish_reason": "tool_calls",
        "usage": {"prompt_tokens": 3, "total_s": 0.5},
    },
    {"id": "m3", "parent_id": "m2", "role": "tool", "tool_call_id": "c", "content": "<i>seen</i>"},
    {
        "id": "m4",
        "parent_id": "m3",
        "role": "assistant",
        "status": "failed",
        "error": {"code": "worker_died", "message": "it *died*", "param": None},
    },
    {"id": "m5", "parent_id": "m1", "role": "assistant", "content": "Another answer"},
    {"id": "m6", "content": "Another beginning"},
]  # fmt: skip


def normal(exported: dict[str, Any]) -> dict[str, Any]:
    """An export with ids by their order."""
    names = {message["id"]: f"m{at}" for at, message in enumerate(exported["messages"])}
    messages = [
        message | {"id": names[message["id"]], "parent_id": names.get(message["parent_id"])}
        for message in exported["messages"]
    ]
    return exported | {"messages": messages, "shown_message_id": names.get(exported["shown_message_id"])}


async def test_json_comes_back_as_it_went(room: Room) -> None:
    parameters = {"temperature": 0.5, "stop": ["x"], "tools": [{"type": "function"}]}
    fields = {"title": "Été / ../x", "system_prompt": "Be brief.", "parameters": parameters}
    first = await room.imported(*MESSAGES, **fields, shown_message_id="m4")
    answer = await room.ada.get(f"/chats/{first}/export?all=true")
    assert answer.headers["content-disposition"] == 'attachment; filename="ete-x.json"'
    exported = answer.json()
    assert len(exported["messages"]) == 6
    second = await room.call("POST", "/import", exported, 201)
    again = await room.call("GET", f"/{second['id']}/export?all=true")
    assert normal(again) == normal(exported)
    assert again["parameters"] == parameters
    path = await room.call("GET", f"/{first}/export")
    assert [message["role"] for message in path["messages"]] == ["user", "assistant", "tool", "assistant"]
    assert normal(path)["messages"] == normal(exported)["messages"][:4]
    assert second["id"] != first


async def test_markdown_holds_what_was_said_and_nothing_else(room: Room) -> None:
    chat = await room.imported(*MESSAGES, title="A <title>", system_prompt="<hr>", shown_message_id="m4")
    answer = await room.ada.get(f"/chats/{chat}/export?format=markdown")
    assert answer.headers["content-type"] == "text/markdown; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="a-title.md"'
    tokens = MarkdownIt("commonmark", {"html": True}).parse(answer.text)
    html = [token.content.strip() for token in tokens if token.type == "html_block"]
    assert html == ["<details>\n<summary>Reasoning</summary>", "</details>"]
    assert not [each for token in tokens for each in token.children or () if each.type == "html_inline"]
    headings = [
        tokens[at + 1].content
        for at, token in enumerate(tokens)
        if token.type == "heading_open" and token.tag == "h2"
    ]
    assert headings == ["System", "User", "Assistant (demo)", "Tool", "Assistant"]
    code = [token.content for token in tokens if token.type == "fence"]
    assert code == ["```\n</script>\n", "open\n", '{\n  "a": "```"\n}\n', "<i>seen</i>\n"]
    assert "\\<b\\>.txt (text/plain, 13 bytes)" in answer.text
    assert "it \\*died\\*" in answer.text
    assert "Another" not in answer.text


@pytest.mark.parametrize(
    ("messages", "param"),
    [
        ([{"id": "a"}, {"id": "a"}], "messages.1.id"),
        ([{"id": "a", "parent_id": "b"}, {"id": "b"}], "messages.0.parent_id"),
        ([{"id": "a", "parent_id": "a"}], "messages.0.parent_id"),
        ([{"id": "a", "role": "system"}], "messages.0.role"),
        ([{"id": "a", "status": "lost"}], "messages.0.status"),
        ([{"id": "a", "content": "\x00"}], "messages.0.content"),
        ([{"id": "a", "tool_calls": [{"function": {}}]}], "messages.0.tool_calls.0.id"),
        ([{"id": "a", "created_at": "0001-01-01T00:00:00+14:00"}], "messages.0.created_at"),
        ([{"id": "a", "created_at": "2026-01-01T00:00:00"}], "messages.0.created_at"),
        ([{"id": "a", "user_id": "x"}], "messages.0.user_id"),
        ([{"id": "a", "usage": {"total_s": -1}}], "messages.0.usage.total_s"),
        ([], "shown_message_id"),
    ],
)
@pytest.mark.sample(4)
async def test_bad_files(room: Room, messages: list[dict[str, Any]], param: str) -> None:
    time = "2026-01-01T00:00:00Z"
    stated = [{"created_at": time, "role": "user"} | message for message in messages]
    body = {"model": "demo", "created_at": time, "messages": stated, "shown_message_id": "none"}
    error = (await room.call("POST", "/import", body, 400))["error"]
    assert error["param"] == param
    assert (await room.call("GET", ""))["data"] == []


async def test_what_was_being_written_is_cut_off(room: Room) -> None:
    chat = await room.imported({"id": "a", "role": "assistant", "status": "writing", "content": "so far"})
    exported = await room.call("GET", f"/{chat}/export?all=true")
    assert [message["status"] for message in exported["messages"]] == ["interrupted"]
    assert json.dumps(exported)
