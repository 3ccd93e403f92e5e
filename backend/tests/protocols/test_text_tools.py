"""Tools that are given text: as they are offered, and their calls on the way back to the model."""

from typing import Any

import pytest

from mlx_manager.core.errors import ErrorCode
from mlx_manager.mlx_server.domain.formats import LarkFormat, RegexFormat
from mlx_manager.mlx_server.domain.tools import TextInput, ToolCall
from tests.protocols.dialects import Parse, chat, refusal, responses

PARAMETERS = {"type": "object", "properties": {"input": {"type": "string"}}, "required": ["input"]}
LARK = "start: /a+/"
PLACES = {chat: "tools.0.custom", responses: "tools.0"}


def tool(parse: Parse, syntax: str = "", definition: Any = LARK, **more: Any) -> dict[str, Any]:
    """A custom tool in the dialect's words."""
    grammar = {"syntax": syntax, "definition": definition}
    if parse is chat:
        stated = {"name": "c", **({"format": {"type": "grammar", "grammar": grammar}} if syntax else {})}
        return {"type": "custom", "custom": {**stated, **more}}
    stated = {"name": "c", **({"format": {"type": "grammar", **grammar}} if syntax else {})}
    return {"type": "custom", **stated, **more}


def path_of(parse: Parse) -> str:
    inner = "format.grammar" if parse is chat else "format"
    return f"{PLACES[parse]}.{inner}"


@pytest.mark.parametrize("parse", PLACES)
@pytest.mark.parametrize("stated", [{}, {"format": None}, {"format": {"type": "text"}}])
def test_any_text(parse: Parse, stated: dict[str, Any]) -> None:
    parsed = parse(tools=[tool(parse, description="does", **stated)])
    (offered,) = parsed.prompt.tools
    assert (offered.name, offered.description, offered.parameters) == ("c", "does", PARAMETERS)
    assert (offered.text_input, offered.path, offered.is_strict) == (TextInput(), "tools.0", False)
    assert parsed.ignored == []


@pytest.mark.parametrize("parse", PLACES)
@pytest.mark.parametrize(("syntax", "kind"), [("lark", LarkFormat), ("regex", RegexFormat)])
def test_text_by_a_grammar(parse: Parse, syntax: str, kind: Any) -> None:
    parsed = parse(tools=[tool(parse, syntax)])
    (offered,) = parsed.prompt.tools
    assert offered.text_input == TextInput(kind(LARK, f"{path_of(parse)}.definition"))
    assert parsed.ignored == []


@pytest.mark.parametrize("parse", PLACES)
@pytest.mark.parametrize(
    ("syntax", "definition", "name"),
    [("gbnf", LARK, "syntax"), ("lark", 'root ::= "a"', "definition"), ("lark", 7, "definition")],
)
def test_refused_grammars(parse: Parse, syntax: str, definition: Any, name: str) -> None:
    refused = refusal(parse, tools=[tool(parse, syntax, definition)])
    assert refused == (ErrorCode.INVALID_REQUEST, f"{path_of(parse)}.{name}")


@pytest.mark.parametrize("parse", PLACES)
@pytest.mark.parametrize(
    ("stated", "name"),
    [({"name": ""}, "name"), ({"format": "text"}, "format"), ({"format": {"type": "xml"}}, "format")],
)
def test_refused_tools(parse: Parse, stated: dict[str, Any], name: str) -> None:
    refused = refusal(parse, tools=[tool(parse, **stated)])
    assert refused == (ErrorCode.INVALID_REQUEST, f"{PLACES[parse]}.{name}")


def test_a_tool_of_no_kind_of_chats() -> None:
    for kind in ("web_search", None, 3, ["custom"]):
        assert refusal(chat, tools=[{"type": kind}]) == (ErrorCode.INVALID_REQUEST, "tools.0.type")
    assert refusal(chat, tools=[{"function": {"name": "f"}}]) == (ErrorCode.INVALID_REQUEST, "tools.0.type")
    assert refusal(chat, tools=["f"]) == (ErrorCode.INVALID_REQUEST, "tools.0")
    assert refusal(chat, tools=[{"type": "custom"}]) == (ErrorCode.INVALID_REQUEST, "tools.0.custom")
    assert refusal(chat, tools=[{"type": "function"}]) == (ErrorCode.INVALID_REQUEST, "tools.0.function")


def test_what_has_no_effect_is_named() -> None:
    assert chat(tools=[tool(chat, mood=1)]).ignored == ["tools.0.custom.mood"]
    assert responses(tools=[tool(responses, defer_loading=True)]).ignored == ["tools.0.defer_loading"]


TEXT = 'a "line"\nand ü'
ARGUMENTS = '{"input": "a \\"line\\"\\nand ü"}'


def test_a_chats_call_comes_back() -> None:
    call = {"id": "call_1", "type": "custom", "custom": {"name": "c", "input": TEXT}}
    messages = [
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": "done"},
    ]
    turn = chat(messages=messages, tools=[tool(chat)]).prompt.messages[1]
    assert turn.tool_calls == (ToolCall("call_1", "c", ARGUMENTS),)


def test_a_responses_call_comes_back() -> None:
    items = [
        {"role": "user", "content": "hi"},
        {"type": "custom_tool_call", "call_id": "call_1", "name": "c", "input": TEXT},
        {"type": "custom_tool_call_output", "call_id": "call_1", "output": "done"},
    ]
    turns = responses(input=items, tools=[tool(responses)]).prompt.messages
    assert turns[1].tool_calls == (ToolCall("call_1", "c", ARGUMENTS),)
    assert (turns[2].role, turns[2].content) == ("tool", "done")


@pytest.mark.parametrize(
    ("call", "param"),
    [
        ({"id": "call_1", "type": "custom"}, "messages.0.tool_calls.0.custom"),
        ({"id": "call_1", "type": "custom", "custom": {"name": "c"}}, "messages.0.tool_calls.0.custom.input"),
        ({"id": "call_1", "type": "code"}, "messages.0.tool_calls.0.type"),
    ],
)
def test_refused_calls(call: dict[str, Any], param: str) -> None:
    refused = refusal(chat, messages=[{"role": "assistant", "tool_calls": [call]}])
    assert refused == (ErrorCode.INVALID_REQUEST, param)
