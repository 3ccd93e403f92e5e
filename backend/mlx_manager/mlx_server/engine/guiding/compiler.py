"""Grammars to matchers: bounded in size and time, each compiled once while it is in use."""

from collections import OrderedDict
from typing import Final

import llguidance

from mlx_manager.mlx_server.engine.guiding.trial import fault_of
from mlx_manager.mlx_server.engine.guiding.vocabulary import GuideVocabulary

MAX_GRAMMAR_BYTES: Final = 4 * 2**20
_MAX_KEPT: Final = 256
_MAX_KEPT_BYTES: Final = 16 * 2**20
_MAX_REASON_CHARS: Final = 400


class GrammarError(ValueError):
    """A grammar that cannot be enforced; the message says why."""


def _limits() -> llguidance.LLParserLimits:
    """What a grammar may take: about a second to compile, and some 30 ms for a mask, on an ordinary core.

    All but a step's fuel are llguidance's own bounds. A bounded string takes some five states a character, so
    that the longest that is enforced (10,000) needs a fifth of those that there may be.
    """
    return llguidance.LLParserLimits(step_lexer_fuel=100_000, verbose_errors=False)


class GrammarCompiler:
    """Compiles grammars, and keeps those that were used last. For one thread."""

    def __init__(self, vocabulary: GuideVocabulary) -> None:
        self.vocabulary = vocabulary
        self._kept: OrderedDict[str, llguidance.LLMatcher | str] = OrderedDict()
        self._kept_bytes = 0

    def matcher(self, grammar: str) -> llguidance.LLMatcher:
        """A matcher at the grammar's beginning, which is the caller's own.

        Raises:
            GrammarError: the grammar is none, or asks for what cannot be enforced.
        """
        found = self._kept.get(grammar)
        if found is None:
            found = self._compile(grammar)
            self._keep(grammar, found)
        self._kept.move_to_end(grammar)
        if isinstance(found, str):
            raise GrammarError(found)
        return found.deep_copy()

    @property
    def num_kept(self) -> int:
        """Grammars that need not be compiled again."""
        return len(self._kept)

    def keeps(self, grammar: str) -> bool:
        """Whether a grammar need not be compiled again."""
        return grammar in self._kept

    def fault(self, grammar: str) -> str:
        """Why the grammar cannot be enforced; empty where it can."""
        try:
            self.matcher(grammar)
        except GrammarError as error:
            return str(error)
        return ""

    def _compile(self, grammar: str) -> llguidance.LLMatcher | str:
        if len(grammar) > MAX_GRAMMAR_BYTES:
            return f"it has {len(grammar)} characters; at most {MAX_GRAMMAR_BYTES} are taken"
        source = llguidance.LLMatcher.grammar_from_lark(grammar)
        matcher = llguidance.LLMatcher(self.vocabulary.matching, source, log_level=0, limits=_limits())
        if matcher.is_error():
            return _reason(matcher.get_error())
        fault = fault_of(matcher, self.vocabulary)
        return _reason(fault) if fault else matcher

    def _keep(self, grammar: str, found: llguidance.LLMatcher | str) -> None:
        self._kept[grammar] = found
        self._kept_bytes += len(grammar)
        while len(self._kept) > 1 and (len(self._kept) > _MAX_KEPT or self._kept_bytes > _MAX_KEPT_BYTES):
            oldest, _ = self._kept.popitem(last=False)
            self._kept_bytes -= len(oldest)


def _reason(message: str) -> str:
    """The engine's message in one line; what it quotes of the grammar is left out."""
    lines = [line.strip() for line in message.replace("<non-verbose/>", "").splitlines()]
    kept = [line for line in lines if line and not line[0].isdigit() and set(line) != {"^"}]
    return " ".join(kept)[:_MAX_REASON_CHARS] or "it cannot be compiled"
