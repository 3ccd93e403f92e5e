"""How a model writes its calls, told by what its template makes of one."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from mlx_manager.mlx_server.domain.request import ChatMessage
from mlx_manager.mlx_server.domain.tools import ToolCall, ToolDefinition

_CALL: Final = ToolCall("call00001", "look_up_zebra", '{"quilt": "\\"a\\" {b}", "n": [1, {}]}')
TRIAL_TOOL: Final = ToolDefinition("look_up_zebra", "Looks it up.", {"type": "object", "properties": {}})
TRIAL: Final = (
    ChatMessage("user", "Look it up."),
    ChatMessage("assistant", "", tool_calls=(_CALL,)),
)


@dataclass(frozen=True, slots=True)
class ToolFormat:
    """Calls as JSON objects of `name` and `arguments`, each between two tags (Hermes, Qwen, ours)."""

    opening: str
    closing: str


JSON_IN_TAGS: Final = (ToolFormat("<tool_call>", "</tool_call>"),)


def detect(render: Callable[[Sequence[ChatMessage]], str]) -> ToolFormat | None:
    """The format in which a template writes a call; None where it is none that can be read.

    Args:
        render: writes a conversation with `TRIAL_TOOL` on offer; it may raise anything.
    """
    try:
        text = render(TRIAL)
    except Exception:  # the template refuses calls
        return None
    return next((one for one in JSON_IN_TAGS if _is_written(one, text)), None)


def _is_written(tool_format: ToolFormat, text: str) -> bool:
    """Whether the last call in the text is the one that was made."""
    before, opening, rest = text.rpartition(tool_format.opening)
    body, closing, _ = rest.partition(tool_format.closing)
    if not (before and opening and closing):
        return False
    try:
        call = json.loads(body)
        return bool(call["name"] == _CALL.name and call["arguments"] == json.loads(_CALL.arguments))
    except (ValueError, LookupError, TypeError):
        return False
