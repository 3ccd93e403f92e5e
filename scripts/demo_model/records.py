"""The shapes that data, tokenizer, training and evaluation share."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Message = dict[str, Any]
Tool = dict[str, Any]

MODEL_DIR = Path(__file__).resolve().parents[2] / "backend" / "mlx_manager" / "demo_model"


@dataclass(frozen=True, slots=True)
class Example:
    """One conversation; every assistant message in it is trained on."""

    kind: str
    messages: tuple[Message, ...]
    tools: tuple[Tool, ...] = ()
    thinking: bool = False


def user(content: str) -> Message:
    return {"role": "user", "content": content}


def assistant(content: str) -> Message:
    return {"role": "assistant", "content": content}


def tool(name: str, description: str, /, **parameters: str) -> Tool:
    """A function tool in the OpenAI shape; `parameters` maps a name to its JSON type."""
    properties = {key: {"type": kind} for key, kind in parameters.items()}
    schema = {"type": "object", "properties": properties, "required": list(properties)}
    return {
        "type": "function",
        "function": {"name": name, "description": description, "parameters": schema},
    }


def call(name: str, /, **arguments: str | int) -> str:
    """The text with which the model calls a tool."""
    body = json.dumps({"name": name, "arguments": arguments}, ensure_ascii=False)
    return f"<tool_call>{body}</tool_call>"
