"""The server's side of a worker process: start it, load a model into it, hand it jobs."""

import asyncio
import contextlib
import logging
import socket
import sys
from collections import deque
from pathlib import Path

import msgspec

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.mlx_server.backends.base import (
    Broken,
    DrawnLogprobs,
    Read,
    Restored,
    Token,
    TokenEvent,
    TokenJob,
)
from mlx_manager.mlx_server.domain.events import FinishReason
from mlx_manager.mlx_server.domain.request import Priority
from mlx_manager.mlx_server.engine import wire
from mlx_manager.mlx_server.engine.ledger import KVLedger

logger = logging.getLogger(__name__)

_WORKER_MODULE = "mlx_manager.mlx_server.engine.worker"
_STDERR_LINES = 20
_STDERR_CHARS = 16_384
_END_TIMEOUT_S = 0.5
# Far more than a reader lags behind by accident; a few hundred kB.
_MOST_UNREAD = 4096
_PINGS_PER_HANG = 4


class WorkerStream:
    """One job of a worker (a `TokenStream`)."""

    def __init__(self, worker: "LocalWorker", sequence_id: int) -> None:
        self._worker = worker
        self._sequence_id = sequence_id
        self._events: list[TokenEvent] = []
        self._arrived = asyncio.Event()

    async def next(self) -> list[TokenEvent]:
        """All that has come since the last call; waits until there is something."""
        await self._arrived.wait()
        self._arrived.clear()
        events, self._events = self._events, []
        return events

    def push(self, event: TokenEvent) -> None:
        """Deliver an event; a reader that is much slower than the worker loses its job."""
        if len(self._events) == _MOST_UNREAD and not isinstance(event, Broken):
            waiting = f"{_MOST_UNREAD} tokens were waiting to be read"
            self.fail(Broken(ErrorCode.READER_TOO_SLOW, waiting))
            return
        self._events.append(event)
        self._arrived.set()

    def cancel(self) -> None:
        """Stop the job, if it still runs."""
        self._worker.cancel(self._sequence_id)

    def fail(self, broken: Broken) -> None:
        """Stop the job and tell its reader why."""
        self.cancel()
        self.push(broken)


class LocalWorker:
    """A worker process and its jobs (a `Backend`). Made by `start`, ready after `load`.

    Attributes:
        pong: what the worker last said it holds, or None before it was asked.
    """

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self._process = process
        self._reader = reader
        self._writer = writer
        self._streams: dict[int, WorkerStream] = {}
        self._last_id = 0
        self._stderr: deque[str] = deque(maxlen=_STDERR_LINES)
        self._tasks: list[asyncio.Task[None]] = []
        self._closing = False
        self._has_ended = False
        self._answered = asyncio.Event()
        self._hung = ""
        self._heard_at = 0.0
        self._last_ping = 0
        self.max_jobs = 0
        self.pong: wire.Pong | None = None
        self.hello: wire.Hello
        self.loaded: wire.Loaded

    @classmethod
    async def start(cls) -> "LocalWorker":
        """Spawn the process and wait until it has imported MLX. Raises ApiError if it dies before."""
        ours, theirs = socket.socketpair()
        with theirs:
            # Spawned and never forked; only this one descriptor is inherited, so that a worker's
            # death and ours are both seen as end of file.
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", _WORKER_MODULE, str(theirs.fileno())),
                stdin=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
                pass_fds=[theirs.fileno()],
            )
        worker = cls(process, *await asyncio.open_connection(sock=ours))
        try:
            await worker._greet()
        except BaseException:
            await worker.close()
            raise
        return worker

    async def _greet(self) -> None:
        self._tasks.append(asyncio.create_task(self._keep_stderr()))
        hello = await self._read_frame()
        if not isinstance(hello, wire.Hello):
            raise ApiError(ErrorCode.MODEL_LOAD_FAILED, f"the worker process {await self._epitaph()}")
        self.hello = hello

    async def load(self, command: wire.Load, *, max_waiting: int, hang_s: float = 120.0) -> None:
        """Load a model. Raises ApiError with the reason, after which the worker is of no more use.

        Args:
            max_waiting: jobs that may wait beyond the rows that run.
            hang_s: a worker that says nothing for so long while it is asked is ended.
        """
        self._send(command)
        report = await self._read_frame()
        name = Path(command.path).name
        if isinstance(report, wire.LoadFailed):
            raise ApiError(ErrorCode.MODEL_LOAD_FAILED, f"{name} cannot be loaded: {report.reason}")
        if not isinstance(report, wire.Loaded):
            raise ApiError(
                ErrorCode.MODEL_LOAD_FAILED, f"{name} cannot be loaded: its worker {await self._epitaph()}"
            )
        self.loaded = report
        self.max_jobs = command.max_rows + max_waiting
        self._ledger = KVLedger(report.kv_size, command.kv_budget_bytes, command.prefill_chunk_tokens)
        self._tasks.append(asyncio.create_task(self._deliver()))
        self._tasks.append(asyncio.create_task(self._watch(hang_s)))

    @property
    def pid(self) -> int:
        """The worker's process id."""
        return self._process.pid

    @property
    def vocab_size(self) -> int:
        """Width of the model's logits."""
        return self.loaded.vocab_size

    @property
    def is_alive(self) -> bool:
        """Whether jobs can still be given to it."""
        return not (self._closing or self._has_ended or self._reader.at_eof())

    def submit(self, job: TokenJob) -> WorkerStream:
        """Start a job. Raises ApiError where the queue is full or the worker is gone."""
        if not self.is_alive:
            raise ApiError(ErrorCode.WORKER_DIED, "the model's worker process ended just now; try again")
        if len(self._streams) >= self.max_jobs:
            raise ApiError(
                ErrorCode.QUEUE_FULL, f"{len(self._streams)} requests wait or run already", retry_after_s=5
            )
        most_tokens = len(job.prompt_ids) + job.max_tokens
        if not self._ledger.can_ever_fit(most_tokens):
            needed, budget = self._ledger.row_bytes(most_tokens), self._ledger.budget_bytes
            raise ApiError(
                ErrorCode.INSUFFICIENT_MEMORY,
                f"{len(job.prompt_ids)} prompt tokens and {job.max_tokens} new ones need "
                f"{needed / 2**20:.0f} MB of KV cache; there are {budget / 2**20:.0f} MB. Lower max_tokens",
            )
        self._last_id += 1
        self._send(
            wire.Submit(
                sequence_id=self._last_id,
                prompt_ids=list(job.prompt_ids),
                max_tokens=job.max_tokens,
                stop_ids=list(job.stop_ids),
                temperature=job.sampling.temperature,
                top_k=job.sampling.top_k,
                top_p=job.sampling.top_p,
                min_p=job.sampling.min_p,
                seed=job.seed,
                repetition_penalty=job.sampling.repetition_penalty,
                presence_penalty=job.sampling.presence_penalty,
                frequency_penalty=job.sampling.frequency_penalty,
                logit_bias=dict(job.sampling.logit_bias),
                top_logprobs=job.top_logprobs,
                tenant=job.tenant,
                background=job.priority is Priority.BACKGROUND,
                cache_salt=job.cache_salt,
                boundaries=[wire.Boundary(end.position, end.role) for end in job.boundaries],
            )
        )
        stream = self._streams[self._last_id] = WorkerStream(self, self._last_id)
        return stream

    def cancel(self, sequence_id: int) -> None:
        """Stop a job, if it still runs."""
        if self._streams.pop(sequence_id, None) is not None and self.is_alive:
            self._send(wire.Cancel(sequence_id))

    async def close(self) -> None:
        """End the process and give its memory back; its jobs fail. Safe to call twice."""
        self._closing = True
        self._writer.close()
        try:
            # The closed socket is the worker's order to go; a stuck one is killed.
            await asyncio.wait_for(self._process.wait(), _END_TIMEOUT_S)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
        self._fail_all("was ended")
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def ping(self) -> wire.Pong:
        """Ask the engine what it holds. Raises ApiError where the worker ends first."""
        self._last_ping += 1
        number = self._last_ping
        self._send(wire.Ping(number))
        while self.pong is None or self.pong.number < number:
            if not self.is_alive:
                raise ApiError(ErrorCode.WORKER_DIED, f"the model's worker process {await self._epitaph()}")
            self._answered.clear()
            await self._answered.wait()
        return self.pong

    async def _watch(self, hang_s: float) -> None:
        """Ask now and then whether the engine is alive; end a worker that does not answer."""
        loop = asyncio.get_running_loop()
        self._heard_at = loop.time()
        while self.is_alive:
            asked_at = loop.time()
            self._last_ping += 1
            self._send(wire.Ping(self._last_ping))
            await asyncio.sleep(hang_s / _PINGS_PER_HANG)
            while self.is_alive and self._heard_at < asked_at:
                if (silent_s := loop.time() - asked_at) >= hang_s:
                    self._hung = f"said nothing for {silent_s:.0f} s and was killed"
                    logger.error("worker %d %s", self.pid, self._hung)
                    with contextlib.suppress(ProcessLookupError):
                        self._process.kill()
                    return
                await asyncio.sleep(hang_s / _PINGS_PER_HANG)

    def _send(self, command: wire.Command) -> None:
        self._writer.write(wire.encode_frame(command))

    async def _read_frame(self) -> wire.Report | None:
        """The next frame, or None at the worker's end; one that sends nonsense is ended."""
        try:
            header = await self._reader.readexactly(wire.HEADER_BYTES)
            return wire.decode_report(await self._reader.readexactly(wire.frame_length(header)))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        except (ValueError, msgspec.MsgspecError) as error:
            logger.error("worker %d sent what is no frame: %s", self.pid, error)
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
        self._has_ended = True
        return None

    async def _deliver(self) -> None:
        """Hand each frame's rows to their streams until the worker dies, then fail what is left."""
        loop = asyncio.get_running_loop()
        while (report := await self._read_frame()) is not None:
            self._heard_at = loop.time()
            match report:
                case wire.Steps(rows=rows):
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
                case wire.RowFailed(sequence_id=sequence_id, reason=reason):
                    if (stream := self._streams.pop(sequence_id, None)) is not None:
                        stream.push(Broken(ErrorCode.ENGINE_ERROR, reason))
                case _:
                    logger.error("worker %d sent %s out of turn", self.pid, type(report).__name__)
        epitaph = await self._epitaph()
        if not self._closing:
            logger.error("worker %d %s", self.pid, epitaph)
        self._answered.set()
        self._fail_all(epitaph)

    def _deliver_row(self, row: wire.Row) -> None:
        finish = FinishReason(row.finish) if row.finish else None
        # A cancelled job's last row may still arrive; nobody waits for it.
        stream = self._streams.pop(row.sequence_id, None) if finish else self._streams.get(row.sequence_id)
        if stream is not None:
            stream.push(Token(row.token_id, finish, _logprobs(row)))

    def _fail_all(self, epitaph: str) -> None:
        streams, self._streams = self._streams, {}
        for stream in streams.values():
            stream.push(Broken(ErrorCode.WORKER_DIED, f"the model's worker process {epitaph}"))

    async def _keep_stderr(self) -> None:
        assert self._process.stderr is not None
        rest = b""
        # Not by readline, which fails at a line that is longer than its buffer.
        while chunk := await self._process.stderr.read(4096):
            *lines, rest = (rest + chunk)[-_STDERR_CHARS:].split(b"\n")
            for line in lines:
                text = line.decode(errors="replace").rstrip()
                self._stderr.append(text)
                logger.warning("worker %d: %s", self._process.pid, text)

    async def _epitaph(self) -> str:
        """How the process ended, in words, with the last line that it wrote."""
        if self._hung:
            return self._hung
        try:
            code = await asyncio.wait_for(self._process.wait(), _END_TIMEOUT_S)
        except TimeoutError:
            return "closed its connection"
        how = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
        return f"{how} ({self._stderr[-1]})" if self._stderr else how


def _logprobs(row: wire.Row) -> DrawnLogprobs | None:
    if (found := row.logprobs) is None:
        return None
    return DrawnLogprobs(found.logprob, tuple(zip(found.top_ids, found.top_logprobs, strict=True)))
