"""The route of text completions: parse, start, render."""

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from mlx_manager.mlx_server.protocols.answering import answer
from mlx_manager.mlx_server.protocols.body import read_object
from mlx_manager.mlx_server.protocols.call import Call, begins
from mlx_manager.mlx_server.protocols.dependencies import ServingDep
from mlx_manager.mlx_server.protocols.fields import ignored_paths
from mlx_manager.mlx_server.protocols.openai.rate_limits import limit_headers
from mlx_manager.mlx_server.protocols.openai_completions.parse import parse_completion
from mlx_manager.mlx_server.protocols.openai_completions.render import CompletionRenderer
from mlx_manager.mlx_server.protocols.openai_completions.schema import UNSUPPORTED, CompletionRequest
from mlx_manager.mlx_server.protocols.openapi import BodySchema

router = APIRouter()

CompletionCall = Annotated[Call, Depends(begins("openai_completions"), scope="function")]


@router.post("/completions", openapi_extra=BodySchema(CompletionRequest))
async def completions(request: Request, serving: ServingDep, call: CompletionCall) -> Response:
    """Continue texts, whole or as a stream of server-sent events."""
    body = await read_object(request, serving.settings.max_request_body_bytes)
    generation, wire = parse_completion(body, request.state.request_id, call.tenant)
    limits = await call.admit(generation, body, is_stream=bool(wire.stream))
    renderer = CompletionRenderer(
        wire.model, include_usage=wire.include_usage, logprobs=generation.top_logprobs is not None
    )
    ignored = ignored_paths(wire, UNSUPPORTED)
    headers = limit_headers(limits)
    return await answer(request, serving, call, generation, renderer, ignored=ignored, headers=headers)
