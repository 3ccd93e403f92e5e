"""`POST /v1/messages` and `POST /v1/messages/count_tokens`."""

import json
from dataclasses import replace
from typing import Any, Final

from tests.conformance import effects
from tests.conformance.anthropic_blocks import MESSAGES, THINKING_ANSWERED, THINKING_COUNTED
from tests.conformance.calls import (
    LOOK_SCHEMA,
    NO_CALL,
    WEATHER,
    WEATHER_SCHEMA,
    calls,
    refuses_what_cannot_be_held,
)
from tests.conformance.chats import reads_as
from tests.conformance.formats import EXTRAS, format_lines
from tests.conformance.openai_sampling import OTHERS_SAMPLING
from tests.conformance.reasoning import thinks_no_longer
from tests.conformance.record import (
    Ask,
    Dialect,
    Endpoint,
    Field,
    Treatment,
    honoured,
    ignored,
    not_applicable,
    ours,
    refused,
    unanswered,
)

_QUESTION: Final = {"role": "user", "content": "Tell me something about models."}
BASE: Final[dict[str, Any]] = {"model": "demo", "messages": [_QUESTION], "max_tokens": 32, "temperature": 0}
_SYSTEM: Final = {"role": "system", "content": "Be brief."}
_BLOCK: Final = {"type": "text", "text": "Be brief."}
_THINKS: Final = {"chat_template_kwargs": {"enable_thinking": True}}
_SCHEMA: Final = {"type": "object", "properties": {"at": {"type": "string"}}}
_TOOL: Final = {"name": "look", "description": "Looks there.", "input_schema": _SCHEMA}
_CHAT_TOOL: Final = {
    "type": "function",
    "function": {"name": "look", "description": "Looks there.", "parameters": _SCHEMA},
}
# Run by the vendor's servers, or by a client that has them built in: no schema tells a model what they are.
_SERVER_TOOLS: Final = (
    "bash_20241022",
    "bash_20250124",
    "code_execution_20250522",
    "code_execution_20250825",
    "code_execution_20260120",
    "code_execution_20260521",
    "browser_toolset_20260801",
    "computer_20241022",
    "computer_20250124",
    "computer_20251124",
    "computer_toolset_20260801",
    "memory_20250818",
    "text_editor_20241022",
    "text_editor_20250124",
    "text_editor_20250429",
    "text_editor_20250728",
    "web_fetch_20250910",
    "web_fetch_20260209",
    "web_fetch_20260309",
    "web_fetch_20260318",
    "web_search_20260209",
    "web_search_20260318",
    "advisor_20260301",
    "tool_search_tool_bm25",
    "tool_search_tool_bm25_20251119",
    "tool_search_tool_regex",
    "tool_search_tool_regex_20251119",
    "mcp_toolset",
)


def _input(usage: Any) -> int:
    return int(
        usage["input_tokens"] + usage["cache_read_input_tokens"] + usage["cache_creation_input_tokens"]
    )


def _delta(event: Any) -> str:
    text: str = event.get("delta", {}).get("text", "") if event["type"] == "content_block_delta" else ""
    return text


def _calls(answer: Any) -> tuple[tuple[str, str], ...]:
    blocks = [block for block in answer["content"] if block["type"] == "tool_use"]
    return tuple((block["name"], json.dumps(block["input"])) for block in blocks)


_ENVELOPE: Final = frozenset({"type", "error", "request_id"})

ANTHROPIC: Final = Dialect(
    text=lambda answer: "".join(block.get("text", "") for block in answer["content"]),
    delta=_delta,
    num_read=lambda answer: _input(answer["usage"]),
    num_drawn=lambda answer: int(answer["usage"]["output_tokens"]),
    is_cut=lambda answer: bool(answer["stop_reason"] == "max_tokens"),
    cached=lambda answer: int(answer["usage"]["cache_read_input_tokens"]),
    calls=_calls,
    envelope=_ENVELOPE,
    hottest=1,
)
COUNTING: Final = Dialect(
    text=lambda answer: "",
    delta=lambda event: "",
    num_read=lambda answer: int(answer["input_tokens"]),
    num_drawn=lambda answer: 0,
    is_cut=lambda answer: False,
    cached=lambda answer: 0,
    envelope=_ENVELOPE,
)


def _thinks(ask: Ask, field: Field) -> None:
    """The model is told to think, as a chat completion's is."""
    chat = {"model": "demo", "messages": BASE["messages"], **_THINKS}
    reply = ask.asked(field)
    assert reply.num_read == ask.post("/apply-template", chat)["count"] != ask.plain().num_read
    assert field.wire_name not in reply.ignored


def _does_not_think(ask: Ask, field: Field) -> None:
    """It is not told to, though an effort is wished for."""
    effort = {"output_config": {"effort": "high"}}
    assert ask.asked(field, **effort).num_read == ask.plain().num_read != ask.plain(**effort).num_read


def _is_taken(ask: Ask, field: Field) -> None:
    """What is done in any case is asked for; a call that must be needs a tool."""
    assert (ask.asked(field).status, ask.asked(field).ignored) == (200, ())
    assert ask.asked(field, {"type": "any"}).status == 400


def _hides(ask: Ask, field: Field) -> None:
    """The model is not told of tools."""
    assert ask.asked(field, tools=[_TOOL]).num_read == ask.plain().num_read


PROMPT: Final = (
    honoured("model", effects.needs_a_model, "an id or an alias of `/v1/models`, which may hold `*`"),
    *MESSAGES,
    honoured("system=string", reads_as(_SYSTEM, _QUESTION), "", example="Be brief."),
    honoured("system=list", reads_as(_SYSTEM, _QUESTION), "", example=[_BLOCK]),
    honoured("system.N.text", reads_as(_SYSTEM, _QUESTION), "", example=[_BLOCK], at="system"),
    honoured("system.N.type", reads_as(_SYSTEM, _QUESTION), "only text", example=[_BLOCK], at="system"),
    not_applicable(
        "system.N.cache_control",
        "what was read is kept with and without marks",
        example={"type": "ephemeral"},
        within={"system": [_BLOCK]},
        is_whole=True,
    ),
    ignored("system.N.citations", [], within={"system": [_BLOCK]}),
    not_applicable("cache_control", "the same", example={"type": "ephemeral"}, is_whole=True),
    honoured(
        "thinking.type=adaptive",
        _thinks,
        "told to the chat template; ignored where it reads nothing of the kind",
        example={"type": "adaptive"},
        at="thinking",
        named="thinking",
    ),
    honoured(
        "thinking.type=enabled",
        _thinks,
        "the same",
        example={"type": "enabled"},
        at="thinking",
        named="thinking",
    ),
    honoured(
        "thinking.type=disabled", _does_not_think, "the same", example={"type": "disabled"}, at="thinking"
    ),
    ignored("thinking.type=between_tools", {"type": "between_tools"}, at="thinking", named="thinking"),
    ignored("thinking.display", "summarized", "shown as it is", within={"thinking": {"type": "adaptive"}}),
    ignored("thinking.block_binding", {}, within={"thinking": {"type": "adaptive"}}),
    honoured("output_config.effort", _thinks, "told to the chat template", example="high"),
    ignored("output_config.task_budget", {"type": "tokens", "total": 1000}),
    ours(
        "chat_template_kwargs",
        _thinks,
        "variables for the chat template",
        example={"enable_thinking": True},
    ),
    honoured("tool_choice.type=auto", _is_taken, "", example={"type": "auto"}, at="tool_choice"),
    honoured(
        "tool_choice.type=none",
        _hides,
        "the model is not told of tools",
        example={"type": "none"},
        at="tool_choice",
    ),
    ignored(
        "tools.N.type=web_search_20250305",
        {"type": "web_search_20250305", "name": "web_search"},
        "not offered to the model: nobody here can run them",
        within={"tools": [{"type": "web_search_20250305", "name": "web_search"}]},
        at="tools.0",
        named="tools.0",
        others=_SERVER_TOOLS,
    ),
)

_TOLD: Final = reads_as(_QUESTION, tools=[_CHAT_TOOL])

_ONE_CALL: Final = "tool_choice.disable_parallel_tool_use"
_WEATHER: Final = {
    "name": "get_weather",
    "description": "Get the weather",
    "input_schema": WEATHER_SCHEMA,
}
_LOOK: Final = {**_TOOL, "input_schema": LOOK_SCHEMA}
_SEVERAL: Final[dict[str, Any]] = {
    "tools": [_LOOK, _WEATHER],
    "messages": [{"role": "user", "content": WEATHER}],
}


def _one_call(ask: Ask, field: Field) -> None:
    """The answer ends with its first call, where it may call, and where it must."""
    effects.calls_once(ask, field)
    must = {**field.within, "tool_choice": {"type": "any"}}
    reply = ask.asked(replace(field, within=must))
    assert (reply.status, len(reply.calls), reply.is_cut) == (200, 1, False)


_ONCE: Final = honoured(
    _ONE_CALL,
    _one_call,
    "exactly one call where one must be, else one at most",
    example=True,
    within={
        "tool_choice": {"type": "auto"},
        "tools": [_WEATHER],
        "messages": [{"role": "user", "content": WEATHER}],
        "max_tokens": 64,
    },
)
CALLED: Final = (
    honoured(
        "tool_choice.type=any",
        calls("look"),
        "one call or several",
        example={"type": "any"},
        within={"tools": [_LOOK], "messages": [{"role": "user", "content": NO_CALL}]},
        at="tool_choice",
    ),
    *(
        honoured(
            f"tool_choice.{path}",
            calls("look"),
            note,
            example={"type": "tool", "name": "look"},
            within=_SEVERAL,
            at="tool_choice",
        )
        for path, note in (("type=tool", "one call or several of this tool"), ("name", ""))
    ),
    _ONCE,
    honoured(
        "tools.N.strict",
        refuses_what_cannot_be_held("input_schema", "tools.0.input_schema"),
        "a schema that cannot be enforced is refused; without it the calls are not held to it then",
        example=True,
        within={"tools": [_LOOK]},
    ),
)

TOLD_TOOLS: Final = (
    honoured(
        "tools.N.type=custom",
        _TOLD,
        "answered where the way in which the model writes calls is known, else refused",
        example=[{**_TOOL, "type": "custom"}],
        at="tools",
    ),
    honoured("tools.N.name", _TOLD, "", example=[_TOOL], at="tools"),
    honoured("tools.N.description", _TOLD, "", example=[_TOOL], at="tools"),
    honoured("tools.N.input_schema", _TOLD, "", example=[_TOOL], at="tools", is_whole=True),
    not_applicable(
        "tools.N.cache_control", "", example={"type": "ephemeral"}, within={"tools": [_TOOL]}, is_whole=True
    ),
    *(
        ignored(f"tools.N.{name}", value, within={"tools": [_TOOL]})
        for name, value in (
            ("allowed_callers", ["direct"]),
            ("defer_loading", True),
            ("eager_input_streaming", True),
            ("input_examples", []),
        )
    ),
)


def _wrapped(schema: Any) -> dict[str, Any]:
    return {"type": "json_schema", "schema": schema}


ANSWER: Final = (
    honoured(
        "thinking.budget_tokens",
        thinks_no_longer(
            lambda body: int(body["usage"]["output_tokens_details"]["thinking_tokens"]),
            messages=[{"role": "user", "content": "What is MLX Manager?"}],
        ),
        "after so many the thinking is ended; ignored where the model does not reason",
        example=1024,
        within={"thinking": {"type": "enabled"}},
    ),
    *format_lines("output_config.format", _wrapped, "schema"),
    *format_lines("output_format", _wrapped, "schema"),
    *(
        not_applicable(path, "what is answered in any case", example={"type": "text"}, at=at, is_ours=True)
        for path, at in (
            ("output_config.format.type=text", "output_config.format"),
            ("output_format.type=text", "output_format"),
        )
    ),
    *EXTRAS,
    honoured("max_tokens", effects.limits, "more than the window holds means all of it", example=3),
    honoured("stop_sequences", effects.stops, "up to 64", example=["x"]),
    honoured("stream", effects.streams, "", example=True),
    honoured("temperature", effects.cools, "0 to 1; 0 is greedy", example=1),
    honoured("top_p", effects.narrows, "", example=1e-6),
    honoured("top_k", effects.narrows, "", example=1),
    ours("min_p", effects.narrows, "", example=1),
    ours("seed", effects.seeds, "", example=7),
    ours("presence_penalty", effects.changes, "-2 to 2", example=2),
    ours("frequency_penalty", effects.changes, "-2 to 2", example=2),
    ours("repetition_penalty", effects.changes, "0.01 to 10; also of the prompt", example=4),
    ours("priority", effects.comes_last, "`background` lets `interactive` pass", example="background"),
    ours(
        "cache_salt", effects.is_salted, "prompts are kept apart from those of other salts", example="pepper"
    ),
    ours("cache_debug", effects.adds("cache_debug"), "tells where a kept prompt was left", example=True),
    ours("timeout", effects.times_out, "seconds; then 504", example=60),
    ours("keep_alive", effects.unloads, "seconds, or `5m`; -1 is for ever", example=60),
)

ELSE: Final = (
    *OTHERS_SAMPLING,
    refused("n", 2, "1 is taken"),
    refused("stop", ["x"], "`stop_sequences` here"),
    refused("logit_bias", {"5": 1}),
    refused("response_format", {"type": "json_object"}),
    ignored("container", "container_1"),
    ignored("context_management", {"edits": [{"type": "clear_thinking_20251015"}]}),
    ignored("diagnostics", {}),
    ignored("inference_geo", "eu"),
    ignored("metadata", {"user_id": "somebody"}),
    ignored("service_tier", "auto"),
    ignored("speed", "fast"),
    ignored("user_profile_id", "profile_1"),
    ignored("workspace_id", "workspace_1"),
    ignored("billing_policy", {"type": "billing_policy"}),
    ignored("compaction", {"type": "summarize"}),
    ignored("fallback_credit_token", "token"),
    ignored("fallbacks", [{"model": "another"}]),
    ignored("mcp_servers", [{"type": "url", "name": "x", "url": "https://example.com"}]),
    ignored("thread", {"type": "create"}),
    ignored("safeguards", {}),
    not_applicable("betas", "a header, `anthropic-beta`: any value is taken"),
)


def _uncounted(entry: Field) -> Field:
    """What an answer honours changes no count; what is ignored is ignored there, too."""
    return entry if entry.treatment is Treatment.IGNORED else unanswered(entry)


MESSAGES_ENDPOINT: Final = Endpoint(
    path="/v1/messages",
    base=BASE,
    dialect=ANTHROPIC,
    fields=(*PROMPT, THINKING_ANSWERED, *TOLD_TOOLS, *CALLED, *ANSWER, *ELSE),
)
COUNT_TOKENS: Final = Endpoint(
    path="/v1/messages/count_tokens",
    base={"model": "demo", "messages": [_QUESTION]},
    dialect=COUNTING,
    fields=(*PROMPT, THINKING_COUNTED, *TOLD_TOOLS, *map(_uncounted, (*CALLED, *ANSWER)), *ELSE),
    can_stream=False,
)
