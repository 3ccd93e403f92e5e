"""Request to events: resolve, lease, tokenise, check, submit; then tokens to text until the one end."""

import asyncio
import logging
import secrets
from collections.abc import Callable
from contextlib import AsyncExitStack
from functools import partial
from typing import Self

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.mlx_server.backends.base import (
    Broken,
    Read,
    Restored,
    Token,
    TokenEvent,
    TokenJob,
    TokenStream,
)
from mlx_manager.mlx_server.domain.events import (
    CacheReport,
    Event,
    EventBatches,
    Failed,
    Finished,
    FinishReason,
    PrefillProgress,
    Usage,
)
from mlx_manager.mlx_server.domain.request import ChatPrompt, GenerationRequest
from mlx_manager.mlx_server.pool.pool import ModelPool, Resident
from mlx_manager.mlx_server.text.cache_report import cache_report
from mlx_manager.mlx_server.text.output import OutputText
from mlx_manager.mlx_server.text.reasoning import ReasoningSplitter
from mlx_manager.mlx_server.text.tokenizer import EncodedPrompt

logger = logging.getLogger(__name__)

_CONTEXT_TOKENS = 5
_STOPPED = "the server is stopping; the answer is incomplete"


class RunningGeneration:
    """An accepted request: an async context manager, so that every way out frees what it holds.

    Args:
        explain: says where the prompt left the prefix cache; None where nobody asked.

    Attributes:
        prompt_tokens: tokens of the rendered prompt.
    """

    def __init__(
        self,
        request: GenerationRequest,
        stream: TokenStream,
        output: OutputText,
        prompt_tokens: int,
        resources: AsyncExitStack,
        explain: Callable[[Restored], CacheReport] | None = None,
    ) -> None:
        self.prompt_tokens = prompt_tokens
        self._request = request
        self._stream = stream
        self._output = output
        self._resources = resources
        self._drawn = 0
        self._restored = Restored(0, 0, ())
        self._explain = explain
        self._end: Finished | Failed | None = None
        self._closed = False
        self._expiry: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Cancel the job if it still runs, and end the lease. Safe to call twice."""
        if self._closed:
            return
        self._closed = True
        if self._expiry is not None:
            self._expiry.cancel()
        self._stream.cancel()
        await self._resources.aclose()
        logger.info("%s %s: %s", self._request.request_id, self._request.model, self._summary())

    async def events(self) -> EventBatches:
        """Every event up to and with the one `Finished` or `Failed`. Iterate once."""
        while self._end is None:
            batch = self._translate(await self._stream.next())
            if batch and isinstance(end := batch[-1], Finished | Failed):
                self._end = end
                await self.close()  # the lease ends with the tokens, not with a slow reader
            if batch:
                yield batch

    def expire_at(self, deadline: float, message: str) -> None:
        """End it with an error if it still runs at this time of the event loop's clock."""
        loop = asyncio.get_running_loop()
        self._expiry = loop.call_at(deadline, self.abort, ErrorCode.DEADLINE_EXCEEDED, message)

    def abort(self, code: ErrorCode, message: str) -> None:
        """End it from outside with this error, as a shutdown does."""
        self._stream.fail(Broken(code, message))

    def _translate(self, arrived: list[TokenEvent]) -> list[Event]:
        events: list[Event] = []
        for item in arrived:
            match item:
                case Restored():
                    self._restored = item
                case Read(done_tokens=done):
                    events.append(PrefillProgress(done, self.prompt_tokens))
                case Broken(code=code, message=message):
                    events.append(Failed(code, message))
                    break
                case Token(token_id=token_id, finish=finish, logprobs=logprobs):
                    self._drawn += 1
                    # The token that ends the sequence is a mark, not text.
                    if finish is not FinishReason.STOP:
                        events += self._output.push(token_id, logprobs)
                    if self._output.stopped or finish is not None:
                        events += self._finish(finish)
                        break
        return events

    def _finish(self, finish: FinishReason | None) -> list[Event]:
        deltas = self._output.finish()
        reason = FinishReason.STOP if self._output.stopped or finish is None else finish
        cached = self._restored.cached_tokens
        usage = Usage(self.prompt_tokens, self._drawn, self._output.reasoning_tokens, cached)
        report = None if self._explain is None else self._explain(self._restored)
        return [*deltas, Finished(reason, usage, report)]

    def _summary(self) -> str:
        counts = f"{self.prompt_tokens} prompt tokens, {self._drawn} drawn"
        match self._end:
            case Finished(reason=reason):
                return f"{reason.value}, {counts}"
            case Failed(code=code):
                return f"failed with {code.value}, {counts}"
            case _:
                return f"cancelled by the client, {counts}"


class Generator:
    """Accepts requests and keeps account of those that run.

    Args:
        default_max_tokens: new tokens of a request that names no number.
        timeout_s: most seconds from a request's arrival to its last token.
        salts_tenants: whether prefixes are shared within a tenant only.
    """

    def __init__(
        self, pool: ModelPool, *, default_max_tokens: int, timeout_s: float, salts_tenants: bool = False
    ) -> None:
        self._pool = pool
        self._salts_tenants = salts_tenants
        self._timeout_s = timeout_s
        self._default_max_tokens = default_max_tokens
        self._running: set[RunningGeneration] = set()
        self._accepting = True
        self._stopped = False
        self._idle = asyncio.Event()
        self._idle.set()
        self._starting = 0

    @property
    def num_running(self) -> int:
        """Requests that have been accepted and have not ended."""
        return len(self._running) + self._starting

    @property
    def is_accepting(self) -> bool:
        """Whether new requests are taken."""
        return self._accepting

    async def start(self, request: GenerationRequest) -> RunningGeneration:
        """Take a request up to the point where its tokens come.

        Raises:
            ApiError: everything that can be known before the first byte of an answer: no such
                model, a prompt over the context, a full queue, a load that failed, a shutdown.
        """
        if not self._accepting:
            raise ApiError(ErrorCode.SHUTTING_DOWN, "the server is stopping", retry_after_s=10)
        self._starting += 1
        self._idle.clear()
        timeout_s = min(request.timeout_s or self._timeout_s, self._timeout_s)
        deadline = asyncio.get_running_loop().time() + timeout_s
        message = f"the answer was not complete within {timeout_s:g} s"
        try:
            async with asyncio.timeout_at(deadline) as expiry:
                running = await self._start(request)
            running.expire_at(deadline, message)
            return running
        except TimeoutError:
            if not expiry.expired():
                raise
            raise ApiError(ErrorCode.DEADLINE_EXCEEDED, message) from None
        finally:
            self._starting -= 1
            self._note_idle()

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

    async def _start(self, request: GenerationRequest) -> RunningGeneration:
        description = self._pool.describe(request.model)
        async with AsyncExitStack() as stack:
            resident = await stack.enter_async_context(self._pool.lease(description))
            # Templates and long prompts take milliseconds that other streams should not wait for.
            tokenizer = resident.tokenizer
            prompt = await asyncio.to_thread(
                tokenizer.encode, request.prompt, all_boundaries=request.explain_cache
            )
            is_chat = isinstance(request.prompt, ChatPrompt)
            check_prompt(prompt.token_ids, resident, param="messages" if is_chat else "prompt")
            check_bias(request, resident)
            stream = resident.worker.submit(self._job(request, resident, prompt))
            output = OutputText(
                tokenizer.detokenizer(() if is_chat else prompt.token_ids[-_CONTEXT_TOKENS:]),
                request.stop,
                ReasoningSplitter.after(prompt.text) if is_chat else None,
            )
            explain = partial(cache_report, prompt, tokenizer=tokenizer) if request.explain_cache else None
            resources = stack.pop_all()
        running = RunningGeneration(request, stream, output, len(prompt.token_ids), resources, explain)
        self._running.add(running)
        resources.callback(self._forget, running)
        if self._stopped:  # it was between its lease and here when the grace ended
            running.abort(ErrorCode.SHUTTING_DOWN, _STOPPED)
        return running

    def _forget(self, running: RunningGeneration) -> None:
        self._running.discard(running)
        self._note_idle()

    def _note_idle(self) -> None:
        if not self._running and not self._starting:
            self._idle.set()

    def _job(self, request: GenerationRequest, resident: Resident, prompt: EncodedPrompt) -> TokenJob:
        sampling = request.sampling.over(resident.description.default_sampling)
        wanted = self._default_max_tokens if request.max_tokens is None else request.max_tokens
        window = resident.description.context_length
        return TokenJob(
            prompt_ids=prompt.token_ids,
            max_tokens=wanted if window is None else min(wanted, window - len(prompt.token_ids)),
            stop_ids=[] if request.ignore_eos else sorted(resident.tokenizer.stop_ids),
            sampling=sampling,
            seed=secrets.randbits(63) if sampling.seed is None else sampling.seed,
            top_logprobs=request.top_logprobs,
            tenant=request.tenant,
            priority=request.priority,
            cache_salt=self._salt(request),
            boundaries=prompt.boundaries,
        )

    def _salt(self, request: GenerationRequest) -> str:
        """What keeps its prefixes apart: its own salt, and its tenant where that is the setting."""
        return f"{request.tenant}/{request.cache_salt}" if self._salts_tenants else request.cache_salt


def check_prompt(prompt_ids: list[int], resident: Resident, *, param: str) -> None:
    """Refuse a prompt that the model cannot read. Nothing is ever cut off.

    Raises:
        ApiError: it is empty, holds an id outside the vocabulary, or leaves no room for one new token.
    """
    if not prompt_ids:
        raise ApiError(ErrorCode.INVALID_REQUEST, "the prompt is empty", param=param)
    vocab_size = resident.worker.vocab_size
    if (largest := max(prompt_ids)) >= vocab_size:
        message = f"token id {largest} is outside the model's vocabulary of {vocab_size}"
        raise ApiError(ErrorCode.INVALID_REQUEST, message, param=param)
    window = resident.description.context_length
    if window is not None and len(prompt_ids) >= window:
        raise ApiError(
            ErrorCode.CONTEXT_LENGTH_EXCEEDED,
            f"prompt is too long: {len(prompt_ids)} tokens > {window - 1} maximum "
            f"(the context is {window} tokens, and the answer needs one)",
            param=param,
        )


def check_bias(request: GenerationRequest, resident: Resident) -> None:
    """Refuse a bias on what the model cannot draw. Raises ApiError."""
    vocab_size = resident.worker.vocab_size
    if (largest := max(request.sampling.logit_bias or (), default=0)) >= vocab_size:
        message = f"token id {largest} is outside the model's vocabulary of {vocab_size}"
        raise ApiError(ErrorCode.INVALID_REQUEST, message, param="logit_bias")
