"""`POST /v1/responses`: parse, start, render, store."""

import logging
from collections.abc import AsyncIterator
from contextlib import ExitStack
from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from mlx_manager.core.errors import ApiError
from mlx_manager.mlx_server.protocols.answering import Settle, answer
from mlx_manager.mlx_server.protocols.body import read_object
from mlx_manager.mlx_server.protocols.call import Call, begins
from mlx_manager.mlx_server.protocols.dependencies import ServingDep
from mlx_manager.mlx_server.protocols.openai.rate_limits import limit_headers
from mlx_manager.mlx_server.protocols.openai_responses.keeping import Keeping, earlier_of
from mlx_manager.mlx_server.protocols.openai_responses.output import Output
from mlx_manager.mlx_server.protocols.openai_responses.parse import parse_responses, read_request
from mlx_manager.mlx_server.protocols.openai_responses.render import ResponsesRenderer, begun_response
from mlx_manager.mlx_server.protocols.openai_responses.schema import ResponsesRequest
from mlx_manager.mlx_server.protocols.openapi import BodySchema
from mlx_manager.mlx_server.running_responses import RunningResponse
from mlx_manager.mlx_server.serving import Serving

logger = logging.getLogger(__name__)

router = APIRouter()

ResponsesCall = Annotated[Call, Depends(begins("openai_responses"), scope="function")]


async def _until_sent() -> AsyncIterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


UntilSent = Annotated[ExitStack, Depends(_until_sent, scope="request")]
"""What is entered here lasts until the response has been sent, or its client has left."""


@router.post("/responses", openapi_extra=BodySchema(ResponsesRequest))
async def create_response(
    request: Request, serving: ServingDep, call: ResponsesCall, until_sent: UntilSent
) -> Response:
    """Answer, whole or as a stream of server-sent events."""
    body = await read_object(request, serving.settings.max_request_body_bytes)
    wire = read_request(body)
    earlier, chain = await earlier_of(serving, call.principal.user_id, wire)
    parsed = parse_responses(wire, request.state.request_id, call.tenant, earlier)
    limits = await call.admit(parsed.generation, body, is_stream=bool(wire.stream))

    is_stored = serving.stored_responses.keeps and wire.store is not False
    begun = begun_response(wire, is_stored=is_stored)
    keeping = Keeping.of(parsed.items, chain, begun)
    renderer = ResponsesRenderer(
        begun, Output(parsed.names, encrypts_reasoning=wire.wants_encrypted_reasoning)
    )
    running = RunningResponse(
        begun.id,
        call.principal.user_id,
        call.record,
        keeping.items,
        lambda: msgspec.json.encode(renderer.response),
    )
    until_sent.enter_context(serving.running_responses.holding(running))
    return await answer(
        request,
        serving,
        call,
        parsed.generation,
        renderer,
        ignored=[*parsed.ignored, *(["store"] if wire.store and not is_stored else [])],
        headers=limit_headers(limits),
        settle=_settle(serving, call, keeping, renderer, running),
    )


def _settle(
    serving: Serving, call: Call, keeping: Keeping, renderer: ResponsesRenderer, running: RunningResponse
) -> Settle:
    async def settle() -> None:
        response = renderer.response
        try:
            if response.store:
                await keeping.store(serving, call.principal, response)
        except ApiError as error:
            if response.error is None:
                raise
            # What went wrong before is what the client is told.
            logger.error("%s, which failed, is not stored: %s", response.id, error.message)
        running.ended.set()

    return settle
