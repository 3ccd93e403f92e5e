"""Codex 0.77 and 0.171, by OpenAI's responses API."""

from typing import Any, Final

from tests.agents.grammars import PATCH_GRAMMAR, SCRIPT_GRAMMAR
from tests.agents.session import Session
from tests.protocols.dialects import responses

_PATH: Final = "/v1/responses"
_TEXT: Final = {"type": "string"}


def _object(required: list[str], **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def _function(name: str, schema: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "type": "function",
        "name": name,
        "description": f"Does {name}.",
        "strict": False,
        "parameters": schema,
        **more,
    }


def _custom(name: str, grammar: str) -> dict[str, Any]:
    form = {"type": "grammar", "syntax": "lark", "definition": grammar}
    return {"type": "custom", "name": name, "description": f"Does {name}.", "format": form}


def _said(role: str, *texts: str, kind: str = "input_text", **more: Any) -> dict[str, Any]:
    content = [{"type": kind, "text": text} for text in texts]
    return {"type": "message", "role": role, "content": content, **more}


_SHARED: Final = {
    "model": "demo",
    "tool_choice": "auto",
    "store": False,
    "stream": True,
    "include": ["reasoning.encrypted_content"],
    "prompt_cache_key": "0192",
}

_OLD_TOOLS: Final = [
    _function("shell_command", _object(["command"], command=_TEXT, timeout_ms={"type": "number"})),
    _custom("apply_patch", PATCH_GRAMMAR),
]
_OLD: Final = _SHARED | {
    "instructions": "You are a coding agent.",
    "tools": _OLD_TOOLS,
    "parallel_tool_calls": False,
    "reasoning": {"summary": "auto"},
}
_OLD_START: Final = [_said("user", "<environment>/tmp</environment>"), _said("user", "Mend the test.")]
_OLD_CALLS: Final = [
    {"type": "function_call", "name": "shell_command", "arguments": '{"command": "ls"}', "call_id": "call_1"},
    {"type": "function_call_output", "call_id": "call_1", "output": "Exit code: 0\nOutput:\na.py\n"},
    {
        "type": "custom_tool_call",
        "status": "completed",
        "call_id": "call_2",
        "name": "apply_patch",
        "input": "*** Begin\n*** Delete: a.py\n*** End\n",
    },
    {"type": "custom_tool_call_output", "call_id": "call_2", "output": "Done"},
    _said("assistant", "It is gone.", kind="output_text"),
    _said("user", "And now?"),
]

_NEW_START: Final = [
    _said("developer", "You are a coding agent.", id="msg_a"),
    _said("developer", "Skills: none.", "Nothing asks for permission.", id="msg_b"),
    _said("user", "<environment>/tmp</environment>", id="msg_c"),
    _said("user", "Run the tests.", id="msg_d"),
]
_AGENTS: Final = _function("spawn_agent", _object(["message"], message=_TEXT | {"encrypted": True}))
_NEW: Final = _SHARED | {
    "tools": [
        _function("exec_command", _object(["cmd"], cmd=_TEXT, login={"type": "boolean"})),
        _function("get_goal", _object([])),
        {"type": "namespace", "name": "agents", "description": "Other agents.", "tools": [_AGENTS]},
        {"type": "web_search", "external_web_access": True},
    ],
    "parallel_tool_calls": True,
    "reasoning": {"summary": "auto"},
    "client_metadata": {"session_id": "0192", "x-turn-metadata": '{"turn_id":"1"}'},
}
_NEW_CALLS: Final = [
    {
        "type": "function_call",
        "status": "completed",
        "id": "fc_a",
        "name": "exec_command",
        "arguments": '{"cmd": "make test"}',
        "call_id": "call_1",
    },
    _said("assistant", "I look.", kind="output_text", id="msg_e", status="completed"),
    {"type": "function_call_output", "id": "fco_a", "call_id": "call_1", "output": "Output:\nok\n"},
    _said("assistant", "All pass.", kind="output_text", id="msg_f", status="completed"),
    _said("user", "And now?", id="msg_g"),
]

# For the models that it knows, all tools come in an item, in namespaces; one takes a program's text.
_KNOWN_TOOLS: Final = {
    "type": "additional_tools",
    "id": "at_a",
    "role": "developer",
    "tools": [
        {
            "type": "namespace",
            "name": "functions",
            "description": "",
            "tools": [
                _custom("exec", SCRIPT_GRAMMAR),
                _function("wait", _object(["cell"], cell=_TEXT)),
            ],
        },
        {"type": "namespace", "name": "agents", "description": "Other agents.", "tools": [_AGENTS]},
    ],
}
_KNOWN: Final = _SHARED | {
    "parallel_tool_calls": False,
    "reasoning": {"effort": "low", "context": "all_turns"},
    "text": {"verbosity": "low"},
    "client_metadata": {"session_id": "0192"},
}
_KNOWN_CALLS: Final = [
    {
        "type": "custom_tool_call",
        "id": "ctc_a",
        "status": "completed",
        "call_id": "call_1",
        "name": "exec",
        "namespace": "functions",
        "input": "text(1 + 1)",
    },
    {
        "type": "custom_tool_call_output",
        "id": "ctco_a",
        "call_id": "call_1",
        "output": [{"type": "input_text", "text": "Wall time 0.0 s\n"}, {"type": "input_text", "text": "2"}],
    },
    _said("assistant", "It is 2.", kind="output_text", id="msg_e", status="completed"),
    _said("user", "And now?", id="msg_f"),
]

CODEX_SESSIONS: Final = (
    Session(
        "Codex 0.77",
        responses,
        _PATH,
        _OLD | {"input": _OLD_START},
        _OLD | {"input": [*_OLD_START, *_OLD_CALLS]},
        offered=("shell_command", "apply_patch"),
        ignored=("prompt_cache_key", "reasoning.summary"),
    ),
    Session(
        "Codex 0.171",
        responses,
        _PATH,
        _NEW | {"input": _NEW_START},
        _NEW | {"input": [*_NEW_START, *_NEW_CALLS]},
        offered=("exec_command", "get_goal", "agents.spawn_agent"),
        ignored=(
            "prompt_cache_key",
            "client_metadata",
            "reasoning.summary",
            "tools.2.description",
            "tools.3",
        ),
    ),
    Session(
        "Codex 0.171, known model",
        responses,
        _PATH,
        _KNOWN | {"input": [_KNOWN_TOOLS, *_NEW_START]},
        _KNOWN | {"input": [_KNOWN_TOOLS, *_NEW_START, *_KNOWN_CALLS]},
        offered=("functions.exec", "functions.wait", "agents.spawn_agent"),
        ignored=(
            "prompt_cache_key",
            "client_metadata",
            "text.verbosity",
            "reasoning.context",
            "input.0.tools.0.description",
            "input.0.tools.1.description",
        ),
        headers={"x-openai-internal-codex-responses-lite": "true", "originator": "codex_exec"},
    ),
)
