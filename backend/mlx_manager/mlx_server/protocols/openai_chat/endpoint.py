"""The route of chat completions: parse, start, render."""

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
from mlx_manager.mlx_server.protocols.openai_chat.parse import parse_chat
from mlx_manager.mlx_server.protocols.openai_chat.render import ChatRenderer
from mlx_manager.mlx_server.protocols.openai_chat.schema import UNSUPPORTED, ChatCompletionRequest
from mlx_manager.mlx_server.protocols.openapi import BodySchema

router = APIRouter()

ChatCall = Annotated[Call, Depends(begins("openai_chat"), scope="function")]


@router.post("/chat/completions", openapi_extra=BodySchema(ChatCompletionRequest))
async def chat_completions(request: Request, serving: ServingDep, call: ChatCall) -> Response:
    """Answer a conversation, whole or as a stream of server-sent events."""
    body = await read_object(request, serving.settings.max_request_body_bytes)
    generation, wire = parse_chat(body, request.state.request_id, call.tenant)
    limits = await call.admit(generation, body, is_stream=bool(wire.stream))
    renderer = ChatRenderer(
        wire.model,
        num_choices=wire.num_choices,
        include_usage=wire.include_usage,
        logprobs=generation.top_logprobs is not None,
        text_tools=wire.text_tools,
    )
    ignored = [*ignored_paths(wire, UNSUPPORTED), *wire.reasoning_wish.ignored]
    headers = limit_headers(limits)
    return await answer(request, serving, call, generation, renderer, ignored=ignored, headers=headers)
