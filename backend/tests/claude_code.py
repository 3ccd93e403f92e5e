"""Turns of a conversation in the shapes that Claude Code sends, with what changes from one to the next."""

import json
from collections.abc import Sequence
from typing import Any

PATH = "/v1/messages?beta=true"
HEADERS = {
    "anthropic-version": "2023-06-01",
    "anthropic-beta": "claude-code-20250219,interleaved-thinking-2025-05-14,a-beta-of-next-week-2031-01-01",
    "x-app": "cli",
}
RULES = "\n".join(f"- Rule {number}: answer question {number} in one short sentence." for number in range(40))
REMINDER = "<system-reminder>\nThe user's files may have changed.\n</system-reminder>"

READ = {
    "name": "Read",
    "description": "Reads a file.",
    "input_schema": {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": {
            "file_path": {"type": "string", "minLength": 1},
            "limit": {"type": ["integer", "null"], "exclusiveMinimum": 0},
        },
        "required": ["file_path"],
        "additionalProperties": False,
    },
}
FETCH = {
    "type": "custom",
    "name": "WebFetch",
    "description": "Fetches a page.",
    "defer_loading": True,
    "eager_input_streaming": True,
    "input_schema": {
        "type": "object",
        "properties": {
            "url": {"type": "string", "format": "uri"},
            "headers": {"type": "object", "propertyNames": {"pattern": "^[a-z-]+$"}},
        },
        "additionalProperties": {},
    },
}
SEARCH = {"type": "web_search_20250305", "name": "web_search", "max_uses": 8}
TOOLS = [READ, FETCH, SEARCH]


def text(value: str, *, marked: bool = False) -> dict[str, Any]:
    """A block of text, with a mark where it ends or without."""
    mark = {"cache_control": {"type": "ephemeral", "ttl": "1h"}} if marked else {}
    return {"type": "text", "text": value, **mark}


def first_turn(*, salt: str = "", tools: Sequence[Any] = TOOLS) -> dict[str, Any]:
    """The body of a conversation's first request."""
    return _body(
        "0f1e",
        [
            {"role": "user", "content": [text(REMINDER), text("What is MLX Manager?", marked=True)]},
            {"role": "system", "content": [text("Plan mode is off.", marked=True)]},
        ],
        salt,
        tools,
    )


def second_turn(
    answer: Sequence[Any], result: Any, *, salt: str = "", tools: Sequence[Any] = TOOLS
) -> dict[str, Any]:
    """The body of the next request: the marks have moved, and what was a list may be a string.

    Args:
        answer: the blocks of the assistant's turn.
        result: the blocks of the user's next turn.
    """
    return _body(
        "77aa",
        [
            {"role": "user", "content": [text(REMINDER), text("What is MLX Manager?")]},
            {"role": "system", "content": "Plan mode is off."},
            {"role": "assistant", "content": list(answer)},
            {"role": "user", "content": result},
        ],
        salt,
        tools,
    )


def _body(build: str, messages: list[Any], salt: str, tools: Sequence[Any]) -> dict[str, Any]:
    return {
        "model": "demo",
        "max_tokens": 32_000,
        "system": [
            text(f"x-anthropic-billing-header: cc_version=2.1.{build}; cc_entrypoint=cli; cch={build};"),
            text("You help people with their files.", marked=True),
            text(RULES, marked=build == "0f1e"),
        ],
        "messages": messages,
        **({"tools": list(tools)} if tools else {}),
        "thinking": {"type": "adaptive", "display": "summarized"},
        "output_config": {"effort": "high"},
        "context_management": {"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]},
        "metadata": {"user_id": json.dumps({"device_id": "d", "session_id": build})},
        "temperature": 0,
        **({"cache_salt": salt} if salt else {}),
    }
