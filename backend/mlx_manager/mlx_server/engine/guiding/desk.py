"""Where grammars are compiled: a thread of its own, so that no step waits for it."""

import logging
import queue
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from mlx_manager.mlx_server.engine.guiding.compiler import GrammarCompiler
from mlx_manager.mlx_server.engine.guiding.plan import GuidePlan
from mlx_manager.mlx_server.engine.guiding.row import GuideRow
from mlx_manager.mlx_server.engine.guiding.vocabulary import GuideVocabulary
from mlx_manager.mlx_server.engine.wire import (
    Check,
    Checked,
    Guide,
    RowFailed,
    Submit,
    Vocabulary,
    guide_key,
)

logger = logging.getLogger(__name__)

_MAX_PLANS: Final = 64


@dataclass(frozen=True, slots=True)
class Guided:
    """A job whose guide is ready."""

    submit: Submit
    row: GuideRow


class GuideDesk:
    """Checks grammars and makes guides ready, one after the other.

    Args:
        vocab_size: width of the model's logits.
        send: takes what the server is told; called from the desk's thread.
        hand_over: takes the jobs that are ready; called from the desk's thread.
    """

    def __init__(
        self,
        vocab_size: int,
        send: Callable[[Checked | RowFailed], None],
        hand_over: Callable[[Guided], None],
    ) -> None:
        self._vocab_size = vocab_size
        self._send = send
        self._hand_over = hand_over
        self._vocabulary: Vocabulary | None = None
        self._plans: OrderedDict[bytes, GuidePlan] = OrderedDict()
        self._orders: queue.SimpleQueue[Vocabulary | Check | Submit] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        # Of the thread that gives orders: jobs that have not been handed over, and are still wanted.
        self._wanted: set[int] = set()

    def put(self, order: Vocabulary | Check | Submit) -> None:
        """Take an order; they are worked on in turn. The thread begins with the first."""
        if isinstance(order, Submit):
            self._wanted.add(order.sequence_id)
        self._orders.put(order)
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="guides", daemon=True)
            self._thread.start()

    @property
    def num_plans(self) -> int:
        """Guides that need not be made ready again."""
        return len(self._plans)

    def cancel(self, sequence_id: int) -> None:
        """Forget a job that may not have been handed over yet. By the thread that gives orders."""
        self._wanted.discard(sequence_id)

    def is_wanted(self, job: Guided) -> bool:
        """Whether a job that was handed over is still wanted; ask once, by the thread that gives orders."""
        wanted = job.submit.sequence_id in self._wanted
        self._wanted.discard(job.submit.sequence_id)
        return wanted

    def _work(self) -> None:
        while True:
            self.serve(self._orders.get())

    def serve(self, order: Vocabulary | Check | Submit) -> None:
        """Do what is asked; by the desk's thread."""
        match order:
            case Vocabulary():
                self._vocabulary = order
            case Check(number=number, grammars=grammars):
                self._send(Checked(number, [self._fault(grammar) for grammar in grammars]))
            case Submit():
                self._prepare(order)

    def _fault(self, grammar: str) -> str:
        try:
            return self._compiler.fault(grammar)
        except Exception as error:  # whoever asked must get an answer
            logger.exception("a grammar could not be checked")
            return f"it could not be checked: {error}"

    def _prepare(self, submit: Submit) -> None:
        try:
            assert submit.guide is not None
            row = GuideRow(self._plan(submit.guide), self._compiler.vocabulary, submit.max_tokens)
        except Exception as error:  # one job's fault must not end the others
            logger.exception("a guide could not be made ready")
            self._wanted.discard(submit.sequence_id)
            self._send(RowFailed(submit.sequence_id, f"its grammar cannot be enforced: {error}"))
            return
        self._hand_over(Guided(submit, row))

    def _plan(self, guide: Guide) -> GuidePlan:
        key = guide_key(guide)
        plan = self._plans.get(key)
        if plan is None:
            plan = self._plans[key] = GuidePlan(guide, self._compiler)
        self._plans.move_to_end(key)
        while len(self._plans) > _MAX_PLANS:
            self._plans.popitem(last=False)
        return plan

    @cached_property
    def _compiler(self) -> GrammarCompiler:
        if self._vocabulary is None:
            raise RuntimeError("nobody told of the vocabulary")
        return GrammarCompiler(GuideVocabulary(self._vocabulary, self._vocab_size))
