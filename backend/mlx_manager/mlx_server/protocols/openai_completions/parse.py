"""Wire to request."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from mlx_manager.mlx_server.domain.request import (
    GenerationRequest,
    InfillPrompt,
    Prompt,
    TextPrompt,
    TokenPrompt,
)
from mlx_manager.mlx_server.protocols.fields import refuse_unsupported, validate
from mlx_manager.mlx_server.protocols.formats import format_of, one_format
from mlx_manager.mlx_server.protocols.openai_completions.schema import (
    UNSUPPORTED,
    CompletionRequest,
    check_best_of,
    check_count,
)


def parse_completion(
    body: Mapping[str, Any], request_id: str, tenant: str = ""
) -> tuple[GenerationRequest, CompletionRequest]:
    """The request, and the wire's form of it for the renderer. Raises ApiError that names the field."""
    wire = validate(CompletionRequest, body)
    refuse_unsupported(body, UNSUPPORTED)
    check_best_of(wire)
    check_count(wire)
    request = wire.request(
        tuple(_prompt(one, wire.suffix) for one in wire.prompt),
        request_id,
        tenant,
        max_tokens=wire.max_tokens,
        top_logprobs=wire.logprobs,
        prompt_field="prompt",
        echo=bool(wire.echo),
    )
    wanted = format_of(wire.response_format, "response_format")
    return replace(request, answer_format=one_format([wanted, *wire.stated_formats()])), wire


def _prompt(prompt: str | list[int], suffix: str | None) -> Prompt:
    if isinstance(prompt, list):
        return TokenPrompt(tuple(prompt))
    return InfillPrompt(prompt, suffix) if suffix else TextPrompt(prompt)
