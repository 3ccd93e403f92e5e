"""What may be called, and whether something must: every form of every dialect, and all that is refused."""

from typing import Any

import pytest

from mlx_manager.core.errors import ErrorCode
from mlx_manager.mlx_server.domain.tools import ToolChoice
from tests.protocols.dialects import Parse, chat, messages, refusal, responses

FREE = ToolChoice()
MUST = ToolChoice(is_required=True)


def only(*names: str, is_required: bool = True) -> ToolChoice:
    return ToolChoice(is_required, frozenset(names))


def chat_name(name: str, kind: str = "function") -> dict[str, Any]:
    return {"type": kind, kind: {"name": name}}


def chat_allowed(mode: Any, *tools: Any) -> dict[str, Any]:
    return {"type": "allowed_tools", "allowed_tools": {"mode": mode, "tools": list(tools)}}


def name(name: str, kind: str = "function", **more: Any) -> dict[str, Any]:
    return {"type": kind, "name": name, **more}


def allowed(mode: Any, *tools: Any) -> dict[str, Any]:
    return {"type": "allowed_tools", "mode": mode, "tools": list(tools)}


CHAT_TOOLS: list[Any] = [chat_name("f"), chat_name("g"), chat_name("c", "custom")]
TOOLS: list[Any] = [
    name("f"),
    name("c", "custom"),
    {"type": "namespace", "name": "sea", "tools": [name("f"), name("look")]},
    {"type": "namespace", "name": "sky", "tools": [name("look")]},
    {"type": "web_search"},
]
MESSAGE_TOOLS: list[Any] = [
    {"name": "f", "input_schema": {}},
    {"name": "g", "input_schema": {}},
    {"type": "web_search_20250305", "name": "web_search"},
]
OFFERS = {chat: CHAT_TOOLS, responses: TOOLS, messages: MESSAGE_TOOLS}


@pytest.mark.parametrize(
    ("parse", "choice", "wanted"),
    [
        (chat, None, FREE),
        (chat, "auto", FREE),
        (chat, "required", MUST),
        (chat, chat_name("g"), only("g")),
        (chat, chat_name("c", "custom"), only("c")),
        (chat, chat_allowed("auto", chat_name("f")), only("f", is_required=False)),
        (chat, chat_allowed("required", chat_name("f"), chat_name("c", "custom")), only("f", "c")),
        (responses, None, FREE),
        (responses, "auto", FREE),
        (responses, "required", MUST),
        (responses, name("c", "custom"), only("c")),
        (responses, name("f"), only("f", "sea.f")),
        (responses, name("f", namespace="sea"), only("sea.f")),
        (responses, name("sea.f"), only("sea.f")),
        (responses, name("look", namespace="sky"), only("sky.look")),
        (responses, allowed("auto", name("c", "custom")), only("c", is_required=False)),
        (responses, allowed("auto", name("sea", "namespace")), only("sea.f", "sea.look", is_required=False)),
        (responses, allowed("required", name("look")), only("sea.look", "sky.look")),
        (messages, None, FREE),
        (messages, {"type": "auto"}, FREE),
        (messages, {"type": "any"}, MUST),
        (messages, {"type": "tool", "name": "g"}, only("g")),
    ],
)
def test_choices(parse: Parse, choice: Any, wanted: ToolChoice) -> None:
    parsed = parse(tools=OFFERS[parse], tool_choice=choice)
    assert parsed.prompt.tool_choice == wanted
    # All are told, so that the prompt's beginning stays what it was.
    assert parsed.prompt.tools == parse(tools=OFFERS[parse]).prompt.tools
    assert parsed.prompt.tools
    assert parsed.ignored == parse(tools=OFFERS[parse]).ignored


@pytest.mark.parametrize(
    ("parse", "choice"), [(chat, "none"), (responses, "none"), (messages, {"type": "none"})]
)
def test_a_model_that_may_not_call_is_not_told_of_tools(parse: Parse, choice: Any) -> None:
    prompt = parse(tools=OFFERS[parse], tool_choice=choice).prompt
    assert (prompt.tools, prompt.tool_choice) == ((), FREE)


@pytest.mark.parametrize(
    ("parse", "choice", "param"),
    [
        (chat, "always", "tool_choice"),
        (chat, 7, "tool_choice"),
        (chat, {}, "tool_choice"),
        (chat, {"type": "function"}, "tool_choice.function"),
        (chat, {"type": "function", "function": {}}, "tool_choice.function.name"),
        (chat, {"type": "web_search"}, "tool_choice"),
        (chat, chat_name("nobody"), "tool_choice"),
        (chat, chat_name("c"), "tool_choice"),
        (chat, chat_name("f", "custom"), "tool_choice"),
        (chat, {"type": "allowed_tools"}, "tool_choice.allowed_tools"),
        (chat, chat_allowed("none", chat_name("f")), "tool_choice.allowed_tools.mode"),
        (chat, chat_allowed("auto"), "tool_choice"),
        (chat, chat_allowed("auto", {"type": "mcp"}), "tool_choice.allowed_tools.tools.0"),
        (chat, chat_allowed("auto", chat_name("f"), chat_name("nobody")), "tool_choice"),
        (responses, "always", "tool_choice"),
        (responses, 7, "tool_choice"),
        (responses, {}, "tool_choice"),
        (responses, {"type": "function"}, "tool_choice"),
        (responses, name("nobody"), "tool_choice"),
        (responses, name("c"), "tool_choice"),
        (responses, name("f", "custom"), "tool_choice"),
        (responses, name("f", namespace="sky"), "tool_choice"),
        (responses, {"type": "allowed_tools"}, "tool_choice"),
        (responses, allowed("none", name("f")), "tool_choice"),
        (responses, allowed("auto"), "tool_choice"),
        (responses, allowed("auto", "f"), "tool_choice"),
        (responses, allowed("auto", {"type": "namespace"}), "tool_choice"),
        (responses, allowed("auto", name("f"), name("nobody")), "tool_choice"),
        (responses, allowed("required", {"type": "web_search"}), "tool_choice"),
        (messages, "auto", "tool_choice"),
        (messages, {}, "tool_choice.type"),
        (messages, {"type": "always"}, "tool_choice.type"),
        (messages, {"type": "tool"}, "tool_choice.name"),
        (messages, {"type": "tool", "name": "nobody"}, "tool_choice"),
        (messages, {"type": "tool", "name": "web_search"}, "tool_choice"),
        (messages, {"type": "any", "disable_parallel_tool_use": 1}, "tool_choice.disable_parallel_tool_use"),
    ],
)
def test_refused(parse: Parse, choice: Any, param: str) -> None:
    assert refusal(parse, tools=OFFERS[parse], tool_choice=choice) == (ErrorCode.INVALID_REQUEST, param)


@pytest.mark.parametrize(
    "kind", ["web_search", "web_search_preview", "file_search", "mcp", "shell", "apply_patch"]
)
def test_nobody_here_runs_a_servers_tool(kind: str) -> None:
    code = ErrorCode.UNSUPPORTED_FIELD
    assert refusal(responses, tools=TOOLS, tool_choice={"type": kind}) == (code, "tool_choice")


@pytest.mark.parametrize(
    ("parse", "choice"), [(chat, "required"), (responses, "required"), (messages, {"type": "any"})]
)
@pytest.mark.parametrize("tools", [None, []])
def test_a_call_needs_a_tool(parse: Parse, choice: Any, tools: Any) -> None:
    assert refusal(parse, tools=tools, tool_choice=choice) == (ErrorCode.INVALID_REQUEST, "tool_choice")
    assert parse(tools=tools, tool_choice=None).prompt.tools == ()


def test_allowed_tools_that_nobody_offers_leave_none() -> None:
    parsed = responses(tools=TOOLS, tool_choice=allowed("auto", {"type": "web_search"}))
    assert (parsed.prompt.tools, parsed.prompt.tool_choice) == ((), FREE)
    assert parsed.ignored == ["tools.4", "tool_choice.tools.0"]


@pytest.mark.parametrize(
    ("parse", "choice", "ignored"),
    [
        (chat, {**chat_name("f"), "mood": 1}, "tool_choice.mood"),
        (responses, {**name("f"), "mood": 1}, "tool_choice.mood"),
        (responses, {**allowed("auto", name("f")), "mood": 1}, "tool_choice.mood"),
        (messages, {"type": "any", "name": "f"}, "tool_choice.name"),
        (messages, {"type": "tool", "name": "f", "mood": 1}, "tool_choice.mood"),
    ],
)
def test_what_has_no_effect_is_named(parse: Parse, choice: Any, ignored: str) -> None:
    assert ignored in parse(tools=OFFERS[parse], tool_choice=choice).ignored


@pytest.mark.parametrize(
    ("parse", "fields", "parallel"),
    [
        (chat, {}, True),
        (chat, {"parallel_tool_calls": None}, True),
        (chat, {"parallel_tool_calls": False}, False),
        (chat, {"tool_choice": "required"}, True),
        (chat, {"tool_choice": chat_allowed("required", chat_name("f"))}, True),
        (chat, {"tool_choice": chat_name("f")}, False),
        (chat, {"tool_choice": chat_name("c", "custom"), "parallel_tool_calls": True}, False),
        (responses, {"tool_choice": "required"}, True),
        (responses, {"parallel_tool_calls": False}, False),
        (responses, {"tool_choice": name("f")}, False),
        (messages, {"tool_choice": {"type": "any"}}, True),
        (messages, {"tool_choice": {"type": "any", "disable_parallel_tool_use": True}}, False),
        (messages, {"tool_choice": {"type": "tool", "name": "f", "disable_parallel_tool_use": True}}, False),
        (messages, {"tool_choice": {"type": "auto", "disable_parallel_tool_use": False}}, True),
    ],
)
def test_how_many_calls(parse: Parse, fields: dict[str, Any], parallel: bool) -> None:
    assert parse(tools=OFFERS[parse], **fields).request.parallel_calls is parallel


@pytest.mark.parametrize(
    ("parse", "tools", "param"),
    [
        (chat, [chat_name("f"), chat_name("g"), chat_name("f")], "tools.2"),
        (chat, [chat_name("f"), chat_name("f", "custom")], "tools.1"),
        (responses, [name("f"), name("f", "custom")], "tools.1"),
        (
            responses,
            [{"type": "namespace", "name": "sea", "tools": [name("f"), name("f")]}],
            "tools.0.tools.1",
        ),
        (messages, [{"name": "f"}, {"type": "web_search_20250305", "name": "f"}, {"name": "f"}], "tools.2"),
    ],
)
def test_two_tools_of_one_name(parse: Parse, tools: Any, param: str) -> None:
    assert refusal(parse, tools=tools) == (ErrorCode.INVALID_REQUEST, param)


def test_tools_of_a_later_item_take_the_place_of_those_before() -> None:
    item = {"type": "additional_tools", "tools": [name("f", description="new")]}
    parsed = responses(tools=TOOLS, input=[item, {"role": "user", "content": "hi"}])
    assert [tool.name for tool in parsed.prompt.tools] == ["f", "c", "sea.f", "sea.look", "sky.look"]
    assert (parsed.prompt.tools[0].description, parsed.prompt.tools[0].path) == ("new", "input.0.tools.0")


@pytest.mark.parametrize(
    ("parse", "tool", "schema_path"),
    [
        (
            chat,
            {"type": "function", "function": {"name": "f", "strict": True, "parameters": {"type": "object"}}},
            "tools.1.function.parameters",
        ),
        (responses, name("f", strict=True, parameters={"type": "object"}), "tools.1.parameters"),
        (messages, {"name": "f", "strict": True, "input_schema": {"type": "object"}}, "tools.1.input_schema"),
    ],
)
def test_strict_tools(parse: Parse, tool: dict[str, Any], schema_path: str) -> None:
    other = {chat: chat_name("g"), responses: name("g"), messages: {"name": "g"}}[parse]
    parsed = parse(tools=[other, tool])
    free, strict = parsed.prompt.tools
    assert (free.is_strict, strict.is_strict) == (False, True)
    assert (strict.path, strict.schema_path, strict.parameters) == (
        "tools.1",
        schema_path,
        {"type": "object"},
    )
    assert parsed.ignored == []
