"""Asking a worker whether grammars can be enforced; what it said of one is remembered."""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Final

from mlx_manager.mlx_server.engine import wire

_MAX_REMEMBERED: Final = 4096


class GrammarChecks:
    """The questions to one worker.

    Args:
        send: sends it a command.
    """

    def __init__(self, send: Callable[[wire.Check | wire.Vocabulary], None]) -> None:
        self._send = send
        self._verdicts: OrderedDict[bytes, str] = OrderedDict()
        self._asked: dict[int, asyncio.Future[list[str]]] = {}
        self._last_number = 0
        self._introducing: asyncio.Task[None] | None = None
        self._ended = ""

    async def faults(
        self, grammars: Sequence[str], vocabulary: Callable[[], str], stop_ids: Sequence[int]
    ) -> list[str]:
        """See `Backend.check_grammars`. Raises ConnectionError where the worker ends first."""
        if self._introducing is None or _has_failed(self._introducing):
            self._introducing = asyncio.create_task(self._introduce(vocabulary, stop_ids))
        await asyncio.shield(self._introducing)
        keys = [hashlib.blake2b(grammar.encode(), digest_size=16).digest() for grammar in grammars]
        known = {key: self._verdicts[key] for key in keys if key in self._verdicts}
        unknown = {key: text for key, text in zip(keys, grammars, strict=True) if key not in known}
        if unknown:
            answers = await self._ask(list(unknown.values()))
            known |= dict(zip(unknown, answers, strict=True))
        self._remember({key: known[key] for key in keys})
        return [known[key] for key in keys]

    @property
    def num_remembered(self) -> int:
        """Grammars of which the answer is known."""
        return len(self._verdicts)

    def answered(self, report: wire.Checked) -> None:
        """The worker has answered."""
        if (asked := self._asked.pop(report.number, None)) is not None and not asked.done():
            asked.set_result(report.faults)

    def fail(self, reason: str) -> None:
        """The worker has ended."""
        self._ended = reason
        for asked in self._asked.values():
            if not asked.done():
                asked.set_exception(ConnectionError(reason))
        self._asked.clear()

    async def _introduce(self, vocabulary: Callable[[], str], stop_ids: Sequence[int]) -> None:
        tokenizer = await asyncio.to_thread(vocabulary)
        self._send(wire.Vocabulary(tokenizer, list(stop_ids)))

    async def _ask(self, grammars: list[str]) -> list[str]:
        if self._ended:
            raise ConnectionError(self._ended)
        self._last_number = number = self._last_number + 1
        asked = self._asked[number] = asyncio.get_running_loop().create_future()
        self._send(wire.Check(number, grammars))
        answer: list[str] = await asked
        return answer

    def _remember(self, verdicts: dict[bytes, str]) -> None:
        for key, verdict in verdicts.items():
            self._verdicts[key] = verdict
            self._verdicts.move_to_end(key)
        while len(self._verdicts) > _MAX_REMEMBERED:
            self._verdicts.popitem(last=False)


def _has_failed(task: asyncio.Task[None]) -> bool:
    return task.done() and (task.cancelled() or task.exception() is not None)
