"""What a request asks of its answers becomes a guide, or an error that names the field."""

from collections.abc import Callable, Sequence
from functools import cache
from itertools import product
from typing import Any, cast

import pytest

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.mlx_server.domain.formats import AnswerFormat, JsonFormat, LarkFormat, RegexFormat
from mlx_manager.mlx_server.domain.guide import Guide, ReasoningGuide
from mlx_manager.mlx_server.domain.request import ChatMessage, ChatPrompt, GenerationRequest, TextPrompt
from mlx_manager.mlx_server.domain.tools import TextInput, ToolChoice, ToolDefinition
from mlx_manager.mlx_server.engine.guiding.compiler import GrammarCompiler
from mlx_manager.mlx_server.engine.guiding.vocabulary import GuideVocabulary
from mlx_manager.mlx_server.engine.wire import Vocabulary
from mlx_manager.mlx_server.guides import GuideMaker, PromptGuide
from mlx_manager.mlx_server.pool.entry import Resident
from mlx_manager.mlx_server.pool.sources import DEMO_PATH
from mlx_manager.mlx_server.text.reasoning_formats.known import THINK
from mlx_manager.mlx_server.text.tokenizer import EncodedPrompt, Tokenizer
from mlx_manager.mlx_server.text.tool_formats.base import ToolFormat
from mlx_manager.mlx_server.text.tool_formats.registry import FORMATS, JSON_IN_TAGS

GEMMA = next(one for one in FORMATS if one.name == "gemma")
XML = next(one for one in FORMATS if one.name == "qwen3_coder_xml")
ANSWER = JsonFormat({"type": "object", "properties": {"n": {"type": "integer"}}}, "response_format")


@cache
def tokenizer() -> Tokenizer:
    return Tokenizer.load(DEMO_PATH)


class Worker:
    """Compiles as the engine's process does, in this one."""

    def __init__(self) -> None:
        vocabulary = Vocabulary(tokenizer().serialised(), sorted(tokenizer().stop_ids))
        self._compiler = GrammarCompiler(GuideVocabulary(vocabulary, len(tokenizer()._rust.get_vocab())))
        self.num_asked = 0

    async def check_grammars(
        self, grammars: Sequence[str], vocabulary: Callable[[], str], stop_ids: Sequence[int]
    ) -> list[str]:
        self.num_asked += 1
        return [self._compiler.fault(grammar) for grammar in grammars]

    def fault(self, grammar: str) -> str:
        return self._compiler.fault(grammar)


@cache
def worker() -> Worker:
    return Worker()


def resident() -> Resident:
    return Resident(cast(Any, None), tokenizer(), cast(Any, worker()), 0.0, 0.0)


def tool(number: int, schema: Any, **fields: Any) -> ToolDefinition:
    path = f"tools.{number}"
    return ToolDefinition(
        f"tool_{number}", parameters=schema, path=path, schema_path=f"{path}.parameters", **fields
    )


def holding(member: Any) -> dict[str, Any]:
    return {"properties": {"x": member}, "required": ["x"], "additionalProperties": False}


GOOD = holding({"type": "integer", "minimum": 3})
# By the format of calls, what it cannot be held to, and a part of the reason.
UNHELD: list[tuple[ToolFormat, Any, str]] = [
    (JSON_IN_TAGS, holding({"type": "array", "uniqueItems": True}), "/properties/x/uniqueItems"),
    (JSON_IN_TAGS, holding({"type": "string", "pattern": "a(^b|c)"}), "^ or $"),
    (JSON_IN_TAGS, {"type": "array"}, "/type"),
    (GEMMA, holding({"type": "string", "format": "uuid"}), "/properties/x/format"),
    (GEMMA, holding({"type": "array", "uniqueItems": True}), "/properties/x/uniqueItems"),
    (XML, holding({"type": "string", "format": "date"}), "/properties/x/format"),
]


async def make(
    tools: Sequence[ToolDefinition] = (),
    choice: ToolChoice | None = None,
    *,
    calls: ToolFormat = JSON_IN_TAGS,
    answer: AnswerFormat | None = None,
    reasons: bool = False,
    budget: int | None = None,
    parallel: bool = True,
    continues: bool = False,
) -> PromptGuide:
    chat = ChatPrompt(
        (ChatMessage("user", "Hello"),),
        tools=tuple(tools),
        tool_choice=choice or ToolChoice(),
        continues_last=continues,
    )
    request = GenerationRequest(
        "r",
        "demo",
        (chat,),
        parallel_calls=parallel,
        answer_format=answer,
        reasoning_budget=budget,
        reasoning_budget_path="thinking.budget_tokens",
    )
    encoded = EncodedPrompt(
        [1], "Hello", tool_format=calls if tools else None, reasoning_format=THINK if reasons else None
    )
    return await GuideMaker(request, resident()).make(chat, encoded)


def guide_of(made: PromptGuide) -> Guide:
    assert made.guide is not None
    for grammar in (made.guide.grammar, *(trigger.grammar for trigger in made.guide.triggers)):
        assert not grammar or worker().fault(grammar) == ""
    return made.guide


async def refused(*args: Any, **fields: Any) -> ApiError:
    with pytest.raises(ApiError) as caught:
        await make(*args, **fields)
    assert caught.value.code is ErrorCode.GRAMMAR_NOT_ENFORCEABLE
    return caught.value


MODES = {
    "auto": ToolChoice(),
    "allowed": ToolChoice(names=frozenset({"tool_0", "tool_1"})),
    "required": ToolChoice(is_required=True),
    "named": ToolChoice(is_required=True, names=frozenset({"tool_1"})),
}


@pytest.mark.parametrize("parallel", [True, False])
@pytest.mark.parametrize("mode", MODES)
async def test_what_can_be_held_is_held(mode: str, parallel: bool) -> None:
    for calls, is_strict in product((JSON_IN_TAGS, GEMMA, XML), (True, False)):
        tools = [tool(0, {}), tool(1, GOOD, is_strict=is_strict)]
        made = await make(tools, MODES[mode], calls=calls, parallel=parallel)
        guide = guide_of(made)
        assert made.ignored == ()
        assert guide.ends_after_call is not parallel
        assert bool(guide.grammar) == MODES[mode].is_required
        assert bool(guide.triggers) != MODES[mode].is_required
        written = guide.grammar + "".join(trigger.grammar for trigger in guide.triggers)
        assert ("tool_0" in written, "tool_1" in written) == (mode != "named", True)
        assert '"minimum": 3' in written


@pytest.mark.parametrize(("calls", "schema", "reason"), UNHELD)
@pytest.mark.parametrize("mode", MODES)
async def test_what_cannot_be_held_is_refused_or_named(
    mode: str, calls: ToolFormat, schema: Any, reason: str
) -> None:
    tools = [tool(0, GOOD), tool(1, schema), tool(2, GOOD)]
    if MODES[mode].is_required:
        error = await refused(tools, MODES[mode], calls=calls)
        assert (error.param, reason in error.message) == ("tools.1.parameters", True), error.message
        return
    made = await make(tools, MODES[mode], calls=calls)
    assert made.ignored == ("tools.1.parameters",)
    grammars = [trigger.grammar for trigger in guide_of(made).triggers]
    assert grammars
    assert all("tool_1" in grammar and '"minimum": 3' in grammar for grammar in grammars)
    strict = [tools[0], tool(1, schema, is_strict=True)]
    error = await refused(strict, MODES[mode], calls=calls)
    assert (error.param, reason in error.message) == ("tools.1.parameters", True), error.message


async def test_a_tool_that_may_not_be_called_is_not_looked_at() -> None:
    tools = [tool(0, GOOD), tool(1, UNHELD[0][1], is_strict=True)]
    made = await make(tools, ToolChoice(is_required=True, names=frozenset({"tool_0"})))
    assert "tool_1" not in guide_of(made).grammar


ODD = LarkFormat("start: A & B\nA: /[a-z]+/\nB: /[a-f]+/\n", "tools.0.format")


@pytest.mark.parametrize(
    ("calls", "text", "reason"),
    [
        (JSON_IN_TAGS, LarkFormat("start: nothing\n", "tools.0.format"), "unknown name"),
        (JSON_IN_TAGS, RegexFormat("(", "tools.0.format"), "regex"),
        (JSON_IN_TAGS, ODD, ""),
        (GEMMA, LarkFormat('start: "a"\n', "tools.0.format"), "the grammar"),
    ],
)
@pytest.mark.parametrize("mode", ["auto", "required"])
async def test_the_grammar_of_a_text_is_always_held_to(
    mode: str, calls: ToolFormat, text: Any, reason: str
) -> None:
    error = await refused([tool(0, {}, text_input=TextInput(text))], MODES[mode], calls=calls)
    assert (error.param, reason in error.message) == ("tools.0.format", True), error.message


async def test_a_text_without_a_grammar_is_free() -> None:
    for calls in (JSON_IN_TAGS, GEMMA, XML):
        made = await make([tool(0, {}, text_input=TextInput())], calls=calls)
        assert guide_of(made).triggers
        assert made.ignored == ()


# As JSON it can be compiled, as Gemma's text between marks it is too much.
LARGE = {
    "properties": {
        str(n): {"type": "string", "pattern": f"{n}.{{0,200}}x", "maxLength": 9_000} for n in range(40)
    },
    "additionalProperties": False,
}


async def test_a_tool_that_is_too_much_in_its_format_frees_none_that_must_be_held() -> None:
    strict = tool(0, GOOD, is_strict=True)
    made = await make([strict, tool(1, LARGE), tool(2, GOOD)], calls=GEMMA)
    assert made.ignored == ("tools.1.parameters", "tools.2.parameters")
    (trigger,) = guide_of(made).triggers
    assert trigger.grammar.count('"minimum": 3') == 1
    error = await refused([strict, tool(1, LARGE, is_strict=True)], calls=GEMMA)
    assert error.param == "tools.1.parameters"
    assert (await refused([strict, tool(1, LARGE)], MODES["required"], calls=GEMMA)).param == "tools"


@pytest.mark.parametrize("parallel", [True, False])
async def test_an_answer_in_a_format_may_be_a_call_instead(parallel: bool) -> None:
    unheld = tool(1, UNHELD[0][1])
    made = await make([tool(0, GOOD), unheld], answer=ANSWER, parallel=parallel)
    guide = guide_of(made)
    assert made.ignored == ("tools.1.parameters",)
    assert guide.triggers == ()
    for part in ("tool_0", "tool_1", '"minimum": 3', '"n"'):
        assert part in guide.grammar
    error = await refused([tool(0, UNHELD[0][1], is_strict=True)], answer=ANSWER)
    assert error.param == "tools.0.parameters"


async def test_an_answers_format_that_cannot_be_enforced_is_refused() -> None:
    for schema in (UNHELD[0][1], False):
        error = await refused(answer=JsonFormat(schema, "response_format.json_schema.schema"))
        assert error.param == "response_format.json_schema.schema"
    assert (await refused(answer=RegexFormat("(", "regex"))).param == "regex"


async def test_reasoning_comes_before_what_is_held() -> None:
    bare = guide_of(await make(answer=ANSWER))
    made = await make(answer=ANSWER, reasons=True)
    guide = guide_of(made)
    assert (bare.reasoning, guide.reasoning) == (None, ReasoningGuide(THINK.opening, THINK.closing, False))
    assert guide.grammar == bare.grammar
    required = guide_of(await make([tool(0, GOOD)], MODES["required"], reasons=True))
    assert required.reasoning is not None
    assert required.reasoning.budget is None


async def test_a_budget_needs_reasoning() -> None:
    made = await make(budget=20)
    assert (made.guide, made.ignored) == (None, ("thinking.budget_tokens",))
    asked = worker().num_asked
    held = await make(budget=20, reasons=True)
    assert guide_of(held).reasoning is not None
    assert held.ignored == ()
    # The worker was told of the vocabulary, though there is no grammar.
    assert worker().num_asked == asked + 1


async def test_an_answer_that_goes_on_may_still_call() -> None:
    for parallel in (True, False):
        made = await make([tool(0, GOOD)], continues=True, parallel=parallel)
        assert guide_of(made).triggers
        assert guide_of(made).grammar == ""


async def test_of_a_bound_that_is_too_large_the_rest_is_held() -> None:
    script = {"type": "string", "maxLength": 524_288}
    schema = {"properties": {"script": script, "n": {"type": "integer"}}, "required": ["script", "n"]}
    made = await make([tool(0, schema)])
    assert made.ignored == ("tools.0.parameters",)
    (trigger,) = guide_of(made).triggers
    assert '"n"' in trigger.grammar
    assert "524288" not in trigger.grammar
    assert "maxLength" in str(await refused([tool(0, schema)], MODES["required"]))


async def test_nothing_asked_is_nothing_held() -> None:
    assert await make() == PromptGuide()
    assert await make(reasons=True) == PromptGuide()
    request = GenerationRequest("r", "demo", (TextPrompt("x"),))
    maker = GuideMaker(request, resident())
    assert await maker.make(TextPrompt("x"), EncodedPrompt([1], "x")) == PromptGuide()
