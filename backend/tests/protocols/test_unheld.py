"""What no engine holds an answer to yet is refused by name; what asks for nothing of the kind is not."""

from typing import Any

import pytest

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.mlx_server.protocols.unheld import refuse_unheld
from tests.protocols.dialects import DIALECTS, Parse, chat, completion, messages, responses

FUNCTION = {"name": "f", "parameters": {}}
TOOL = {"type": "function", "function": FUNCTION}
GRAMMAR = {"type": "grammar", "syntax": "lark", "definition": "start: /a/"}


@pytest.mark.parametrize(
    ("parse", "fields", "param"),
    [
        (completion, {"guided_regex": "a"}, "guided_regex"),
        (
            chat,
            {"response_format": {"type": "json_schema", "json_schema": {"schema": {}}}},
            "response_format.json_schema.schema",
        ),
        (chat, {"tools": [TOOL], "tool_choice": "required"}, "tool_choice"),
        (
            chat,
            {"tools": [{"type": "function", "function": FUNCTION | {"strict": True}}]},
            "tools.0.function.parameters",
        ),
        (
            responses,
            {"tools": [{"type": "custom", "name": "c", "format": GRAMMAR}]},
            "tools.0.format.definition",
        ),
        (messages, {"tools": [{"name": "f"}], "tool_choice": {"type": "tool", "name": "f"}}, "tool_choice"),
    ],
)
def test_refused(parse: Parse, fields: dict[str, Any], param: str) -> None:
    with pytest.raises(ApiError) as caught:
        refuse_unheld(parse(**fields).request)
    assert (caught.value.code, caught.value.param) == (ErrorCode.UNSUPPORTED_FIELD, param)


@pytest.mark.parametrize("parse", DIALECTS)
def test_plain_requests(parse: Parse) -> None:
    refuse_unheld(parse().request)


def test_free_calls() -> None:
    refuse_unheld(chat(tools=[TOOL], tool_choice="auto", parallel_tool_calls=False).request)
    refuse_unheld(responses(tools=[{"type": "custom", "name": "c"}]).request)
