"""Objects that OpenAI's answers have in common."""

import time
from collections.abc import Sequence
from typing import Final

from msgspec import UNSET, Struct, UnsetType, field

from mlx_manager.mlx_server.domain.events import CacheReport, Timings, Usage
from mlx_manager.mlx_server.domain.models import ModelDescription, ModelRuntime, Quantization
from mlx_manager.mlx_server.pool.written_formats import WrittenFormats

# JSON knows no infinity; OpenAI writes this for what cannot be drawn.
_LOWEST_LOGPROB: Final = -9999.0


class PromptTokensDetails(Struct, frozen=True):
    """Where prompt tokens came from."""

    cached_tokens: int


class CompletionTokensDetails(Struct, frozen=True):
    """Where completion tokens went."""

    reasoning_tokens: int


class UsageBody(Struct, frozen=True):
    """Token counts."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    prompt_tokens_details: PromptTokensDetails
    completion_tokens_details: CompletionTokensDetails


class CacheDebug(Struct, frozen=True):
    """Ours: where the prompt left what the prefix cache held; see `CacheReport`."""

    cached_tokens: int
    matched_tokens: int
    prompt_tokens: int
    diverged_at: int | None
    prompt_text: str
    stored_text: str
    message_index: int | None
    role: str | None
    reason: str


class TimingsBody(Struct, frozen=True):
    """Ours: how long the parts of the answer took; see `Timings`. In milliseconds."""

    queue_ms: float
    prefill_ms: float
    time_to_first_token_ms: float
    total_ms: float
    tokens_per_second: float | None


class RuntimeBody(Struct, frozen=True):
    """What was found out when a model was last loaded; see `ModelRuntime`."""

    can_batch: bool
    batching: str
    kv_bytes_per_token: int
    kv_bits: int | None
    prefix_cache: str
    prompt_lookup: str


class QuantizationBody(Struct, frozen=True):
    """How weights are packed; see `Quantization`."""

    bits: int
    group_size: int
    mode: str


class ModelBody(Struct, frozen=True):
    """One model of `/v1/models`. Ours is all but `id`, `created`, `object` and `owned_by`.

    Attributes:
        status: unloaded, loading, loaded, draining or failed.
        aliases: other names that a request may use.
        parameters: weights; absent where the files do not tell.
        size_bytes: of its files.
        resident_bytes: what it takes in memory, as measured or, before it was ever loaded, as estimated.
        licence: as its card names it.
        tool_format: how it writes calls, as its template tells; absent where that offers no tools.
        reasoning_format: how it writes its reasoning; absent where its template tells of none.
    """

    id: str
    created: int
    family: str
    status: str
    aliases: Sequence[str]
    capabilities: Sequence[str]
    has_chat_template: bool
    size_bytes: int
    resident_bytes: int | UnsetType = UNSET
    context_length: int | UnsetType = UNSET
    parameters: int | UnsetType = UNSET
    quantization: QuantizationBody | UnsetType = UNSET
    licence: str | UnsetType = field(default=UNSET, name="license")
    runtime: RuntimeBody | UnsetType = UNSET
    tool_format: str | UnsetType = UNSET
    reasoning_format: str | UnsetType = UNSET
    object: str = "model"
    owned_by: str = "local"


class ModelList(Struct, frozen=True):
    """The answer of `/v1/models`; it says whether there is more where a part was asked for."""

    data: list[ModelBody]
    has_more: bool | UnsetType = UNSET
    object: str = "list"


def usage_body(usage: Usage) -> UsageBody:
    """The counts in OpenAI's shape."""
    return UsageBody(
        usage.prompt_tokens,
        usage.completion_tokens,
        usage.prompt_tokens + usage.completion_tokens,
        PromptTokensDetails(usage.cached_tokens),
        CompletionTokensDetails(usage.reasoning_tokens),
    )


def cache_debug_body(report: CacheReport) -> CacheDebug:
    """The report with a sentence that says what it comes to."""
    return CacheDebug(
        report.cached_tokens,
        report.matched_tokens,
        report.prompt_tokens,
        report.diverged_at,
        report.prompt_text,
        report.stored_text,
        report.message_index,
        report.role,
        cache_reason(report),
    )


def cache_debug_or_unset(report: CacheReport | None) -> CacheDebug | UnsetType:
    """The report's body, where there is a report."""
    return UNSET if report is None else cache_debug_body(report)


def timings_or_unset(timings: Timings | None) -> TimingsBody | UnsetType:
    """The timings' body, where anything was timed."""
    if timings is None:
        return UNSET
    rate = timings.tokens_per_second
    return TimingsBody(
        queue_ms=_ms(timings.queue_s),
        prefill_ms=_ms(timings.prefill_s),
        time_to_first_token_ms=_ms(timings.first_token_s),
        total_ms=_ms(timings.total_s),
        tokens_per_second=None if rate is None else round(rate, 2),
    )


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 3)


def cache_reason(report: CacheReport) -> str:
    """What a report comes to, in a sentence."""
    matched, cached = report.matched_tokens, report.cached_tokens
    if matched == 0:
        return "nothing stored begins like this prompt"
    # The last token is read in any case: its logits are what the answer begins with.
    if cached < min(matched, report.prompt_tokens - 1):
        return (
            f"the prefix agrees to token {matched}, but this model's state can be taken up only at {cached}"
        )
    if report.diverged_at is not None:
        return f"the prompt differs from what was stored at token {report.diverged_at}"
    return "the whole stored prefix was used"


def finite(logprob: float) -> float:
    """The number as JSON can hold it."""
    return logprob if logprob > _LOWEST_LOGPROB else _LOWEST_LOGPROB


def model_body(
    model: ModelDescription,
    runtime: ModelRuntime | None,
    *,
    status: str,
    resident_bytes: int | None,
    aliases: Sequence[str],
    formats: WrittenFormats,
) -> ModelBody:
    """A catalogue's entry in OpenAI's shape; see `ModelBody`."""
    return ModelBody(
        id=model.model_id,
        created=model.created,
        family=model.family,
        status=status,
        aliases=aliases,
        capabilities=[capability.value for capability in model.capabilities],
        has_chat_template=model.has_chat_template,
        size_bytes=model.disk_bytes,
        resident_bytes=_or_unset(resident_bytes),
        context_length=_or_unset(model.context_length),
        parameters=_or_unset(model.num_parameters or None),
        quantization=UNSET if model.quantization is None else _quantization_body(model.quantization),
        licence=UNSET if model.licence is None else model.licence,
        runtime=UNSET if runtime is None else _runtime_body(runtime),
        tool_format=formats.calls or UNSET,
        reasoning_format=formats.reasoning or UNSET,
    )


def _or_unset(value: int | None) -> int | UnsetType:
    return UNSET if value is None else value


def _quantization_body(quantization: Quantization) -> QuantizationBody:
    return QuantizationBody(quantization.bits, quantization.group_size, quantization.mode)


def _runtime_body(runtime: ModelRuntime) -> RuntimeBody:
    return RuntimeBody(
        can_batch=runtime.can_batch,
        batching=runtime.batching,
        kv_bytes_per_token=runtime.kv_bytes_per_token,
        kv_bits=runtime.kv_bits,
        prefix_cache=runtime.prefix_cache or "on",
        prompt_lookup=runtime.prompt_lookup or "on",
    )


def now() -> int:
    """Seconds since the epoch, UTC: OpenAI's `created`."""
    return int(time.time())
