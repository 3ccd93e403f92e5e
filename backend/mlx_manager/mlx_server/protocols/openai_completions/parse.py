"""Wire to request."""

from collections.abc import Mapping
from typing import Any

from mlx_manager.mlx_server.domain.request import GenerationRequest, TextPrompt, TokenPrompt
from mlx_manager.mlx_server.protocols.fields import refuse_unsupported, validate
from mlx_manager.mlx_server.protocols.openai_completions.schema import UNSUPPORTED, CompletionRequest


def parse_completion(
    body: Mapping[str, Any], request_id: str, tenant: str = ""
) -> tuple[GenerationRequest, CompletionRequest]:
    """The request, and the wire's form of it for the renderer. Raises ApiError that names the field."""
    wire = validate(CompletionRequest, body)
    refuse_unsupported(body, UNSUPPORTED)
    prompt = TextPrompt(wire.prompt) if isinstance(wire.prompt, str) else TokenPrompt(tuple(wire.prompt))
    return wire.request(prompt, request_id, tenant, wire.max_tokens, wire.logprobs), wire
