"""`POST /v1/responses`: parse, start, render."""

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from mlx_manager.mlx_server.protocols.answering import answer
from mlx_manager.mlx_server.protocols.body import read_object
from mlx_manager.mlx_server.protocols.call import Call, begins
from mlx_manager.mlx_server.protocols.dependencies import ServingDep
from mlx_manager.mlx_server.protocols.openai.rate_limits import limit_headers
from mlx_manager.mlx_server.protocols.openai_responses.output import Output
from mlx_manager.mlx_server.protocols.openai_responses.parse import parse_responses, read_request
from mlx_manager.mlx_server.protocols.openai_responses.render import ResponsesRenderer, begun_response
from mlx_manager.mlx_server.protocols.openai_responses.schema import ResponsesRequest
from mlx_manager.mlx_server.protocols.openapi import body_schema

router = APIRouter()

ResponsesCall = Annotated[Call, Depends(begins("openai_responses"), scope="function")]


@router.post("/responses", openapi_extra=body_schema(ResponsesRequest))
async def create_response(request: Request, serving: ServingDep, call: ResponsesCall) -> Response:
    """Answer, whole or as a stream of server-sent events."""
    body = await read_object(request, serving.settings.max_request_body_bytes)
    wire = read_request(body)
    parsed = parse_responses(wire, request.state.request_id, call.tenant)
    limits = await call.admit(parsed.generation, body, is_stream=bool(wire.stream))
    output = Output(parsed.names, encrypts_reasoning=wire.wants_encrypted_reasoning)
    renderer = ResponsesRenderer(begun_response(wire, is_stored=False), output)
    return await answer(
        request,
        serving,
        call,
        parsed.generation,
        renderer,
        ignored=parsed.ignored,
        headers=limit_headers(limits),
    )
