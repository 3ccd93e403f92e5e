"""The routes of messages: parse, start, render; and parse, count."""

from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from mlx_manager.mlx_server.protocols.answering import answer
from mlx_manager.mlx_server.protocols.anthropic_messages.parse import parse_count, parse_messages
from mlx_manager.mlx_server.protocols.anthropic_messages.rate_limits import limit_headers
from mlx_manager.mlx_server.protocols.anthropic_messages.render import MessagesRenderer
from mlx_manager.mlx_server.protocols.anthropic_messages.schema import CountTokensRequest, MessagesRequest
from mlx_manager.mlx_server.protocols.body import read_object
from mlx_manager.mlx_server.protocols.call import Call, begins, check_model, principal_of
from mlx_manager.mlx_server.protocols.dependencies import ServingDep
from mlx_manager.mlx_server.protocols.fields import ignored_header
from mlx_manager.mlx_server.protocols.openapi import BodySchema

router = APIRouter()

MessagesCall = Annotated[Call, Depends(begins("anthropic_messages"), scope="function")]


class TokenCount(msgspec.Struct, frozen=True):
    """The answer of `count_tokens`."""

    input_tokens: int


@router.post("/messages", openapi_extra=BodySchema(MessagesRequest))
async def messages(request: Request, serving: ServingDep, call: MessagesCall) -> Response:
    """Answer a conversation, whole or as a stream of server-sent events."""
    body = await read_object(request, serving.settings.max_request_body_bytes)
    request_id: str = request.state.request_id
    parsed = parse_messages(body, request_id, call.tenant)
    generation = parsed.generation
    limits = await call.admit(generation, body, is_stream=parsed.is_stream)
    renderer = MessagesRenderer(generation.model, request_id)
    headers = limit_headers(limits) | {"request-id": request_id}
    return await answer(request, serving, call, generation, renderer, ignored=parsed.ignored, headers=headers)


@router.post("/messages/count_tokens", openapi_extra=BodySchema(CountTokensRequest))
async def count_tokens(request: Request, serving: ServingDep) -> Response:
    """Count a conversation's tokens as an answer to it would report them; nothing is loaded or queued."""
    body = await read_object(request, serving.settings.max_request_body_bytes)
    request_id: str = request.state.request_id
    parsed = parse_count(body, request_id)
    check_model(serving, principal_of(request), parsed.generation.model)
    serving.metrics.note_ignored("anthropic_messages", parsed.ignored)
    count = TokenCount(await serving.generator.count_tokens(parsed.generation))
    headers = ignored_header(iter(parsed.ignored)) | {"request-id": request_id}
    return Response(msgspec.json.encode(count), media_type="application/json", headers=headers)
