"""The server's side of a worker process: start it, load a model into it, hand it jobs."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.core.process import footprint_bytes
from mlx_manager.mlx_server.backends.base import Broken, Read, Restored, TokenJob
from mlx_manager.mlx_server.backends.frames import submit_frame, token_event
from mlx_manager.mlx_server.backends.grammar_checks import GrammarChecks
from mlx_manager.mlx_server.backends.kv_budget import KVBudget
from mlx_manager.mlx_server.backends.rate import Rate
from mlx_manager.mlx_server.backends.worker_process import WorkerProcess
from mlx_manager.mlx_server.backends.worker_stream import WorkerStream
from mlx_manager.mlx_server.engine import wire
from mlx_manager.mlx_server.engine.ledger import KVLedger, KVSize

logger = logging.getLogger(__name__)

_LOAD_PATIENCE: Final = 5
_PINGS_PER_HANG = 4


class WorkerDiedError(ApiError):
    """A worker ended while it was started or loaded a model.

    Attributes:
        how: the exit code or signal, in words.
        stderr: the last lines that it wrote.
    """

    def __init__(self, message: str, how: str, stderr: tuple[str, ...]) -> None:
        super().__init__(ErrorCode.MODEL_LOAD_FAILED, message)
        self.how = how
        self.stderr = stderr


class LocalWorker:
    """A model in a worker process and its jobs (a `Backend`). Made by `start`, ready after `load`.

    Attributes:
        pong: what the worker last said it holds, or None before it was asked.
        ended: set when the worker has ended, whatever the reason.
        epitaph: how it ended, in words, once `ended` is set.
    """

    def __init__(self, process: WorkerProcess, hello: wire.Hello) -> None:
        self._process = process
        self._streams: dict[int, WorkerStream] = {}
        self._last_id = 0
        self._tasks: list[asyncio.Task[None]] = []
        self._closing = False
        self._answered = asyncio.Event()
        self._heard_at = 0.0
        self._last_ping = 0
        self._kv_budget = KVBudget(KVLedger(KVSize(0, 0), 0))
        self._checks = GrammarChecks(process.send)
        self._rate = Rate(asyncio.get_running_loop().time)
        self.max_jobs = 0
        self.hello = hello
        self.ended = asyncio.Event()
        self.epitaph = ""
        self.pong: wire.Pong | None = None
        self.loaded: wire.Loaded

    @classmethod
    async def start(cls, hang_s: float = 120.0) -> "LocalWorker":
        """Spawn the process and wait until it has imported MLX. Raises ApiError if it dies before."""
        process = await WorkerProcess.spawn()
        try:
            hello = await process.read_within(hang_s * _LOAD_PATIENCE)
            if not isinstance(hello, wire.Hello):
                how = await process.epitaph()
                raise WorkerDiedError(f"the worker process {how}", how, process.last_lines)
        except BaseException:
            await process.close()
            raise
        return cls(process, hello)

    async def load(
        self,
        command: wire.Load,
        *,
        max_waiting: int,
        hang_s: float = 120.0,
        on_progress: Callable[[float], None] | None = None,
    ) -> None:
        """Load a model. Raises ApiError with the reason, after which the worker is of no more use.

        Args:
            max_waiting: jobs that may wait beyond the rows that run.
            hang_s: a worker that says nothing for so long while it is asked is ended; five times as long
                while it loads, since nobody can ask it then.
            on_progress: told how far the load is, from 0 to 1.
        """
        self._process.send(command)
        patience_s = hang_s * _LOAD_PATIENCE
        while isinstance(report := await self._process.read_within(patience_s), wire.Loading):
            if on_progress is not None:
                on_progress(report.fraction)
        name = Path(command.path).name
        if isinstance(report, wire.LoadFailed):
            raise ApiError(ErrorCode.MODEL_LOAD_FAILED, f"{name} cannot be loaded: {report.reason}")
        if not isinstance(report, wire.Loaded):
            how = await self._process.epitaph()
            raise WorkerDiedError(f"{name} cannot be loaded: its worker {how}", how, self._process.last_lines)
        self.loaded = report
        self.max_jobs = command.max_rows + max_waiting
        ledger = KVLedger(report.kv_size, command.kv_budget_bytes, command.prefill_chunk_tokens)
        self._kv_budget = KVBudget(ledger)
        self._tasks.append(asyncio.create_task(self._deliver()))
        self._tasks.append(asyncio.create_task(self._watch(hang_s)))

    @property
    def pid(self) -> int:
        """The worker's process id."""
        return self._process.pid

    @property
    def last_lines(self) -> tuple[str, ...]:
        """The last lines that it wrote to stderr."""
        return self._process.last_lines

    @property
    def num_jobs(self) -> int:
        """Jobs that run or wait."""
        return len(self._streams)

    @property
    def vocab_size(self) -> int:
        """Width of the model's logits."""
        return self.loaded.vocab_size

    @property
    def is_alive(self) -> bool:
        """Whether jobs can still be given to it."""
        return self._process.is_alive and not self._closing

    @property
    def kv_budget_bytes(self) -> int:
        """Bound of its KV caches; 0 is none. A lower one counts from the moment it is asked for."""
        return self._kv_budget.budget_bytes

    def row_bytes(self, tokens: int) -> int:
        """What a job of so many tokens, prompt and answer, may cost in KV cache."""
        return self._kv_budget.row_bytes(tokens)

    @property
    def footprint_bytes(self) -> int | None:
        """Its memory by the OS's own accounting; None where it is gone."""
        return footprint_bytes(self.pid)

    @property
    def tokens_per_second(self) -> float:
        """New tokens of all jobs together, over the last five seconds."""
        return self._rate.per_second

    def submit(self, job: TokenJob) -> WorkerStream:
        """Start a job. Raises ApiError where the queue is full or the worker is gone."""
        if not self.is_alive:
            raise ApiError(ErrorCode.WORKER_DIED, "the model's worker process ended just now; try again")
        if len(self._streams) >= self.max_jobs:
            raise ApiError(
                ErrorCode.QUEUE_FULL, f"{len(self._streams)} requests wait or run already", retry_after_s=5
            )
        most_tokens = len(job.prompt_ids) + job.max_tokens
        if not self._kv_budget.can_ever_fit(most_tokens):
            needed, budget = self.row_bytes(most_tokens), self.kv_budget_bytes
            raise ApiError(
                ErrorCode.INSUFFICIENT_MEMORY,
                f"{len(job.prompt_ids)} prompt tokens and {job.max_tokens} new ones need "
                f"{needed / 2**20:.0f} MB of KV cache; there are {budget / 2**20:.0f} MB. Lower max_tokens",
            )
        self._last_id = sequence_id = self._last_id + 1
        self._process.send(submit_frame(sequence_id, job))
        stream = self._streams[sequence_id] = WorkerStream(lambda: self.cancel(sequence_id))
        return stream

    async def check_grammars(
        self, grammars: Sequence[str], vocabulary: Callable[[], str], stop_ids: Sequence[int]
    ) -> list[str]:
        """See `Backend`."""
        if not self.is_alive:
            raise _died(await self._process.epitaph())
        try:
            return await self._checks.faults(grammars, vocabulary, stop_ids)
        except ConnectionError as error:
            raise _died(str(error)) from None

    def cancel(self, sequence_id: int) -> None:
        """Stop a job, if it still runs."""
        if self._streams.pop(sequence_id, None) is not None and self.is_alive:
            self._process.send(wire.Cancel(sequence_id))

    async def close(self) -> None:
        """End the process and give its memory back; its jobs fail. Safe to call twice."""
        self._closing = True
        await self._process.close()
        self._fail_all("was ended")
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def ping(self) -> wire.Pong:
        """Ask the engine what it holds. Raises ApiError where the worker ends first."""
        self._last_ping += 1
        number = self._last_ping
        self._process.send(wire.Ping(number))
        while self.pong is None or self.pong.number < number:
            if not self.is_alive:
                raise _died(await self._process.epitaph())
            self._answered.clear()
            await self._answered.wait()
        return self.pong

    async def set_budget(self, *, kv_bytes: int, cache_bytes: int) -> wire.Budgets:
        """Change the bounds of the KV caches and of the prefix cache while jobs run.

        Returns:
            The bounds that hold: more than was asked for where what is there cannot go; see `wire.SetBudget`.

        Raises:
            ApiError: the worker ends before it answers.
        """
        if not self.is_alive:
            raise _died(await self._process.epitaph())
        answer = self._kv_budget.ask(kv_bytes)
        self._process.send(wire.SetBudget(kv_bytes, cache_bytes))
        return await answer

    async def _watch(self, hang_s: float) -> None:
        """Ask now and then whether the engine is alive; end a worker that does not answer."""
        loop = asyncio.get_running_loop()
        self._heard_at = loop.time()
        while self.is_alive:
            asked_at = loop.time()
            self._last_ping += 1
            self._process.send(wire.Ping(self._last_ping))
            await asyncio.sleep(hang_s / _PINGS_PER_HANG)
            while self.is_alive and self._heard_at < asked_at:
                if (silent_s := loop.time() - asked_at) >= hang_s:
                    why = f"said nothing for {silent_s:.0f} s and was killed"
                    logger.error("worker %d %s", self.pid, why)
                    self._process.kill(why)
                    return
                await asyncio.sleep(hang_s / _PINGS_PER_HANG)

    async def _deliver(self) -> None:
        """Hand each frame's rows to their streams until the worker dies, then fail what is left."""
        loop = asyncio.get_running_loop()
        while (report := await self._process.read()) is not None:
            self._heard_at = loop.time()
            match report:
                case wire.Steps(rows=rows):
                    self._rate.note(len(rows))
                    for row in rows:
                        self._deliver_row(row)
                case wire.Prefill(sequence_id=sequence_id, done_tokens=done):
                    if (stream := self._streams.get(sequence_id)) is not None:
                        stream.push(Read(done))
                case wire.Restored():
                    if (stream := self._streams.get(report.sequence_id)) is not None:
                        stored = tuple(report.stored_ids)
                        stream.push(Restored(report.cached_tokens, report.matched_tokens, stored))
                case wire.Pong():
                    self.pong = report
                    self._answered.set()
                case wire.Checked():
                    self._checks.answered(report)
                case wire.Budgets():
                    self._kv_budget.answered(report)
                case wire.RowFailed(sequence_id=sequence_id, reason=reason):
                    if (stream := self._streams.pop(sequence_id, None)) is not None:
                        stream.push(Broken(ErrorCode.ENGINE_ERROR, reason))
                case _:
                    logger.error("worker %d sent %s out of turn", self.pid, type(report).__name__)
        epitaph = await self._process.epitaph()
        if not self._closing:
            logger.error("worker %d %s", self.pid, epitaph)
        self._fail_all(epitaph)
        self.epitaph = epitaph
        self.ended.set()

    def _deliver_row(self, row: wire.Row) -> None:
        # A cancelled job's last row may still arrive; nobody waits for it.
        find = self._streams.pop if row.finish else self._streams.get
        if (stream := find(row.sequence_id, None)) is not None:
            stream.push(token_event(row))

    def _fail_all(self, epitaph: str) -> None:
        """Tell everyone who waits for the worker that nothing will come."""
        died = _died(epitaph)
        self._answered.set()
        self._kv_budget.fail(died)
        self._checks.fail(epitaph)
        streams, self._streams = self._streams, {}
        for stream in streams.values():
            stream.push(Broken(died.code, died.message))


def _died(epitaph: str) -> ApiError:
    return ApiError(ErrorCode.WORKER_DIED, f"the model's worker process {epitaph}")
