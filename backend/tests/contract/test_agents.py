"""What coding agents and SDKs send is read whole: their tools are offered and held, the rest is named."""

import llguidance
import pytest

from mlx_manager.mlx_server.domain.formats import LarkFormat
from mlx_manager.mlx_server.domain.tools import ToolDefinition
from mlx_manager.mlx_server.text.json_schema import refusal
from mlx_manager.mlx_server.text.tokenizer import Tokenizer
from tests.agents.grammars import PATCH_GRAMMAR, SCRIPT_GRAMMAR
from tests.agents.session import Session
from tests.agents.sessions import each_session
from tests.live.server import DEMO


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer.load(DEMO)


@each_session
def test_its_tools_are_offered_and_what_has_no_effect_is_named(
    session: Session, tokenizer: Tokenizer
) -> None:
    for body in (session.first, session.second):
        parsed = session.parsed(body)
        assert [tool.name for tool in parsed.prompt.tools] == list(session.offered)
        encoded = tokenizer.encode(parsed.prompt)
        assert [*parsed.ignored, *encoded.ignored] == list(session.ignored)
        assert all(name in encoded.text for name in session.offered)


@each_session
def test_a_later_turn_begins_like_the_first(session: Session, tokenizer: Tokenizer) -> None:
    first, second = (
        tokenizer.encode(session.parsed(body).prompt).text for body in (session.first, session.second)
    )
    assert second.startswith(first)


@each_session
def test_the_arguments_of_its_calls_are_held(session: Session) -> None:
    tools = session.parsed(session.first).prompt.tools
    refused = [tool.name for tool in tools if tool.text_input is None and refusal(tool.parameters)]
    assert refused == list(session.unheld)
    assert not [tool.name for tool in tools if _fault_of_text(tool)]


def _fault_of_text(tool: ToolDefinition) -> str:
    if tool.text_input is None:
        return ""
    assert isinstance(tool.text_input.grammar, LarkFormat)
    return str(_matcher(tool.text_input.grammar.grammar).get_error())


@pytest.mark.parametrize(
    ("grammar", "right", "wrong"),
    [
        (PATCH_GRAMMAR, "*** Begin\n*** Add: a\n+x\n*** Update: b\n@@ f\n-y\n+z\n*** End", "*** Begin\nx"),
        (SCRIPT_GRAMMAR, "// @note: {}\ntext(1)", ""),
    ],
)
def test_a_grammar_of_its_text_holds(grammar: str, right: str, wrong: str) -> None:
    assert _accepts(grammar, right)
    assert not _accepts(grammar, wrong)


def _accepts(grammar: str, text: str) -> bool:
    matcher = _matcher(grammar)
    return all(matcher.consume_token(byte) for byte in text.encode()) and matcher.is_accepting()


def _matcher(grammar: str) -> llguidance.LLMatcher:
    tokenizer = llguidance.LLTokenizer("byte")
    return llguidance.LLMatcher(tokenizer, llguidance.LLMatcher.grammar_from_lark(grammar), log_level=0)
