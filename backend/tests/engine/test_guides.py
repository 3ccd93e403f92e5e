"""Guides: whatever is drawn of what they allow is what was asked for, and what is free stays free."""

import json
import re

import pytest
from guide_vocabulary import VOCAB_SIZE, Walk, compiler, json_grammar, token_id, tokenizer, vocabulary
from hypothesis import given, settings
from hypothesis import strategies as st

from mlx_manager.mlx_server.engine.guiding.compiler import GrammarCompiler, GrammarError
from mlx_manager.mlx_server.engine.guiding.masks import excluded
from mlx_manager.mlx_server.engine.guiding.plan import GuidePlan
from mlx_manager.mlx_server.engine.guiding.row import GuideRow
from mlx_manager.mlx_server.engine.guiding.vocabulary import GuideVocabulary
from mlx_manager.mlx_server.engine.wire import Guide, ReasoningGuide, Trigger, Vocabulary

SEEDS = st.integers(0, 2**32)
SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "days": {"type": "integer"}, "wet": {"type": "boolean"}},
    "required": ["city", "wet"],
    "additionalProperties": False,
}
OPEN = ReasoningGuide("<think>", "</think>", True)
CLOSED = ReasoningGuide("<think>", "</think>", False)
NAMED = 'start: "{\\"name\\":\\"" ("rain"|"wind") "\\"}</tool_call>"\n'
CALL = Trigger("<tool_call>", NAMED)
WRITTEN_CALL = re.compile(r'\{"name":"(rain|wind)"\}</tool_call>')


def fits(text: str) -> bool:
    """Whether a text is what `SCHEMA` asks for."""
    found = json.loads(text)
    assert isinstance(found["city"], str)
    assert isinstance(found["wet"], bool)
    return set(found) <= {"city", "days", "wet"}


@given(SEEDS)
@settings(max_examples=40, deadline=None)
def test_a_schema_holds_and_the_text_ends_within_its_tokens(seed: int) -> None:
    walk = Walk(Guide(grammar=json_grammar(SCHEMA)), seed, max_tokens=60).run()
    assert walk.finish == "complete"
    assert fits(walk.text)


def test_a_text_that_cannot_end_in_time_says_so() -> None:
    walk = Walk(Guide(grammar=json_grammar(SCHEMA)), 1, max_tokens=5).run()
    assert (walk.finish, len(walk.ids)) == ("length", 5)


def test_where_the_grammar_could_go_on_a_stop_token_ends_the_text() -> None:
    for seed in range(20):
        walk = Walk(Guide(grammar="start: /[ab]{3,}/\n"), seed, max_tokens=12).run()
        assert walk.finish == "stop"
        assert re.fullmatch("[ab]{3,}", walk.text)
        assert len(walk.ids) < 12


@given(SEEDS)
@settings(max_examples=40, deadline=None)
def test_reasoning_is_free_and_then_the_schema_holds(seed: int) -> None:
    walk = Walk(Guide(OPEN, json_grammar(SCHEMA)), seed, max_tokens=120).run()
    thought, closing, answer = walk.text.partition("</think>")
    assert closing
    assert thought
    assert walk.finish == "complete"
    assert fits(answer)


def test_reasoning_that_nothing_is_held_after_may_end_the_answer() -> None:
    walk = Walk(Guide(ReasoningGuide("<think>", "</think>", True, budget=50), triggers=[CALL]), 0)
    assert Walk.allows(walk.row.mask(), token_id("<eos>"))
    held = Walk(Guide(OPEN, json_grammar(SCHEMA)), 0)
    assert not Walk.allows(held.row.mask(), token_id("<eos>"))


@given(SEEDS, st.integers(0, 30))
@settings(max_examples=40, deadline=None)
def test_a_budget_of_reasoning_is_kept(seed: int, budget: int) -> None:
    reasoning = ReasoningGuide("<think>", "</think>", True, budget)
    walk = Walk(Guide(reasoning, json_grammar(SCHEMA)), seed, max_tokens=200).run()
    _, closing, answer = walk.text.partition("</think>")
    assert closing
    assert fits(answer)
    num_tokens = next(n for n in range(len(walk.ids) + 1) if "</think>" in walk.text_of(n))
    assert num_tokens <= budget + len(vocabulary().encode(b"</think>"))


def test_a_budget_takes_up_a_closing_tag_that_has_begun() -> None:
    walk = Walk(Guide(ReasoningGuide("<think>", "</think>", True, 4), json_grammar(SCHEMA)), 0)
    walk.say("ab")
    walk.say("a</")
    walk.say("think>")
    walk.run()
    assert re.match(r"aba</think>\s?{", walk.text)


def test_an_answer_may_begin_with_reasoning_or_not() -> None:
    guide = Guide(CLOSED, json_grammar(SCHEMA))
    thinking = Walk(guide, 0)
    thinking.say("<think>anything at all</think>")
    assert fits(thinking.run().text.partition("</think>")[2])
    plain = Walk(guide, 0)
    plain.say('{"city":')
    assert fits(plain.run().text)
    with pytest.raises(AssertionError, match="not allowed"):
        Walk(guide, 0).say("hello")
    with pytest.raises(AssertionError, match="not allowed"):
        Walk(guide, 0).say("<thx")


def test_a_token_that_closes_reasoning_and_goes_on_against_the_schema_is_refused() -> None:
    walk = Walk(Guide(OPEN, json_grammar(SCHEMA)), 0)
    walk.say("hm</think")
    mask = walk.row.mask()
    assert Walk.allows(mask, token_id(">{"))
    assert not Walk.allows(mask, token_id(">x"))


@given(SEEDS)
@settings(max_examples=60, deadline=None)
def test_text_is_free_until_a_call_is_opened_and_the_call_is_a_real_one(seed: int) -> None:
    walk = Walk(Guide(triggers=[CALL]), seed, max_tokens=120)
    walk.run(steps=walk.random.randrange(6))
    if not walk.finish:
        walk.say("a<tool_call>")
        walk.run()
    _, opened, rest = walk.text.partition("<tool_call>")
    if opened:
        assert WRITTEN_CALL.match(rest) or (walk.finish == "length" and len(rest) < 30)


def test_what_is_free_is_not_masked() -> None:
    walk = Walk(Guide(triggers=[CALL]), 0)
    assert walk.row.mask() is None
    walk.say("no call here <eos")
    assert walk.row.mask() is None
    walk.say("<[CALLS]<|end|>tool_")
    assert walk.row.mask() is None


def test_after_a_call_the_text_is_free_again() -> None:
    walk = Walk(Guide(triggers=[CALL]), 0)
    for _ in range(3):
        walk.say('<tool_call>{"name":"wind"}</tool_call>')
        assert walk.row.mask() is None
        walk.say(" and then ")
    walk.say("<tool_call>{")
    with pytest.raises(AssertionError, match="not allowed"):
        walk.say('"nome')


def test_nothing_follows_the_only_call() -> None:
    walk = Walk(Guide(triggers=[CALL], ends_after_call=True), 0)
    walk.say('so <tool_call>{"name":"rain"}</tool_call>')
    assert walk.finish == "complete"


def test_calls_in_reasoning_are_none() -> None:
    walk = Walk(Guide(OPEN, triggers=[CALL]), 0)
    walk.say("<tool_call>whatever</think>")
    walk.say("<tool_call>{")
    with pytest.raises(AssertionError, match="not allowed"):
        walk.say('"x"')


def test_an_opening_that_counts_at_the_start_only() -> None:
    guide = Guide(triggers=[Trigger("[rain(", 'start: /[0-9]+/ ")]"\n', at_start=True)])
    walk = Walk(guide, 0)
    walk.say("\n [rain(")
    with pytest.raises(AssertionError, match="not allowed"):
        walk.say("x")
    later = Walk(guide, 0)
    later.say("see [rain(x)]")
    assert later.row.mask() is None


def test_special_tokens_open_calls_and_stand_in_grammars() -> None:
    grammar = f'start: "ok" <[{token_id("<|end|>")}]>\n'
    walk = Walk(Guide(triggers=[Trigger("[CALLS]", grammar)], ends_after_call=True), 0)
    walk.say("text [CALLS]ok<|end|>")
    assert walk.finish == "complete"
    assert Walk(Guide(grammar=grammar), 0).run().text == "ok<|end|>"


def test_what_cannot_be_compiled_says_why_in_one_line() -> None:
    for grammar, why in (
        ("start: /(a/\n", "unclosed group"),
        ("start: missing\n", "unknown name"),
        ('start: %json {"type": "strnig"}\n', "strnig"),
        ('start: %json {"$ref": "#/nowhere"}\n', "nowhere"),
    ):
        with pytest.raises(GrammarError) as caught:
            compiler().matcher(grammar)
        assert why in str(caught.value)
        assert "\n" not in str(caught.value)


def test_a_model_without_an_end_never_takes_a_token_for_one() -> None:
    endless = GuideVocabulary(Vocabulary(tokenizer().to_str(), []), VOCAB_SIZE)
    compiled = GrammarCompiler(endless)
    row = GuideRow(GuidePlan(Guide(grammar="start: /[ab]+/\n"), compiled), endless, 100)
    (letter,) = endless.encode(b"a")
    assert not row.note(letter)
    mask = row.mask()
    assert mask is not None
    allowed = {endless.bytes_of(found) for found in range(VOCAB_SIZE) if Walk.allows(mask, found)}
    assert allowed == {b"a", b"b", b"ab"}


@given(SEEDS)
@settings(max_examples=20, deadline=None)
def test_text_that_is_spelt_like_a_special_token_is_text(seed: int) -> None:
    """llguidance offers the special token where its name is forced, and then refuses it."""
    for grammar in ('start: /[ab]{0,3}/ "[CALLS]" "<|end|>"\n', json_grammar({"enum": ["<|end|>"]})):
        for reasoning in (None, CLOSED):
            walk = Walk(Guide(reasoning, grammar), seed, max_tokens=60).run()
            answer = walk.text.partition("</think>")[2] or walk.text
            assert walk.finish == "complete"
            assert answer.endswith(("[CALLS]<|end|>", '"<|end|>"'))
            assert not {token_id("[CALLS]"), token_id("<|end|>")} & set(walk.answer_ids)


@pytest.mark.parametrize("num_logits", [288, 289, 319, 320])
def test_logits_of_any_width(num_logits: int) -> None:
    wide = GuideVocabulary(Vocabulary(tokenizer().to_str(), [token_id("<eos>")]), num_logits)
    for guide in (Guide(CLOSED, json_grammar(SCHEMA)), Guide(OPEN, json_grammar(SCHEMA), [CALL])):
        row = GuideRow(GuidePlan(guide, GrammarCompiler(wide)), wide, 100)
        for token in [*wide.encode(b"<think>a</think>"), *wide.encode(b'{"city":"')]:
            if (mask := row.mask()) is not None:
                assert not excluded(mask, num_logits)[token]
            row.note(token)


def test_a_budget_is_not_gone_round_by_a_second_block() -> None:
    for opened in (True, False):
        walk = Walk(Guide(ReasoningGuide("<think>", "</think>", opened, 9), triggers=[CALL]), 0)
        walk.say("" if opened else "<think>")
        walk.say("ab</think>")
        walk.say("\n <think")
        assert not Walk.allows(walk.row.mask(), token_id(">"))
        again = Walk(Guide(ReasoningGuide("<think>", "</think>", opened, 9), triggers=[CALL]), 0)
        again.say(("" if opened else "<think>") + "ab</think>")
        # Within the text it is only a word.
        again.say('one writes <think> so. <tool_call>{"name":"rain"}</tool_call>')
        again.say("\n<think")
        assert not Walk.allows(again.row.mask(), token_id(">"))
        assert not Walk.allows(again.row.mask(), vocabulary().ids_of(b">\n")[0])


def test_a_grammar_that_nothing_fits_is_none() -> None:
    for grammar in ("start: /a[^\\s\\S]/\n", 'start: %json {"$ref": "#"}\n'):
        with pytest.raises(GrammarError):
            compiler().matcher(grammar)


def test_a_gap_after_reasoning_and_none_without() -> None:
    guide = Guide(CLOSED, json_grammar(SCHEMA))
    for gap in ("", "\n", " "):
        walk = Walk(guide, 0)
        walk.say(f"<think>a</think>{gap}")
        walk.say('{"city":')
    with pytest.raises(AssertionError, match="not allowed"):
        Walk(guide, 0).say("\n")
    endless = Walk(guide, 0)
    endless.say("<think>a</think>\n")
    with pytest.raises(AssertionError, match="not allowed"):
        endless.say("\n")
