"""`POST /v1/responses`."""

from typing import Any, Final

from tests.conformance import effects
from tests.conformance.calls import (
    CODE,
    LOOK_SCHEMA,
    NO_CALL,
    WEATHER,
    WEATHER_SCHEMA,
    calls,
    calls_text,
    gives_code,
    leaves,
    refuses_what_cannot_be_held,
)
from tests.conformance.chats import reads_as
from tests.conformance.formats import EXTRAS, format_lines
from tests.conformance.openai_items import ITEMS
from tests.conformance.openai_sampling import OTHERS_SAMPLING
from tests.conformance.reasoning import thinks_no_longer
from tests.conformance.record import (
    Ask,
    Dialect,
    Effect,
    Endpoint,
    Field,
    honoured,
    ignored,
    not_applicable,
    ours,
    refused,
)

_QUESTION: Final = "Tell me something about models."
BASE: Final[dict[str, Any]] = {
    "model": "demo",
    "input": _QUESTION,
    "max_output_tokens": 32,
    "temperature": 0,
    "store": False,
}
_ASKED: Final = {"role": "user", "content": _QUESTION}
_SCHEMA: Final = {"type": "object", "properties": {"at": {"type": "string"}}}
_TOOL: Final = {"type": "function", "name": "look", "description": "Looks there.", "parameters": _SCHEMA}
_SERVER_TOOL: Final = {"type": "web_search"}


def _text(answer: Any) -> str:
    messages = [item for item in answer["output"] if item["type"] == "message"]
    return "".join(part.get("text", "") for message in messages for part in message["content"])


def _calls(answer: Any) -> tuple[tuple[str, str], ...]:
    kinds = ("function_call", "custom_tool_call")
    items = [item for item in answer["output"] if item["type"] in kinds]
    return tuple((item["name"], item.get("arguments", item.get("input"))) for item in items)


RESPONSES_DIALECT: Final = Dialect(
    text=_text,
    delta=lambda event: str(event["delta"]) if event["type"] == "response.output_text.delta" else "",
    num_read=lambda answer: int(answer["usage"]["input_tokens"]),
    num_drawn=lambda answer: int(answer["usage"]["output_tokens"]),
    is_cut=lambda answer: bool((answer["incomplete_details"] or {}).get("reason") == "max_output_tokens"),
    cached=lambda answer: int(answer["usage"]["input_tokens_details"]["cached_tokens"]),
    calls=_calls,
    limit="max_output_tokens",
)


def _thinks(ask: Ask, field: Field) -> None:
    """The model is told to think, as a chat completion's is."""
    chat = {"model": "demo", "messages": [_ASKED], "chat_template_kwargs": {"enable_thinking": True}}
    reply = ask.asked(field)
    assert reply.num_read == ask.post("/apply-template", chat)["count"] != ask.plain().num_read
    assert field.wire_name not in reply.ignored


def _goes_on(ask: Ask, field: Field) -> None:
    """The response before it and what it was asked are read, too."""
    first = ask.plain(store=True)
    chat = [_ASKED, {"role": "assistant", "content": first.text}, {"role": "user", "content": "Why?"}]
    second = ask.asked(field, first.body["id"], input="Why?")
    assert second.num_read == ask.post("/apply-template", {"model": "demo", "messages": chat})["count"]


def _stores(ask: Ask, field: Field) -> None:
    stored = ask.asked(field, True).body["id"]
    assert ask.get(f"/v1/responses/{stored}")["id"] == stored
    unstored = ask.asked(field, False).body
    assert ask.asked(field, False, previous_response_id=unstored["id"]).status == 404


def _gives_back(ask: Ask, field: Field) -> None:
    """The response has what was sent."""
    assert ask.asked(field).body[field.path] == field.example != ask.plain().body[field.path]


def _tells_logprobs(ask: Ask, field: Field) -> None:
    (message,) = ask.asked(field).body["output"]
    told = message["content"][0]["logprobs"]
    assert "".join(token["token"] for token in told) == ask.plain().text
    assert not ask.plain().body["output"][0]["content"][0].get("logprobs")


def _tells_the_likeliest(ask: Ask, field: Field) -> None:
    told = ask.asked(field, 3).body["output"][0]["content"][0]["logprobs"]
    assert {len(token["top_logprobs"]) for token in told} == {3}


def _encrypts(ask: Ask, field: Field) -> None:
    """What was thought comes in one field, for a client that keeps it itself."""
    thinks = {"reasoning": {"effort": "high"}, "max_output_tokens": 200}
    assert ask.asked(field, **thinks).body["output"][0]["encrypted_content"]
    assert not ask.plain(**thinks).body["output"][0].get("encrypted_content")


def _is_text(ask: Ask, field: Field) -> None:
    """Text is what there is in any case; a type that is none is refused."""
    assert (ask.asked(field).text, ask.asked(field).ignored) == (ask.plain().text, ())
    assert ask.asked(field, {"type": "other"}).status == 400


def _is_taken(ask: Ask, field: Field) -> None:
    """What is done in any case is asked for; a call that must be needs a tool."""
    assert (ask.asked(field).status, ask.asked(field).ignored) == (200, ())
    assert ask.asked(field, "required").status == 400


def _hides(ask: Ask, field: Field) -> None:
    """The model is not told of tools."""
    assert ask.asked(field, tools=[_TOOL]).num_read == ask.plain().num_read


_READ: Final = "answered where the way in which the model writes calls is known, else refused"


def _chat_tool(name: str) -> dict[str, Any]:
    return {
        "type": "function",
        "function": {"name": name, "description": "Looks there.", "parameters": _SCHEMA},
    }


def _chat_text_tool(name: str) -> dict[str, Any]:
    return {"type": "custom", "custom": {"name": name, "description": "Enters a code."}}


_WEATHER: Final = {
    "type": "function",
    "name": "get_weather",
    "description": "Get the weather",
    "parameters": WEATHER_SCHEMA,
}
_LOOK: Final = {**_TOOL, "parameters": LOOK_SCHEMA}
_ENTER: Final = {"type": "custom", "name": "enter", "description": "Enters a code."}
_NAMED: Final = {"type": "function", "name": "look"}
_NAMED_CUSTOM: Final = {"type": "custom", "name": "enter"}
_SEVERAL: Final[dict[str, Any]] = {"tools": [_LOOK, _WEATHER], "input": WEATHER}
_ONE: Final[dict[str, Any]] = {"tools": [_LOOK], "input": NO_CALL}
_TEXT_TOOL: Final[dict[str, Any]] = {"tools": [_ENTER], "input": NO_CALL}
_GRAMMAR: Final = {"type": "grammar", "syntax": "regex", "definition": CODE}


def _allowed(mode: str) -> dict[str, Any]:
    return {"type": "allowed_tools", "mode": mode, "tools": [_NAMED]}


def _choice(path: str, effect: Effect, example: Any, within: dict[str, Any], note: str = "") -> Field:
    return honoured(path, effect, note, example=example, within=within, at="tool_choice", named="tool_choice")


def _format(path: str, note: str = "") -> Field:
    within = {"tools": [_ENTER], "tool_choice": _NAMED_CUSTOM}
    path = f"tools.N.format.{path}"
    return honoured(path, gives_code, note, example=_GRAMMAR, within=within, at="tools.0.format")


# What may be called, and whether something must.
CHOICES: Final = (
    honoured("tool_choice=auto", _is_taken, "", example="auto"),
    honoured("tool_choice=none", _hides, "the model is not told of tools", example="none"),
    _choice("tool_choice=required", calls("look"), "required", _ONE, "one call or several"),
    _choice("tool_choice.type=function", calls("look", once=True), _NAMED, _SEVERAL, "exactly one call"),
    _choice("tool_choice.type=custom", calls_text("enter"), _NAMED_CUSTOM, _TEXT_TOOL, "exactly one call"),
    _choice("tool_choice.name", calls("look", once=True), _NAMED, _SEVERAL),
    _choice(
        "tool_choice.type=allowed_tools",
        leaves("look"),
        _allowed("auto"),
        _SEVERAL,
        "the model is told of the others, too, and cannot call them",
    ),
    _choice("tool_choice.mode=auto", leaves("look"), _allowed("auto"), _SEVERAL),
    _choice("tool_choice.mode=required", calls("look"), _allowed("required"), _ONE),
    _choice("tool_choice.tools", leaves("look"), _allowed("auto"), _SEVERAL),
    refused(
        "tool_choice.type=file_search",
        {"type": "file_search"},
        "nobody here can run them",
        at="tool_choice",
        named="tool_choice",
        others=(
            "web_search_preview",
            "web_search_preview_2025_03_11",
            "computer",
            "computer_use_preview",
            "computer_use",
            "image_generation",
            "code_interpreter",
            "mcp",
            "programmatic_tool_calling",
            "apply_patch",
            "shell",
        ),
    ),
)

TOOLS: Final = (
    honoured(
        "tools.N.type=function",
        reads_as(_ASKED, tools=[_chat_tool("look")]),
        _READ,
        example=[_TOOL],
        at="tools",
        named="tools",
    ),
    *(
        honoured(
            f"tools.N.{name}",
            reads_as(_ASKED, tools=[_chat_tool("look")]),
            "",
            example=[_TOOL],
            at="tools",
            is_whole=True,
        )
        for name in ("name", "description", "parameters")
    ),
    *(
        ignored(f"tools.N.{name}", value, note, within={"tools": [_TOOL]})
        for name, value, note in (
            ("allowed_callers", ["direct"], ""),
            ("async", True, ""),
            ("defer_loading", True, "it is offered all the same"),
            ("output_schema", {}, ""),
        )
    ),
    honoured(
        "tools.N.type=namespace",
        reads_as(_ASKED, tools=[_chat_tool("sea.look")]),
        "the model knows them as `namespace.name`; calls have both",
        example=[{"type": "namespace", "name": "sea", "description": "", "tools": [_TOOL]}],
        at="tools",
        named="tools",
        is_whole=True,
    ),
    honoured(
        "input.N.type=additional_tools",
        reads_as(_ASKED, tools=[_chat_tool("look")]),
        "offered with the others",
        example=[{"type": "additional_tools", "role": "developer", "tools": [_TOOL]}, _ASKED],
        at="input",
        named="tools",
        is_whole=True,
    ),
    ignored(
        "tools.N.type=web_search",
        _SERVER_TOOL,
        "not offered to the model: nobody here can run them",
        within={"tools": [_SERVER_TOOL]},
        at="tools.0",
        named="tools.0",
        others=(
            "web_search_2025_08_26",
            "web_search_preview",
            "web_search_preview_2025_03_11",
            "file_search",
            "computer",
            "computer_use_preview",
            "mcp",
            "code_interpreter",
            "programmatic_tool_calling",
            "image_generation",
            "local_shell",
            "shell",
            "tool_search",
            "apply_patch",
        ),
    ),
    honoured(
        "tools.N.type=custom",
        reads_as(_ASKED, tools=[_chat_text_tool("enter")]),
        "the model is told of one parameter, `input`; calls have the text alone",
        example=[_ENTER],
        at="tools",
        named="tools",
    ),
    honoured(
        "tools.N.strict",
        refuses_what_cannot_be_held("parameters", "tools.0.parameters"),
        "a schema that cannot be enforced is refused; without it the calls are not held to it then",
        example=True,
        within={"tools": [_LOOK]},
    ),
    _format("type=grammar", "the text is held to it"),
    _format("syntax", "`lark` or `regex`"),
    _format("definition"),
    not_applicable(
        "tools.N.format.type=text",
        "what is taken in any case",
        example={"type": "text"},
        within={"tools": [_ENTER]},
        at="tools.0.format",
    ),
    *CHOICES,
    honoured(
        "parallel_tool_calls",
        effects.calls_once,
        "false ends the answer with its first call",
        example=False,
        within={"tools": [_WEATHER], "input": WEATHER, "max_output_tokens": 64},
    ),
)

FIELDS: Final = (
    honoured("model", effects.needs_a_model, "an id or an alias of `/v1/models`"),
    honoured(
        "instructions", reads_as({"role": "system", "content": "Be brief."}, _ASKED), "", example="Be brief."
    ),
    honoured("previous_response_id", _goes_on, "of the same user's"),
    honoured("max_output_tokens", effects.limits, "more than the window holds means all of it", example=3),
    honoured("temperature", effects.cools, "0 to 2; 0 is greedy", example=2),
    honoured("top_p", effects.narrows, "", example=1e-6),
    honoured(
        "include=message.output_text.logprobs", _tells_logprobs, "", example=["message.output_text.logprobs"]
    ),
    honoured("include=reasoning.encrypted_content", _encrypts, "", example=["reasoning.encrypted_content"]),
    ignored("include=others", ["file_search_call.results"], named="include.0"),
    honoured(
        "top_logprobs",
        _tells_the_likeliest,
        "up to 20; with `message.output_text.logprobs` in include",
        example=3,
        within={"include": ["message.output_text.logprobs"]},
    ),
    honoured("stream", effects.streams, "", example=True),
    honoured("store", _stores, "true unless it is false", example=True),
    honoured("metadata", _gives_back, "given back", example={"a": "b"}),
    ours("reasoning.enabled", _thinks, "told to the chat template", example=True),
    ours(
        "reasoning.max_tokens",
        thinks_no_longer(
            lambda body: int(body["usage"]["output_tokens_details"]["reasoning_tokens"]),
            "max_output_tokens",
            input="What is MLX Manager?",
        ),
        "after so many the reasoning is ended; ignored where the model does not reason",
        example=9,
    ),
    honoured(
        "reasoning.effort",
        _thinks,
        "told to the chat template; ignored where it reads nothing of the kind",
        example="high",
    ),
    honoured("text.format.type=text", _is_text, "", example={"type": "text"}, at="text.format"),
    *format_lines(
        "text.format",
        lambda schema: {"type": "json_schema", "name": "colour", "schema": schema},
        "schema",
    ),
    not_applicable("truncation=disabled", "nothing is ever cut off", example="disabled"),
    ignored("truncation=auto", "auto", "nothing is ever cut off"),
    ours(
        "max_tokens",
        effects.limits,
        "another name of max_output_tokens",
        example=3,
        within={"max_output_tokens": None},
    ),
    ours("top_k", effects.narrows, "-1 and 0 keep all", example=1),
    ours("min_p", effects.narrows, "", example=1),
    ours("seed", effects.seeds, "", example=7),
    ours("logit_bias", effects.biases, "", example={"5": 1}),
    ours("presence_penalty", effects.changes, "-2 to 2", example=2),
    ours("frequency_penalty", effects.changes, "-2 to 2", example=2),
    ours("repetition_penalty", effects.changes, "0.01 to 10; also of the prompt", example=4),
    ours("repeat_penalty", effects.changes, "another name of repetition_penalty", example=4),
    ours("stop", effects.stops, "a string, or up to 4", example=["x"]),
    ours("ignore_eos", effects.goes_on, "only the limit ends the answer", example=True),
    ours("priority", effects.comes_last, "`background` lets `interactive` pass", example="background"),
    ours(
        "cache_salt", effects.is_salted, "prompts are kept apart from those of other salts", example="pepper"
    ),
    ours("cache_debug", effects.adds("cache_debug"), "tells where a kept prompt was left", example=True),
    ours("timeout", effects.times_out, "seconds; then 504", example=60),
    ours("keep_alive", effects.unloads, "seconds, or `5m`; -1 is for ever", example=60),
    ours(
        "chat_template_kwargs", _thinks, "variables for the chat template", example={"enable_thinking": True}
    ),
    *EXTRAS,
    *OTHERS_SAMPLING,
    refused("n", 2, "1 is taken"),
    refused("background", True),
    refused("conversation", "conv_1"),
    refused("prompt", {"id": "pmpt_1"}),
    refused("response_format", {"type": "json_object"}, "`text.format` here"),
    ignored("access_programs", {"cyber": "standard"}),
    ignored("background_options", {"completion_window": "soonest"}),
    ignored("context_management", [{"type": "compaction", "compact_threshold": 1000}]),
    ignored("image", {"context_compression": "auto"}),
    ignored("max_tool_calls", 3),
    ignored("moderation", {"model": "omni"}),
    ignored("prompt_cache_key", "key", "prompts are found by what they say"),
    ignored("prompt_cache_options", {"mode": "implicit"}),
    ignored("prompt_cache_retention", "24h"),
    ignored("reasoning.context", "auto"),
    ignored("reasoning.generate_summary", "auto"),
    ignored("reasoning.mode", "standard"),
    ignored("reasoning.summary", "auto"),
    ignored("safety_identifier", "somebody"),
    ignored("service_tier", "flex"),
    ignored("stream_options.include_obfuscation", False, within={"stream_options": {}}),
    ignored("stream_options.include_usage", True, "there always is", within={"stream_options": {}}),
    ignored("text.verbosity", "low"),
    ignored("user", "somebody"),
    ignored("client_metadata", {"a": "b"}),
)

RESPONSES: Final = Endpoint(
    path="/v1/responses",
    base=BASE,
    dialect=RESPONSES_DIALECT,
    fields=(*FIELDS, *ITEMS, *TOOLS),
)
