"""Two turns of a coding agent by the Responses API, which keeps its items itself."""

from typing import Any, Final

from mlx_manager.mlx_server.protocols.openai_responses.encrypted import encrypted_content

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
