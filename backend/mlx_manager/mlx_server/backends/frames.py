"""From a backend's types to a worker's frames and back."""

from typing import Final

from mlx_manager.mlx_server.backends.base import DrawnLogprobs, Token, TokenJob
from mlx_manager.mlx_server.domain.events import FinishReason
from mlx_manager.mlx_server.domain.guide import Guide
from mlx_manager.mlx_server.domain.request import Priority
from mlx_manager.mlx_server.engine import wire

_FINISHES: Final = {
    "stop": FinishReason.STOP,
    "complete": FinishReason.STOP,
    "length": FinishReason.LENGTH,
}


def submit_frame(sequence_id: int, job: TokenJob) -> wire.Submit:
    """A job as the worker is told of it."""
    return wire.Submit(
        sequence_id=sequence_id,
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
        traceparent=job.traceparent,
        guide=None if job.guide is None else _guide(job.guide),
    )


def _guide(guide: Guide) -> wire.Guide:
    reasoning = guide.reasoning
    return wire.Guide(
        reasoning=None
        if reasoning is None
        else wire.ReasoningGuide(reasoning.opening, reasoning.closing, reasoning.is_open, reasoning.budget),
        grammar=guide.grammar,
        triggers=[wire.Trigger(one.text, one.grammar, one.at_start) for one in guide.triggers],
        ends_after_call=guide.ends_after_call,
    )


def token_event(row: wire.Row) -> Token:
    """A row of a step as the job's reader is told of it."""
    finish = _FINISHES[row.finish] if row.finish else None
    return Token(row.token_id, finish, _logprobs(row), is_mark=row.finish == "stop")


def _logprobs(row: wire.Row) -> DrawnLogprobs | None:
    if (found := row.logprobs) is None:
        return None
    return DrawnLogprobs(found.logprob, tuple(zip(found.top_ids, found.top_logprobs, strict=True)))
