"""Harmony: channels, calls and texts are told apart as the template of gpt-oss and models write them."""

import json
import random
from collections.abc import Sequence

import llguidance
import pytest
from test_boundaries import DATA, with_template
from test_reasoning_formats import cut

from mlx_manager.mlx_server.domain.events import ToolCallDelta, ToolCallStarted
from mlx_manager.mlx_server.domain.request import ChatMessage, ChatPrompt
from mlx_manager.mlx_server.domain.tools import TextInput, ToolCall
from mlx_manager.mlx_server.text.reasoning import splitter_after
from mlx_manager.mlx_server.text.reasoning_formats.known import HARMONY, HARMONY_MARKS
from mlx_manager.mlx_server.text.tool_formats.base import HeldTool
from mlx_manager.mlx_server.text.tool_formats.harmony import HARMONY as CALLS

PROMPT = "<|start|>user<|message|>Hi<|end|><|start|>assistant"
THOUGHT = "<|channel|>analysis<|message|>They ask.<|end|>"
NEXT = "<|start|>assistant"
FINAL = "<|channel|>final<|message|>"
CALLED = "<|channel|>commentary to=functions.look_up <|constrain|>json<|message|>"
ARGUMENTS = '{"where": "a < b <|", "n": [1]}'
CALL = ("look_up", ARGUMENTS)


def read(
    text: str, places: Sequence[int] = (), *, prompt: str = PROMPT, calls: bool = True, parallel: bool = True
) -> tuple[str, str, list[tuple[str, str]]]:
    """Reasoning, text and calls of an answer."""
    splitter = splitter_after(HARMONY, prompt, HARMONY_MARKS if calls else ())
    reader = CALLS.splitter((), parallel=parallel, choice=0)
    thought, parts = "", []
    chunks = cut(text, places) if places else list(text)
    for pieces in [*map(splitter.push, chunks), splitter.finish()]:
        for piece in pieces:
            if piece.is_reasoning:
                thought += piece.text
            else:
                parts += reader.push(piece.text) if calls else [piece.text]
    said, called = "", list[tuple[str, str]]()
    for part in [*parts, *reader.finish()]:
        match part:
            case str():
                said += part
            case ToolCallStarted(name=name):
                called.append((name, ""))
            case ToolCallDelta(arguments=arguments):
                called[-1] = (called[-1][0], called[-1][1] + arguments)
    return thought, said, called


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (THOUGHT + NEXT + FINAL + "Hello.", ("They ask.", "Hello.", [])),
        (FINAL + "Hello.<|return|>", ("", "Hello.", [])),
        (THOUGHT + NEXT + CALLED + ARGUMENTS + "<|call|>", ("They ask.", "", [CALL])),
        (THOUGHT + NEXT + CALLED + ARGUMENTS, ("They ask.", "", [CALL])),  # the mark ended the sequence
        # The recipient may come first, with another word for JSON, or none.
        (f" to=functions.look_up<|channel|>commentary json<|message|>{ARGUMENTS}<|call|>", ("", "", [CALL])),
        (f"<|channel|>commentary to=look_up<|message|>{ARGUMENTS}<|call|>", ("", "", [CALL])),
        (f"<|channel|>analysis to=functions.look_up code<|message|>{ARGUMENTS}<|call|>", ("", "", [CALL])),
        # A preamble is said before the call; the vendor's own tools are amid the thought.
        (
            f"{THOUGHT}{NEXT}<|channel|>commentary<|message|>I look.<|end|>{NEXT}{CALLED}{ARGUMENTS}<|call|>",
            ("They ask.", "I look.", [CALL]),
        ),
        ("<|channel|>analysis to=python code<|message|>1+1<|call|>", ("1+1", "", [])),
        # Several of a kind are one text.
        (THOUGHT + NEXT + THOUGHT + NEXT + FINAL + "So.", ("They ask.\n\nThey ask.", "So.", [])),
        (
            f"<|channel|>commentary<|message|>First.<|end|>{NEXT}{FINAL}Then.",
            ("", "First.\n\nThen.", []),
        ),
        # In a string of a call's arguments marks are text.
        (
            CALLED + '{"a": "\\"<|end|> <|start|>"}<|end|>' + NEXT + FINAL + "So.",
            ("", "So.", [("look_up", '{"a": "\\"<|end|> <|start|>"}')]),
        ),
        # Models forget marks.
        (f"<|channel|>analysis<|message|>Hm{NEXT}{FINAL}So.", ("Hm", "So.", [])),
        (f"<|channel|>analysis<|message|>Hm{FINAL}So.", ("Hm", "So.", [])),
        (f"{THOUGHT}{FINAL}So.<|end|>", ("They ask.", "So.", [])),
        ("Hello there.", ("", "Hello there.", [])),
        ("t", ("", "t", [])),
        ("< 5", ("", "< 5", [])),
        (FINAL + "a <|b|> c <", ("", "a <|b|> c <", [])),
        # What a tool might have said is only imagined.
        (
            f"{FINAL}a<|end|><|start|>functions.f to=assistant<|channel|>commentary<|message|>b",
            ("b", "a", []),
        ),
        # Ends where nothing has been said.
        ("<|channel|>analysis<|message|>They as", ("They as", "", [])),
        ("<|channel|>analysis", ("", "", [])),
        (THOUGHT, ("They ask.", "", [])),
        (THOUGHT + "<|start|>assis", ("They ask.", "", [])),
        (" to=functions.look", ("", "", [])),
        (CALLED + '{"a": ', ("", "", [("look_up", '{"a": ')])),
        (CALLED + "<|call|>", ("", "", [("look_up", "{}")])),
    ],
)
def test_answers(text: str, wanted: tuple[str, str, list[tuple[str, str]]]) -> None:
    assert read(text) == wanted
    draw = random.Random(text)
    for _ in range(30):
        assert read(text, [draw.randrange(1, 400) for _ in range(draw.randrange(1, 12))]) == wanted


def test_a_call_is_text_where_nothing_can_be_called() -> None:
    text = f"{THOUGHT}{NEXT}{CALLED}{ARGUMENTS}<|call|>"
    assert read(text, calls=False) == ("They ask.", ARGUMENTS, [])


def test_one_call_where_one_is_wanted() -> None:
    text = f"{CALLED}{ARGUMENTS}<|end|>{NEXT}{CALLED}{{}}<|call|>"
    assert read(text)[2] == [CALL, ("look_up", "{}")]
    assert read(text, parallel=False)[2] == [CALL]


@pytest.mark.parametrize(
    ("prompt", "text", "wanted"),
    [
        ("<|start|>assistant<|channel|>analysis<|message|>", f"Hm<|end|>{NEXT}{FINAL}So.", ("Hm", "So.")),
        ("<|start|>assistant<|channel|>final<|message|>One, ", "two.", ("", "two.")),
        ("<|start|>assistant<|channel|>analysis", "<|message|>Hm<|end|>", ("Hm", "")),
        ("<|start|>assistant<|channel|>analysis<|message|>Hm<|end|>", f"{NEXT}{FINAL}So.", ("", "So.")),
    ],
)
def test_a_prompt_may_have_begun_a_message(prompt: str, text: str, wanted: tuple[str, str]) -> None:
    assert read(text, prompt=f"<|start|>user<|message|>Hi<|end|>{prompt}")[:2] == wanted


def test_what_the_template_writes_is_read_again() -> None:
    file = DATA / "templates" / "openai-gpt-oss-120b.jinja"
    if not file.is_file():
        pytest.skip(f"no {file}; set MLX_MANAGER_TEST_DATA")
    tokenizer = with_template(file.read_text())
    asked = ChatMessage("user", "Where?")
    prompt = tokenizer.render(ChatPrompt((asked,)))
    call = ToolCall("call_1", "look_up", ARGUMENTS)
    called = ChatMessage("assistant", "", tool_calls=(call,), reasoning="They ask.")
    whole = tokenizer._chat_template().render(ChatPrompt(()), (asked, called), for_answer=False)
    said = ChatMessage("assistant", "There.", reasoning="I know.")
    answered = tokenizer._chat_template().render(ChatPrompt(()), (asked, said), for_answer=False)
    draw = random.Random(7)
    for _ in range(50):
        places = [draw.randrange(1, 400) for _ in range(9)]
        thought, text, calls = read(whole.removeprefix(prompt), places, prompt=prompt)
        assert (thought, text) == ("They ask.", "")
        assert [(name, json.loads(arguments)) for name, arguments in calls] == [
            ("look_up", json.loads(ARGUMENTS))
        ]
        assert read(answered.removeprefix(prompt), places, prompt=prompt) == ("I know.", "There.", [])


SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
TOOLS = (HeldTool("f", SCHEMA), HeldTool("any", None), HeldTool("patch", None, TextInput()))


def accepts(grammar: str, text: str) -> bool:
    matcher = llguidance.LLMatcher(
        llguidance.LLTokenizer("byte"), llguidance.LLMatcher.grammar_from_lark(grammar)
    )
    assert not matcher.is_error(), matcher.get_error()
    ids = list(text.encode())
    return matcher.try_consume_tokens(ids) == len(ids) and matcher.is_accepting()


@pytest.mark.parametrize(
    ("name", "arguments", "wanted"),
    [
        ("f", '{"n": 1}', True),
        ("f", '{"n": "1"}', False),
        ("any", '{"x": [1]}', True),
        ("any", "1", False),
        ("patch", '{"input": "*** Begin"}', True),
        ("patch", '{"inputs": "*** Begin"}', False),
        ("g", "{}", False),
    ],
)
def test_grammars_hold_calls(name: str, arguments: str, wanted: bool) -> None:
    header = f"<|channel|>commentary to=functions.{name} <|constrain|>json<|message|>"
    forced = CALLS.forced(TOOLS, parallel=True, literal=json.dumps)
    assert accepts(forced, header + arguments) is wanted
    for trigger in CALLS.triggers(TOOLS, parallel=True, literal=json.dumps):
        json_follows = " <|constrain|>json<|message|>"
        rest = json_follows if "<|channel|>" in trigger.text else "<|channel|>commentary" + json_follows
        assert accepts(trigger.grammar, name + rest + arguments) is wanted
        if wanted:
            before = PROMPT.removesuffix(NEXT) if trigger.text.startswith(NEXT) else PROMPT
            assert read(trigger.text + name + rest + arguments, prompt=before)[2] == [(name, arguments)]
