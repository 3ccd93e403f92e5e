"""The grammars of formats: what a template writes passes, and nothing but calls of offered tools does."""

import json
import random
import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import jsonschema
import llguidance
import pytest
from test_tool_round_trip import FORMATS, needs
from tool_turns import Call, read_calls, real_template, split, text_of, turn_of

from mlx_manager.mlx_server.domain.formats import LarkFormat, RegexFormat
from mlx_manager.mlx_server.domain.tools import TextInput, ToolDefinition
from mlx_manager.mlx_server.text.tool_formats.base import HeldTool, ToolFormat
from mlx_manager.mlx_server.text.tool_formats.grammar import quoted
from mlx_manager.mlx_server.text.tool_formats.registry import FORMATS as DECLARED
from mlx_manager.mlx_server.text.tool_formats.registry import GENERIC, LFM2, PYTHONIC

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "where": {"type": "string", "description": "One."},
        "days": {"type": "integer"},
        "mode": {"enum": ["fast", "slow"]},
        "flags": {"type": "array", "items": {"type": "boolean"}},
        "near": {"$ref": "#/$defs/place"},
    },
    "required": ["where", "days"],
    "additionalProperties": False,
    "$defs": {
        "place": {
            "type": "object",
            "properties": {"lat": {"type": "number"}, "label": {"type": ["string", "null"]}},
            "required": ["lat"],
            "additionalProperties": False,
        }
    },
}
EMPTY = {"type": "object", "properties": {}, "additionalProperties": False}
HELD = [HeldTool("get_weather", SCHEMA), HeldTool("stop_it", EMPTY)]
TOOLS = [ToolDefinition(tool.name, "Does it.", tool.schema or {}) for tool in HELD]
LEGAL: list[Call] = [
    (
        "get_weather",
        {
            "where": 'a "b" <c>\nd',
            "days": 3,
            "mode": "fast",
            "flags": [True],
            "near": {"lat": 1.5, "label": "x"},
        },
    ),
    ("stop_it", {}),
]
# Formats whose template writes Python's values inside of parameters, where the grammar asks for JSON.
PYTHON_VALUES = {"seed_oss"}


@cache
def byte_tokenizer() -> llguidance.LLTokenizer:
    return llguidance.LLTokenizer("byte")


def matcher(grammar: str) -> llguidance.LLMatcher:
    found = llguidance.LLMatcher(byte_tokenizer(), llguidance.LLMatcher.grammar_from_lark(grammar))
    assert not found.is_error(), found.get_error() + "\n" + grammar
    return found


def accepts(grammar: str, text: str) -> bool:
    held, tokens = matcher(grammar), list(text.encode())
    if held.validate_tokens(tokens) < len(tokens):
        return False
    held.consume_tokens(tokens)
    return bool(held.is_accepting())


# Where templates end a turn, or begin the next.
ENDS = re.compile(
    r"<seed:eos>|<\|END_OF_TURN_TOKEN\|>|<\|im_end\|>|<\|eo[tm]_id\|>|<\|tool_response>|<\uff5cend.of.sentence\uff5c>"
)


def bare_turn(name: str, calls: Sequence[Call]) -> tuple[ToolFormat, str]:
    """The calls as the template writes them, without what stands around them."""
    template = real_template(name)
    assert template._detection is not None
    turn = ENDS.split(turn_of(template, calls))[0]
    return template._detection.tool_format, re.split("</think>|<\\|END_THINKING\\|>", turn)[-1].strip()


@pytest.mark.sample(8)
@pytest.mark.parametrize("name", FORMATS)
def test_what_the_template_writes_passes(name: str) -> None:
    needs(name)
    for calls in (LEGAL[:1], LEGAL[1:], LEGAL):
        if len(calls) > 1 and FORMATS[name] == "llama3_json":
            continue
        if FORMATS[name] in PYTHON_VALUES:
            calls = [(call_name, {**arguments}) for call_name, arguments in calls]
            for _, arguments in calls:
                arguments.pop("flags", None)
                arguments.pop("near", None)
        tool_format, turn = bare_turn(name, calls)
        forced = tool_format.forced(HELD, parallel=True, literal=quoted)
        assert accepts(forced, turn), (turn, forced)
        assert accepts(forced, "\n" + turn)
        assert accepts(tool_format.forced(HELD, parallel=False, literal=quoted), turn) == (len(calls) == 1)
        triggers = tool_format.triggers(HELD, parallel=True, literal=quoted)
        assert passes_triggers(triggers, turn), turn
        for right, wrong in (("get_weather", "get_feather"), ("stop_it", "stop_them"), ("days", "nights")):
            if right in turn:
                assert not accepts(forced, turn.replace(right, wrong))
                assert not passes_triggers(triggers, turn.replace(right, wrong))
        if "3" in turn and FORMATS[name] != "kimi_k2":
            assert not accepts(forced, turn.replace("3", "3.5", 1).replace("function3.5", "function3"))


def passes_triggers(triggers: Sequence[Any], text: str) -> bool:
    """Whether a text of nothing but calls passes, as an engine holds it: trigger after trigger."""
    text = text.strip()
    while text:
        opened = [trigger for trigger in triggers if text.startswith(trigger.text)]
        if not opened:
            return False
        rest = text[len(opened[0].text) :]
        ends = [end for end in range(len(rest) + 1) if accepts_prefix(opened[0].grammar, rest, end)]
        if not ends:
            return False
        text = rest[ends[-1] :].strip()
    return True


@cache
def _lengths(grammar: str, text: str) -> frozenset[int]:
    """After how many characters the text so far is all that the grammar asks for."""
    held, found = matcher(grammar), set()
    if held.is_accepting():
        found.add(0)
    for at, character in enumerate(text, 1):
        tokens = list(character.encode())
        if held.is_stopped() or held.validate_tokens(tokens) < len(tokens):
            break
        held.consume_tokens(tokens)
        if held.is_accepting():
            found.add(at)
    return frozenset(found)


def accepts_prefix(grammar: str, text: str, end: int) -> bool:
    return end in _lengths(grammar, text)


CANDIDATES = [
    '"',
    "}",
    "]",
    "{",
    "[",
    ", ",
    ": ",
    " ",
    "\n",
    "a",
    "é",
    "<",
    "0",
    "7",
    ".",
    "true",
    "None",
    ")",
    "(",
]


def walk(grammar: str, marks: Sequence[str], rng: random.Random) -> str:
    """A text that the grammar lets through, drawn at random; short texts are likelier."""
    held, text = matcher(grammar), bytearray()
    while len(text) < 1500 and not (held.is_stopped() or (held.is_accepting() and rng.random() < 0.5)):
        for candidate in rng.sample([*CANDIDATES, *marks * 2], len(CANDIDATES) + 2 * len(marks)):
            tokens = list(candidate.encode())
            if held.validate_tokens(tokens) == len(tokens):
                break
        else:
            mask = held.compute_bitmask()
            allowed = [byte for byte in range(256) if mask[byte // 8] >> (byte % 8) & 1]
            if not allowed:
                break
            tokens = [rng.choice(allowed)]
        held.consume_tokens(tokens)
        text += bytes(tokens)
    return text.decode() if held.is_accepting() else ""


ALL_FORMATS = [*DECLARED, GENERIC]


@pytest.mark.sample(8)
@pytest.mark.parametrize("tool_format", ALL_FORMATS, ids=lambda one: one.name)
def test_whatever_passes_is_a_valid_call(tool_format: ToolFormat) -> None:
    rng = random.Random(7)
    forced = tool_format.forced(HELD, parallel=True, literal=quoted)
    schemas = {tool.name: tool.schema for tool in HELD}
    seen, tries = 0, 0
    while seen < 6 and tries < 60:
        tries += 1
        text = walk(forced, [*tool_format.marks, "</parameter>", "</seed:tool_call>"], rng)
        if not text:
            continue
        seen += 1
        parts = split(tool_format, text, TOOLS, [5, 20, 40])
        calls = read_calls(parts)
        assert calls, text
        assert not text_of(parts).strip(), text
        for name, arguments in calls:
            jsonschema.validate(arguments, schemas[name] or {})
    assert seen == 6


@pytest.mark.parametrize("tool_format", ALL_FORMATS, ids=lambda one: one.name)
def test_every_grammar_can_be_compiled(tool_format: ToolFormat) -> None:
    held = [
        HeldTool("free", None),
        HeldTool('with space and "quote" ü', {"type": "object"}),
        HeldTool("text", None, TextInput()),
        HeldTool("digits", None, TextInput(RegexFormat("[0-9]{2}/[a-z]+", ""))),
        HeldTool("lark", None, TextInput(LarkFormat('start: "a" WORD\nWORD: /[a-z]+/', ""))),
        *HELD,
    ]
    for parallel in (False, True):
        matcher(tool_format.forced(held, parallel=parallel, literal=quoted))
        for trigger in tool_format.triggers(held, parallel=parallel, literal=quoted):
            assert trigger.text
            matcher(trigger.grammar)


@pytest.mark.parametrize(
    ("tool_format", "text"),
    [
        (
            LFM2,
            '<|tool_call_start|>[get_weather(where="a \\"b", days=3), stop_it()]<|tool_call_end|>',
        ),
        (PYTHONIC, '[get_weather(where="x", days=3, flags=[True, False], near={"lat": 1.5, "label": None})]'),
    ],
)
def test_pythons_calls_pass(tool_format: ToolFormat, text: str) -> None:
    forced = tool_format.forced(HELD, parallel=True, literal=quoted)
    assert accepts(forced, text)
    assert not accepts(forced, text.replace("days=3", 'days="3"'))
    assert not accepts(forced, text.replace(", days=3", ""))
    assert passes_triggers(tool_format.triggers(HELD, parallel=True, literal=quoted), text)


def test_white_space_is_not_for_ever() -> None:
    for tool_format in ALL_FORMATS:
        forced = tool_format.forced(HELD, parallel=True, literal=quoted)
        assert not accepts_beginning(forced, " " * 60)


def accepts_beginning(grammar: str, text: str) -> bool:
    tokens = list(text.encode())
    return bool(matcher(grammar).validate_tokens(tokens) == len(tokens))


def test_special_tokens_stand_for_themselves() -> None:
    """A mark that is a special token is written by its id, and no text can end a value by spelling it."""
    literals: Mapping[str, str] = {"<tool_call>": "<[257]>", "</arg_value>": "<[258]>"}
    seen = []

    def literal(text: str) -> str:
        seen.append(text)
        return literals.get(text, quoted(text))

    glm = next(one for one in DECLARED if one.name == "glm")
    forced = glm.forced(HELD, parallel=False, literal=literal)
    assert "<[257]>" in forced
    assert "<[258]>" in forced
    assert json.dumps("<tool_call>") not in forced
