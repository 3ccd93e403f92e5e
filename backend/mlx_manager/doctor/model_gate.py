"""Whether a model on this machine gives the same answers in a batch as alone.

First the probe that is made at load: logits, batched against serial. Its findings are kept on disk; here it
is always made anew. Then real answers, each alone and all together.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from typing import Final

from mlx_manager.core.errors import ApiError
from mlx_manager.doctor.agreement import (
    FP32_TOLERANCE,
    HALF_TOLERANCE,
    Difference,
    first_difference,
    largest,
    largest_shift,
)
from mlx_manager.doctor.finding import Finding, Level, ok, problem, warning
from mlx_manager.mlx_server.backends.base import Broken, Token, TokenJob, TokenStream
from mlx_manager.mlx_server.config import MLXServerSettings
from mlx_manager.mlx_server.domain.models import ModelDescription, ModelRuntime
from mlx_manager.mlx_server.domain.request import SamplingParams, TextPrompt
from mlx_manager.mlx_server.pool.entry import ModelEntry, ModelState, Resident
from mlx_manager.mlx_server.pool.pool import ModelPool

_PROMPTS: Final = (
    "Once",
    "The three largest cities of the country are",
    "Write a short note to a friend about the weather. " * 3,
    "def add(first, second):\n    " + "# numbers, one after the other: 1 2 3 4 5 6 7 8 9 10\n    " * 8,
)
_NEW_TOKENS: Final = 24
_PROBE_BEGINS: Final = 0.9
_REPORT: Final = "Do not trust its answers; report it with the output of `mlx-manager doctor --json`."

Show = Callable[[str], None]


async def examine(
    model_ids: Sequence[str] | None, settings: MLXServerSettings, show: Show
) -> AsyncIterator[Finding]:
    """Load one model after the other and try it.

    Args:
        model_ids: names of models; None for every model there is.
        show: told what is being done.
    """
    # Its own prompts are no reason to write into the prefix cache on disk.
    changes = {"spare_worker": False, "prefix_cache_disk_gb": 0.0, "logfire_enabled": False}
    settings = settings.model_copy(update=changes)
    pool = ModelPool(settings, lambda entry: _tell(entry, show))
    pool.residents.loader.keeps_findings = False
    try:
        names = model_ids
        if names is None:
            names = [model.model_id for model in await asyncio.to_thread(pool.catalogue.list)]
        for name in names:
            try:
                description = await asyncio.to_thread(pool.describe, name)
                show(f"{name}: loading")
                async with pool.lease(description) as resident:
                    async for finding in _try(pool, resident, show):
                        yield finding
            except ApiError as error:
                advice = (
                    "`mlx-manager doctor --all` names the models there are; the message says what is wrong."
                )
                yield problem(_check(name), error.message, advice)
            else:
                await pool.unload(pool.residents.entry(description))
    finally:
        await pool.close()


async def _try(pool: ModelPool, resident: Resident, show: Show) -> AsyncIterator[Finding]:
    model = resident.description
    runtime = pool.runtime(model)
    assert runtime is not None
    for finding in runtime_findings(model.model_id, runtime):
        yield finding
    show(f"{model.model_id}: answering alone")
    jobs = [_job(resident, text, number) for number, text in enumerate(_PROMPTS)]
    await pool.reserve_kv(resident, max(len(job.prompt_ids) for job in jobs) + _NEW_TOKENS)
    started = time.perf_counter()
    alone = [await _answer(resident, job, "alone") for job in jobs]
    between = time.perf_counter()
    show(f"{model.model_id}: answering together")
    together = await asyncio.gather(*(_answer(resident, job, "together") for job in jobs))
    seconds = between - started, time.perf_counter() - between
    yield compare(model, alone, together, seconds, tolerance=_tolerance(resident))


def runtime_findings(model_id: str, runtime: ModelRuntime) -> list[Finding]:
    """What the load has found out."""
    check = _check(model_id)
    found = [ok(check, f"probed now: {runtime.batching}")]
    if not runtime.can_batch:
        advice = (
            "Its answers are right; many at once are slow, each in steps of its own. Nothing is to be done."
        )
        found = [warning(check, f"probed now: {runtime.batching}", advice)]
    notes = [
        f"{runtime.kv_bytes_per_token:,} bytes of KV cache for each token",
        f"prefix cache: {runtime.prefix_cache or 'on'}",
    ]
    if runtime.prompt_lookup != "off":
        notes.append(f"prompt lookup: {runtime.prompt_lookup or 'on'}")
    return [*found, ok(check, "; ".join(notes))]


def compare(
    model: ModelDescription,
    alone: Sequence[Sequence[Token]],
    together: Sequence[Sequence[Token]],
    seconds: tuple[float, float],
    *,
    tolerance: float,
) -> Finding:
    """Judge real answers as the probe judges logits.

    Args:
        seconds: that the answers took, alone and together.
        tolerance: how close two tokens must be for either to be right.
    """
    pairs = list(zip(alone, together, strict=True))
    found = [first_difference(number, *pair) for number, pair in enumerate(pairs)]
    differences = [difference for difference in found if difference is not None]
    shift = largest([largest_shift(*pair) for pair in pairs])
    count = sum(map(len, alone))
    what = f"{len(pairs)} answers of {count} tokens, alone and together"
    check = _check(model.model_id)
    wrong = [difference for difference in differences if not difference.margin <= tolerance]
    if wrong or not shift <= tolerance:
        return Finding(check, Level.PROBLEM, f"{what}: {_describe(wrong, shift)}", _REPORT)
    speed = " and ".join(f"{count / max(time, 1e-9):.0f}" for time in seconds)
    same = f"the same but for {len(differences)} ties" if differences else "the same"
    return ok(check, f"{what}: {same}, at {speed} tokens/s; logprobs differ by at most {shift:.1e}")


def _describe(wrong: Sequence[Difference], shift: float) -> str:
    if not wrong:
        return f"logprobs differ by {shift:.1e}"
    first = wrong[0]
    return (
        f"{len(wrong)} differ, the first at token {first.position + 1} of prompt {first.prompt + 1}, "
        f"where the likeliest led by {first.margin:.1e}"
    )


def _job(resident: Resident, text: str, number: int) -> TokenJob:
    window = resident.description.context_length
    prompt_ids = resident.tokenizer.encode(TextPrompt(text)).token_ids or [0]
    most = len(prompt_ids) if window is None else max(window - _NEW_TOKENS, 1)
    return TokenJob(
        prompt_ids=prompt_ids[:most],
        max_tokens=_NEW_TOKENS,
        stop_ids=(),
        sampling=SamplingParams(temperature=0.0),
        seed=number,
        top_logprobs=2,
    )


async def _answer(resident: Resident, job: TokenJob, salt: str) -> list[Token]:
    """The job's tokens. Raises ApiError where it fails."""
    # What one pass has computed must not be taken up by the other.
    stream: TokenStream = resident.worker.submit(replace(job, cache_salt=salt))
    tokens: list[Token] = []
    try:
        while not tokens or tokens[-1].finish is None:
            for event in await stream.next():
                if isinstance(event, Broken):
                    raise ApiError(event.code, event.message)
                if isinstance(event, Token):
                    tokens.append(event)
    finally:
        stream.cancel()
    return tokens


def _tolerance(resident: Resident) -> float:
    model = resident.description
    is_fp32 = model.quantization is None and not model.has_half_weights
    return FP32_TOLERANCE if is_fp32 or resident.worker.hello.widens_half else HALF_TOLERANCE


def _tell(entry: ModelEntry, show: Show) -> None:
    if entry.state is not ModelState.LOADING:
        return
    name, done = entry.description.model_id, entry.progress
    show(f"{name}: probing" if done >= _PROBE_BEGINS else f"{name}: loading, {done:.0%}")


def _check(model_id: str) -> str:
    return f"model {model_id}"
