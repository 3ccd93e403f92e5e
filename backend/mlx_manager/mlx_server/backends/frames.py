"""From a backend's types to a worker's frames and back."""

from mlx_manager.mlx_server.backends.base import DrawnLogprobs, Token, TokenJob
from mlx_manager.mlx_server.domain.events import FinishReason
from mlx_manager.mlx_server.domain.request import Priority
from mlx_manager.mlx_server.engine import wire


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
    )


def token_event(row: wire.Row) -> Token:
    """A row of a step as the job's reader is told of it."""
    finish = FinishReason(row.finish) if row.finish else None
    return Token(row.token_id, finish, _logprobs(row))


def _logprobs(row: wire.Row) -> DrawnLogprobs | None:
    if (found := row.logprobs) is None:
        return None
    return DrawnLogprobs(found.logprob, tuple(zip(found.top_ids, found.top_logprobs, strict=True)))
