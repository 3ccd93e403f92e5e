"""A chat as Markdown, for people."""

import json
from collections.abc import Iterator, Sequence

from mlx_manager.chats.exporting import ReadChat
from mlx_manager.chats.markdown_text import contained, in_line
from mlx_manager.chats.prompt import fenced
from mlx_manager.db.tables import ChatAttachment, ChatMessage
from mlx_manager.db.tables.chats import MessageStatus

_ROLES = {"user": "User", "assistant": "Assistant", "tool": "Tool"}


def export_markdown(read: ReadChat) -> str:
    """The file's text: a heading for each message, its reasoning folded, its calls and files as code."""
    chat = read.chat
    parts = [f"# {in_line(chat.title) or 'Chat'}"]
    if chat.system_prompt:
        parts += ["## System", contained(chat.system_prompt)]
    for row in read.rows:
        parts += _message(row, read.files.get(row.id, []))
    return "\n\n".join(parts) + "\n"


def _message(row: ChatMessage, files: Sequence[ChatAttachment]) -> Iterator[str]:
    by = f" ({in_line(row.model)})" if row.model else ""
    yield f"## {_ROLES[row.role]}{by}"
    for file in files:
        yield f"Attached: {in_line(file.name)} ({in_line(file.media_type)}, {file.size_bytes} bytes)"
        yield fenced(file.text)
    if row.reasoning:
        yield "<details>\n<summary>Reasoning</summary>"
        yield contained(row.reasoning)
        yield "</details>"
    if row.role == "tool":
        yield f"Result of {in_line(row.tool_call_id or '')}:"
        yield fenced(row.content)
    elif row.content:
        yield contained(row.content)
    for call in row.tool_calls or ():
        yield from _call(call)
    if row.status != MessageStatus.COMPLETE:
        why = f": {in_line(row.error['message'])}" if row.error else ""
        yield f"*({row.status}{why})*"


def _call(call: dict[str, object]) -> Iterator[str]:
    called = call.get("function") or call.get("custom")
    assert isinstance(called, dict)
    yield f"Calls {in_line(str(called.get('name')))} ({in_line(str(call['id']))}):"
    if "input" in called:
        yield fenced(str(called["input"]))
    else:
        yield fenced(_pretty(str(called.get("arguments"))), "json")


def _pretty(arguments: str) -> str:
    """Arguments over several lines, or as they are where they are no JSON."""
    try:
        return json.dumps(json.loads(arguments), ensure_ascii=False, indent=2)
    except (ValueError, RecursionError):
        return arguments
