"""The bound of a worker's KV caches as the server knows it while it changes."""

import asyncio
import math
from collections import deque

from mlx_manager.core.errors import ApiError
from mlx_manager.mlx_server.engine.ledger import KVLedger
from mlx_manager.mlx_server.engine.wire import Budgets


class KVBudget:
    """Tells which jobs may be sent to a worker.

    Commands reach the worker in their order. A job that is sent after a lower bound was asked for
    would be refused there, so a lower bound counts from the moment it is asked for, and a higher one
    when the worker has agreed to it.

    Args:
        ledger: with the bound that the model was loaded with; from now on it has the one that counts.
    """

    def __init__(self, ledger: KVLedger) -> None:
        self._ledger = ledger
        self._agreed_bytes = ledger.budget_bytes
        self._asked: deque[tuple[int, asyncio.Future[Budgets]]] = deque()

    @property
    def budget_bytes(self) -> int:
        """The bound that counts; 0 is none."""
        return self._ledger.budget_bytes

    def row_bytes(self, tokens: int) -> int:
        """Bytes of one sequence of so many tokens, alone."""
        return self._ledger.row_bytes(tokens)

    def can_ever_fit(self, tokens: int) -> bool:
        """Whether a sequence of so many tokens fits while nothing else is there."""
        return self._ledger.can_ever_fit(tokens)

    def ask(self, budget_bytes: int) -> "asyncio.Future[Budgets]":
        """Another bound is being asked for. The answer is what the worker agrees to, or an ApiError."""
        answer: asyncio.Future[Budgets] = asyncio.get_running_loop().create_future()
        self._asked.append((max(budget_bytes, 1), answer))  # once it is asked, there always is one
        self._update()
        return answer

    def answered(self, budgets: Budgets) -> None:
        """The worker has answered what was asked first."""
        if not self._asked:
            return
        _, answer = self._asked.popleft()
        self._agreed_bytes = budgets.kv_budget_bytes
        self._update()
        if not answer.done():
            answer.set_result(budgets)

    def fail(self, error: ApiError) -> None:
        """The worker will not answer any more."""
        while self._asked:
            _, answer = self._asked.popleft()
            if not answer.done():
                answer.set_exception(error)

    def _update(self) -> None:
        bounds = (self._agreed_bytes or math.inf, *(asked for asked, _ in self._asked))
        self._ledger.budget_bytes = 0 if min(bounds) == math.inf else int(min(bounds))
