"""Request to events: resolve, lease, tokenise, check, submit; then tokens to text until the one end."""

import asyncio
import secrets
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from functools import partial
from typing import Final

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.mlx_server.backends.base import TokenJob, TokenStream
from mlx_manager.mlx_server.checks import (
    check_bias,
    check_choices,
    check_formats,
    check_kinds,
    check_prompt,
    check_tools,
)
from mlx_manager.mlx_server.domain.guide import Guide
from mlx_manager.mlx_server.domain.models import ModelDescription
from mlx_manager.mlx_server.domain.request import GenerationRequest
from mlx_manager.mlx_server.guides import GuideMaker
from mlx_manager.mlx_server.pool.entry import Resident
from mlx_manager.mlx_server.pool.pool import ModelPool
from mlx_manager.mlx_server.prompts import choice_seed, encode, make_choice
from mlx_manager.mlx_server.request_log import (
    BY_ADMIN,
    CLIENT_CLOSED_REQUEST,
    Phase,
    RequestLog,
    RequestRecord,
)
from mlx_manager.mlx_server.running import RunningGeneration
from mlx_manager.mlx_server.text.cache_report import cache_report
from mlx_manager.mlx_server.text.cache_trace import CacheTrace
from mlx_manager.mlx_server.text.tokenizer import EncodedPrompt
from mlx_manager.mlx_server.tracing import GenerationTracer

CANCELLED_MESSAGE: Final = "an administrator has ended this request"
# A client that reads has its end within milliseconds.
_SLOW_READER_S: Final = 1.0
_ENDS_WITHIN_S: Final = 5.0
_STOPPED = "the server is stopping; the answer is incomplete"


class Generator:
    """Accepts requests and keeps account of those that run.

    Args:
        default_max_tokens: new tokens of a request that names no number.
        timeout_s: most seconds from a request's arrival to its last token.
        salts_tenants: whether prefixes are shared within a tenant only.
        tracer: makes a span of each request; None where nothing is traced.

    Attributes:
        log: what runs and what ran last.
    """

    def __init__(
        self,
        pool: ModelPool,
        *,
        default_max_tokens: int,
        timeout_s: float,
        salts_tenants: bool = False,
        tracer: GenerationTracer | None = None,
    ) -> None:
        self._pool = pool
        self._tracer = tracer
        self._salts_tenants = salts_tenants
        self._timeout_s = timeout_s
        self._default_max_tokens = default_max_tokens
        # In the order in which they were accepted.
        self._running: dict[RunningGeneration, None] = {}
        self.log = RequestLog()
        self._accepting = True
        self._stopped = False
        self._idle = asyncio.Event()
        self._idle.set()
        self._starting = 0

    def change(self, *, default_max_tokens: int, timeout_s: float) -> None:
        """Let these count for requests that come from now on."""
        self._default_max_tokens = default_max_tokens
        self._timeout_s = timeout_s

    @property
    def num_running(self) -> int:
        """Requests that have been accepted and have not ended."""
        return len(self._running) + self._starting

    @property
    def is_accepting(self) -> bool:
        """Whether new requests are taken."""
        return self._accepting

    async def start(
        self, request: GenerationRequest, record: RequestRecord | None = None
    ) -> RunningGeneration:
        """Take a request up to the point where its tokens come.

        Args:
            record: of the request, which `log` has begun; None begins one.

        Raises:
            ApiError: everything that can be known before the first byte of an answer: no such
                model, a prompt over the context, a full queue, a load that failed, a shutdown.
        """
        if record is None:
            record = self.log.begin(RequestRecord(request.request_id, request.model))
        if record.is_cancelled:  # before it came here
            raise self.cancelled(record)
        record.task = asyncio.current_task()
        record.span = None if self._tracer is None else self._tracer.begin(request)
        if not self._accepting:
            self._fail(record, ErrorCode.SHUTTING_DOWN)
            raise ApiError(ErrorCode.SHUTTING_DOWN, "the server is stopping", retry_after_s=10)
        self._starting += 1
        self._idle.clear()
        timeout_s = min(request.timeout_s or self._timeout_s, self._timeout_s)
        deadline = asyncio.get_running_loop().time() + timeout_s
        message = f"the answer was not complete within {timeout_s:g} s"
        try:
            async with asyncio.timeout_at(deadline) as expiry:
                running = await self._start(request, record)
            running.expire_at(deadline, message)
            record.task = None
            return running
        except TimeoutError:
            if not expiry.expired():
                raise
            self._fail(record, ErrorCode.DEADLINE_EXCEEDED)
            raise ApiError(ErrorCode.DEADLINE_EXCEEDED, message) from None
        except ApiError as error:
            self._fail(record, error.code)
            raise
        except asyncio.CancelledError:
            if not record.is_cancelled:
                self.log.end(record, Phase.CANCELLED, "before it began", CLIENT_CLOSED_REQUEST)
                raise
            raise self.cancelled(record) from None
        except BaseException:
            self.log.end(record, Phase.CANCELLED, "before it began", CLIENT_CLOSED_REQUEST)
            raise
        finally:
            self._starting -= 1
            self._note_idle()

    async def count_tokens(self, request: GenerationRequest) -> int:
        """Tokens of the request's prompts, as its usage would say; nothing is loaded and nothing queues.

        Raises:
            ApiError: no such model, or its template refuses the conversation.
        """
        description = await asyncio.to_thread(self._pool.describe, request.model)
        check_kinds(request, description)
        tokenizer = await self._pool.tokenizer(description)
        return sum(len(prompt.token_ids) for prompt in await encode(request, tokenizer, is_read=False))

    def end_youngest(self, reason: str) -> bool:
        """End the request that was accepted last, because memory is short; False where none runs."""
        if not self._running:
            return False
        youngest = next(reversed(self._running))
        youngest.abort(ErrorCode.MEMORY_PRESSURE, reason)
        return True

    def cancel(self, record: RequestRecord) -> bool:
        """End the request of this record, because its client wants no more of it; False where none runs."""
        for running in self._running:
            if running.record is record:
                running.abort(ErrorCode.CANCELLED, "the response was cancelled", by_client=True)
                return True
        return False

    async def cancel_by_admin(self, record: RequestRecord) -> None:
        """End the request of this record, however far it is, and wait until all that it held is free."""
        was_cancelled, record.is_cancelled = record.is_cancelled, True
        running = next((running for running in self._running if running.record is record), None)
        if running is not None:
            running.abort(ErrorCode.CANCELLED, CANCELLED_MESSAGE)
        elif record.task is not None and not was_cancelled:
            record.task.cancel()
        if not await self.log.wait_ended(record, _SLOW_READER_S) and running is not None:
            await running.close()  # its client does not read, and is told when it does
        await self.log.wait_ended(record, _ENDS_WITHIN_S)

    def cancelled(self, record: RequestRecord) -> ApiError:
        """End a record whose request an administrator has cancelled before its tokens came."""
        if (task := asyncio.current_task()) is not None and task.cancelling():
            task.uncancel()  # the task goes on, to say so
        self.log.end(record, Phase.CANCELLED, BY_ADMIN, ErrorCode.CANCELLED.status)
        return ApiError(ErrorCode.CANCELLED, CANCELLED_MESSAGE)

    def _fail(self, record: RequestRecord, code: ErrorCode) -> None:
        self.log.end(record, Phase.FAILED, code.value, code.status)

    async def drain(self, grace_s: float) -> None:
        """Take no new work, give the running work this long, then end it with an error."""
        self._accepting = False
        try:
            await asyncio.wait_for(self._idle.wait(), grace_s)
        except TimeoutError:
            self._pool.refuse()
            self._stopped = True
            for running in list(self._running):
                running.abort(ErrorCode.SHUTTING_DOWN, _STOPPED)

    async def ended(self, within_s: float) -> None:
        """Wait until every request has its end, but no longer than this."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._idle.wait(), within_s)

    async def _start(self, request: GenerationRequest, record: RequestRecord) -> RunningGeneration:
        description = await asyncio.to_thread(self._pool.describe, request.model)
        record.model_id = description.model_id
        check_kinds(request, description)
        while True:
            try:
                running = await self._begin(request, record, description)
                break
            except ApiError as error:
                # Nothing has been sent yet: a worker that died just now costs this request nothing but time.
                if error.code is not ErrorCode.WORKER_DIED:
                    raise
        if self._stopped:  # it was between its lease and here when the grace ended
            running.abort(ErrorCode.SHUTTING_DOWN, _STOPPED)
        return running

    async def _begin(
        self, request: GenerationRequest, record: RequestRecord, description: ModelDescription
    ) -> RunningGeneration:
        async with AsyncExitStack() as stack:
            lease = self._pool.lease(description, request.keep_alive_s)
            resident = await stack.enter_async_context(lease)
            tokenizer = resident.tokenizer
            prompts = await encode(request, tokenizer)
            check_tools(request, prompts)
            check_formats(request)
            for prompt in prompts:
                check_prompt(prompt.token_ids, resident, param=request.prompt_field)
            check_bias(request, resident)
            check_choices(request, resident)
            maker = GuideMaker(request, resident)
            pairs = zip(request.prompts, prompts, strict=True)
            guides = [await maker.make(stated, prompt) for stated, prompt in pairs]
            jobs = [
                self._job(request, resident, prompt, guide.guide, number, record)
                for prompt, guide in zip(prompts, guides, strict=True)
                for number in range(request.num_choices)
            ]
            streams = await self._submit(jobs, resident)
            record.cache = CacheTrace(
                description,
                request.prompts[0],
                prompts[0],
                self.log.conversations,
                has_all=request.explain_cache,
            )
            record.prompt_tokens = sum(len(prompt.token_ids) for prompt in prompts)
            record.submitted_at = time.monotonic()
            choices = [
                make_choice(request, prompts, index, stream, tokenizer)
                for index, stream in enumerate(streams)
            ]
            explain = (
                partial(cache_report, prompts[0], tokenizer=tokenizer) if request.explain_cache else None
            )
            resources = stack.pop_all()
        parts = (*(prompt.ignored for prompt in prompts), *(guide.ignored for guide in guides))
        ignored = dict.fromkeys(path for paths in parts for path in paths)
        running = RunningGeneration(choices, record, resources, explain, tuple(ignored))
        self._running[running] = None
        resources.callback(self._forget, running, record)
        return running

    async def _submit(self, jobs: Sequence[TokenJob], resident: Resident) -> list[TokenStream]:
        """Start the jobs, all or none, once the model's caches have room for the largest of them.

        Equal prompts are read once: the second finds what the first has left in the prefix cache.
        """
        await self._pool.reserve_kv(resident, max(len(job.prompt_ids) + job.max_tokens for job in jobs))
        streams: list[TokenStream] = []
        try:
            for job in jobs:
                streams.append(resident.worker.submit(job))
        except ApiError:
            for stream in streams:
                stream.cancel()
            raise
        return streams

    def _forget(self, running: RunningGeneration, record: RequestRecord) -> None:
        self._running.pop(running, None)
        self.log.end(record, *running.outcome())
        self._note_idle()

    def _note_idle(self) -> None:
        if not self._running and not self._starting:
            self._idle.set()

    def _job(
        self,
        request: GenerationRequest,
        resident: Resident,
        prompt: EncodedPrompt,
        guide: Guide | None,
        number: int,
        record: RequestRecord,
    ) -> TokenJob:
        """The job of a prompt's choice of this number, counted from 0."""
        sampling = request.sampling.over(resident.description.default_sampling)
        wanted = self._default_max_tokens if request.max_tokens is None else request.max_tokens
        window = resident.description.context_length
        return TokenJob(
            prompt_ids=prompt.token_ids,
            max_tokens=wanted if window is None else min(wanted, window - len(prompt.token_ids)),
            stop_ids=[] if request.ignore_eos else sorted(resident.tokenizer.stop_ids),
            sampling=sampling,
            seed=secrets.randbits(63) if sampling.seed is None else choice_seed(sampling.seed, number),
            top_logprobs=request.top_logprobs,
            tenant=request.tenant,
            priority=request.priority,
            cache_salt=self._salt(request),
            boundaries=prompt.boundaries,
            traceparent="" if record.span is None else record.span.traceparent,
            guide=guide,
        )

    def _salt(self, request: GenerationRequest) -> str:
        """What keeps its prefixes apart: its own salt, and its tenant where that is the setting."""
        return f"{request.tenant}/{request.cache_salt}" if self._salts_tenants else request.cache_salt
