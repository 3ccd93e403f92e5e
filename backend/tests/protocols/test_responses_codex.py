"""Two turns as a coding agent sends them that keeps its items itself: the second begins like the first."""

from typing import Any, Final

import pytest

from mlx_manager.mlx_server.domain.request import ChatPrompt
from mlx_manager.mlx_server.protocols.openai_responses.encrypted import encrypted_content
from mlx_manager.mlx_server.protocols.openai_responses.parse import (
    ParsedResponses,
    parse_responses,
    read_request,
)
from mlx_manager.mlx_server.text.tokenizer import Tokenizer
from tests.live.server import DEMO

PATH = {
    "type": "object",
    "properties": {"path": {"type": "string"}},
    "required": ["path"],
    "additionalProperties": False,
}
TOOLS: Final[list[dict[str, Any]]] = [
    {
        "type": "function",
        "name": "exec",
        "description": "Runs a command.",
        "strict": False,
        "parameters": {
            "type": "object",
            "properties": {
                "command": {"type": "array", "items": {"type": "string"}},
                "timeout_ms": {"type": "number"},
            },
            "required": ["command"],
            "additionalProperties": False,
        },
    },
    {
        "type": "custom",
        "name": "edit",
        "description": "Edits files.",
        "format": {"type": "grammar", "syntax": "lark", "definition": 'start: "*** Begin" /.+/'},
    },
    {
        "type": "namespace",
        "name": "notes",
        "description": "Notes of the project.",
        "tools": [
            {"type": "function", "name": "read", "description": "Reads.", "strict": False, "parameters": PATH}
        ],
    },
    {"type": "web_search", "external_web_access": False},
    {"type": "local_shell"},
    {"type": "tool_search", "execution": "client", "description": "Finds tools.", "parameters": PATH},
]
FIRST: Final[list[dict[str, Any]]] = [
    {"role": "developer", "id": "msg_a", "content": [{"type": "input_text", "text": "You edit code."}]},
    {
        "role": "user",
        "id": "msg_b",
        "content": [{"type": "input_text", "text": "<environment>/tmp</environment>"}],
    },
    {"role": "user", "id": "msg_c", "content": [{"type": "input_text", "text": "Fix the test."}]},
]
ANSWER: Final[list[dict[str, Any]]] = [
    {
        "type": "reasoning",
        "id": "rs_a",
        "summary": [],
        "content": None,
        "encrypted_content": encrypted_content("I should look first."),
    },
    {
        "type": "message",
        "role": "assistant",
        "id": "msg_d",
        "content": [{"type": "output_text", "text": "I look."}],
    },
    {
        "type": "function_call",
        "id": "fc_a",
        "call_id": "call_a",
        "name": "exec",
        "arguments": '{"command":["ls"]}',
    },
    {
        "type": "function_call",
        "id": "fc_b",
        "call_id": "call_b",
        "name": "read",
        "namespace": "notes",
        "arguments": '{"path":"a"}',
    },
]
RESULTS: Final[list[dict[str, Any]]] = [
    {"type": "function_call_output", "id": "fco_a", "call_id": "call_a", "output": "test.py"},
    {
        "type": "function_call_output",
        "id": "fco_b",
        "call_id": "call_b",
        "output": [{"type": "input_text", "text": "nothing"}],
    },
]


def request(*items: dict[str, Any], **fields: Any) -> dict[str, Any]:
    sent: dict[str, Any] = {
        "model": "demo",
        "input": list(items),
        "tools": TOOLS,
        "tool_choice": "auto",
        "parallel_tool_calls": True,
        "reasoning": {"effort": "medium", "summary": "auto", "context": "all_turns"},
        "store": False,
        "stream": True,
        "include": ["reasoning.encrypted_content"],
        "prompt_cache_key": "0192",
        "text": {"verbosity": "low"},
        "client_metadata": {"installation": "x"},
    }
    return sent | fields


def parse(body: dict[str, Any]) -> ParsedResponses:
    return parse_responses(read_request(body), "r")


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer.load(DEMO)


def text_of(tokenizer: Tokenizer, body: dict[str, Any]) -> str:
    prompt = parse(body).generation.prompts[0]
    assert isinstance(prompt, ChatPrompt)
    return tokenizer.encode(prompt).text


@pytest.mark.parametrize("among_items", [False, True])
def test_the_second_turn_begins_like_the_first(tokenizer: Tokenizer, among_items: bool) -> None:
    fields: dict[str, Any] = {}
    head: list[dict[str, Any]] = []
    if among_items:
        head = [{"type": "additional_tools", "role": "developer", "id": "at_a", "tools": TOOLS}]
        fields = {"tools": None}
    first = text_of(tokenizer, request(*head, *FIRST, **fields))
    second = text_of(tokenizer, request(*head, *FIRST, *ANSWER, *RESULTS, **fields))
    assert first.endswith("Fix the test.<|im_end|>\n<|im_start|>assistant\n")
    assert second.startswith(first)
    turn = second.removeprefix(first)
    assert turn.startswith('I look.\n<tool_call>{"name": "exec"')
    assert '"name": "notes.read", "arguments": {"path": "a"}' in turn
    assert turn.count("<tool_response>") == 2
    for name in ("exec(", "notes.read("):
        assert name in first
    for name in ("edit", "web_search", "local_shell", "tool_search"):
        assert name not in first.replace("You edit code.", "")


def test_what_has_no_effect_is_named() -> None:
    assert parse(request(*FIRST, *ANSWER, *RESULTS)).ignored == [
        "prompt_cache_key",
        "client_metadata",
        "text.verbosity",
        "reasoning.summary",
        "reasoning.context",
        "tools.1",
        "tools.2.description",
        "tools.3",
        "tools.4",
        "tools.5",
    ]


def test_the_reasoning_comes_back() -> None:
    prompt = parse(request(*FIRST, *ANSWER, *RESULTS)).generation.prompts[0]
    assert isinstance(prompt, ChatPrompt)
    [assistant] = [message for message in prompt.messages if message.role == "assistant"]
    assert assistant.reasoning == "I should look first."
    assert [call.name for call in assistant.tool_calls] == ["exec", "notes.read"]
