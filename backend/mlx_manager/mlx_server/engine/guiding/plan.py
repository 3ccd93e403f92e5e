"""A guide made ready: its grammars compiled, its texts known."""

import time
from collections.abc import Callable
from typing import Final

import llguidance

from mlx_manager.mlx_server.engine.guiding.compiler import GrammarCompiler
from mlx_manager.mlx_server.engine.guiding.ending import EndingFinder
from mlx_manager.mlx_server.engine.guiding.free import Free, Reasoning
from mlx_manager.mlx_server.engine.guiding.held import Gap, Held, Undecided
from mlx_manager.mlx_server.engine.guiding.openings import Opening
from mlx_manager.mlx_server.engine.guiding.phases import Enter, Over, Phase
from mlx_manager.mlx_server.engine.wire import Guide, ReasoningGuide, Trigger

# Of this thread's own work, however busy the machine is.
_MOST_SEARCH_S: Final = 0.1


class GuidePlan:
    """Makes the phases of sequences that share a guide.

    Raises:
        GrammarError: one of its grammars cannot be enforced.
    """

    def __init__(self, guide: Guide, compiler: GrammarCompiler) -> None:
        self._vocabulary = vocabulary = compiler.vocabulary
        self._guide = guide
        self._finder = EndingFinder(vocabulary)
        self._whole = compiler.matcher(guide.grammar) if guide.grammar else None
        began_at = time.thread_time()
        ending = None if self._whole is None else self._finder.find(self._whole)
        self._base_tokens = 0 if ending is None else ending.num_tokens
        # It is looked for again while the sequence decodes, which other sequences must not wait for long.
        self._can_end = ending is not None and time.thread_time() - began_at < _MOST_SEARCH_S
        self._calls = [self._call(trigger, compiler) for trigger in guide.triggers]
        self._opening = self._closing = None
        if (reasoning := guide.reasoning) is not None:
            self._closing = self._closed_by(reasoning)
            self._opening = Opening(reasoning.opening.encode(), vocabulary, lambda _: True, at_start=True)
        self._prepare()

    def begin(self) -> Phase:
        """What a sequence begins with."""
        reasoning = self._guide.reasoning
        if reasoning is not None and reasoning.is_open:
            return self._reasoning()
        if reasoning is None or self._whole is None:
            return self._answer()
        opening_ids = self._vocabulary.encode(reasoning.opening.encode())
        return Undecided(opening_ids, self._held(), self._reasoning, self._vocabulary.width)

    def _prepare(self) -> None:
        """Do once, and before a step waits for it, what takes a look at the whole vocabulary."""
        for opening in (*(opening for opening, _ in self._calls), self._opening, self._closing):
            if opening is not None:
                opening.prepare()

    def _answer(self) -> Phase:
        return self._free() if self._whole is None else self._held()

    def _held(self) -> Held:
        assert self._whole is not None
        whole = self._whole.deep_copy()
        finder = self._finder if self._can_end else None
        return Held(whole, self._vocabulary, Over, finder, self._base_tokens)

    def _free(self, *, may_reason: bool = True) -> Free:
        free: Free
        openings: list[tuple[Opening, Enter]] = [
            (opening, self._enter_call(matcher, lambda: free)) for opening, matcher in self._calls
        ]
        reasoning, forbidden = self._guide.reasoning, None
        if reasoning is not None and self._opening is not None:
            opening = self._opening
            if may_reason and not reasoning.is_open:
                openings.append((opening, lambda rest: self._reasoning().take_text(rest)))
            elif reasoning.budget is not None:
                forbidden = opening  # a second block would have no bound
        free = Free(openings, self._vocabulary, forbidden)
        return free

    def _enter_call(self, matcher: llguidance.LLMatcher, free: Callable[[], Free]) -> Enter:
        def after() -> Phase:
            return Over() if self._guide.ends_after_call else free().restart()

        def enter(rest: bytes) -> Phase | None:
            held = Held(matcher.deep_copy(), self._vocabulary, after)
            return held.settled() if held.feed(rest) else None

        return enter

    def _reasoning(self) -> Reasoning:
        reasoning = self._guide.reasoning
        assert reasoning is not None
        assert self._closing is not None
        is_held = self._whole is not None
        return Reasoning(
            self._closing,
            self._vocabulary,
            self._after_reasoning,
            budget=reasoning.budget,
            reserve=self._base_tokens + 4 if is_held else 0,
            may_stop=not is_held,
        )

    def _after_reasoning(self, rest: bytes) -> Phase | None:
        if self._whole is None:
            return self._free(may_reason=False).take_text(rest)
        held = self._held()
        if not rest.strip(b" \n"):
            return held if rest else Gap(held, self._vocabulary)
        return held.settled() if held.feed(rest.lstrip(b" \n")) else None

    def _call(self, trigger: Trigger, compiler: GrammarCompiler) -> tuple[Opening, llguidance.LLMatcher]:
        matcher = compiler.matcher(trigger.grammar)
        opening = Opening(
            trigger.text.encode(),
            self._vocabulary,
            lambda rest: self._accepts(matcher, rest),
            at_start=trigger.at_start,
        )
        return opening, matcher

    def _closed_by(self, reasoning: ReasoningGuide) -> Opening:
        whole = self._whole
        return Opening(
            reasoning.closing.encode(),
            self._vocabulary,
            lambda rest: whole is None or self._accepts(whole, rest.lstrip(b" \n")),
        )

    def _accepts(self, matcher: llguidance.LLMatcher, rest: bytes) -> bool:
        ids = self._vocabulary.encode(rest)
        return bool(matcher.validate_tokens(ids) == len(ids))
