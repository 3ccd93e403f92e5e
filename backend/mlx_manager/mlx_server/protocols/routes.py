"""The server's routes: thin, each one parse → start → render."""

import asyncio
from collections.abc import Coroutine, Mapping
from typing import Annotated, Any, Protocol, TypeVar

import msgspec
from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from mlx_manager.mlx_server.domain.events import EventBatches
from mlx_manager.mlx_server.domain.models import ModelDescription
from mlx_manager.mlx_server.protocols.body import read_object
from mlx_manager.mlx_server.protocols.call import Call, begins, check_model, may_ask, principal_of
from mlx_manager.mlx_server.protocols.dependencies import ServingDep
from mlx_manager.mlx_server.protocols.fields import ignored_header, ignored_paths
from mlx_manager.mlx_server.protocols.openai.rate_limits import limit_headers
from mlx_manager.mlx_server.protocols.openai.wire import ModelBody, ModelList, model_body
from mlx_manager.mlx_server.protocols.openai_chat.parse import parse_chat
from mlx_manager.mlx_server.protocols.openai_chat.render import ChatRenderer
from mlx_manager.mlx_server.protocols.openai_chat.schema import UNSUPPORTED as CHAT_UNSUPPORTED
from mlx_manager.mlx_server.protocols.openai_chat.schema import ChatCompletionRequest
from mlx_manager.mlx_server.protocols.openai_completions.parse import parse_completion
from mlx_manager.mlx_server.protocols.openai_completions.render import CompletionRenderer
from mlx_manager.mlx_server.protocols.openai_completions.schema import UNSUPPORTED as COMPLETION_UNSUPPORTED
from mlx_manager.mlx_server.protocols.openai_completions.schema import CompletionRequest
from mlx_manager.mlx_server.protocols.openapi import body_schema
from mlx_manager.mlx_server.protocols.sse import GenerationStream, StreamRenderer
from mlx_manager.mlx_server.request_log import CLIENT_CLOSED_REQUEST
from mlx_manager.mlx_server.running import RunningGeneration
from mlx_manager.mlx_server.serving import Serving

router = APIRouter(prefix="/v1")

T = TypeVar("T")

ChatCall = Annotated[Call, Depends(begins("openai_chat"), scope="function")]
CompletionCall = Annotated[Call, Depends(begins("openai_completions"), scope="function")]


class Renderer(StreamRenderer, Protocol):
    """Turns a generation's events into one dialect's wire."""

    async def fold(self, events: EventBatches) -> bytes:
        """The whole answer as JSON. Raises ApiError where the generation failed."""
        ...


@router.get("/models")
async def list_models(request: Request, serving: ServingDep) -> Response:
    """Every model that the caller may ask for."""
    models = await asyncio.to_thread(serving.pool.catalogue.list)
    principal = principal_of(request)
    offered = [model for model in models if may_ask(serving, principal, model.model_id)]
    return _json(ModelList([_model(serving, model) for model in offered]))


@router.get("/models/{model_id:path}")
async def retrieve_model(model_id: str, request: Request, serving: ServingDep) -> Response:
    """One model."""
    check_model(serving, principal_of(request), model_id)
    model = await asyncio.to_thread(serving.pool.describe, model_id)
    return _json(_model(serving, model))


@router.post("/chat/completions", openapi_extra=body_schema(ChatCompletionRequest))
async def chat_completions(request: Request, serving: ServingDep, call: ChatCall) -> Response:
    """Answer a conversation, whole or as a stream of server-sent events."""
    body = await read_object(request, serving.settings.max_request_body_bytes)
    generation, wire = parse_chat(body, request.state.request_id, call.tenant)
    limits = await call.admit(generation, body, is_stream=bool(wire.stream))
    headers = ignored_header(ignored_paths(wire, CHAT_UNSUPPORTED)) | limit_headers(limits)
    starting = serving.generator.start(generation, call.record)
    renderer = ChatRenderer(
        wire.model, include_usage=wire.include_usage, logprobs=generation.top_logprobs is not None
    )
    return await _answer(request, starting, renderer, bool(wire.stream), headers)


@router.post("/completions", openapi_extra=body_schema(CompletionRequest))
async def completions(request: Request, serving: ServingDep, call: CompletionCall) -> Response:
    """Continue a text, whole or as a stream of server-sent events."""
    body = await read_object(request, serving.settings.max_request_body_bytes)
    generation, wire = parse_completion(body, request.state.request_id, call.tenant)
    limits = await call.admit(generation, body, is_stream=bool(wire.stream))
    headers = ignored_header(ignored_paths(wire, COMPLETION_UNSUPPORTED)) | limit_headers(limits)
    starting = serving.generator.start(generation, call.record)
    renderer = CompletionRenderer(
        wire.model, include_usage=wire.include_usage, logprobs=generation.top_logprobs is not None
    )
    return await _answer(request, starting, renderer, bool(wire.stream), headers)


async def _answer(
    request: Request,
    starting: Coroutine[Any, Any, RunningGeneration],
    renderer: Renderer,
    stream: bool,
    headers: Mapping[str, str],
) -> Response:
    """Start the generation and answer with it; a client that leaves, even in the queue, ends it."""
    running = await _unless_disconnected(request, starting)
    if running is None:
        return Response(status_code=CLIENT_CLOSED_REQUEST)
    if stream:
        return GenerationStream(running, renderer, headers)
    async with running:
        body = await _unless_disconnected(request, renderer.fold(running.events()))
    if body is None:
        return Response(status_code=CLIENT_CLOSED_REQUEST)
    return Response(body, media_type="application/json", headers=dict(headers))


async def _unless_disconnected(request: Request, work: Coroutine[Any, Any, T]) -> T | None:
    """The work's result, or None when the client left first, in which case the work is cancelled."""
    task = asyncio.create_task(work)
    gone = asyncio.create_task(_disconnected(request))
    try:
        await asyncio.wait((task, gone), return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        return None
    finally:
        for pending in (task, gone):
            pending.cancel()
        await asyncio.gather(task, gone, return_exceptions=True)


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _model(serving: Serving, model: ModelDescription) -> ModelBody:
    pool = serving.pool
    return model_body(
        model,
        pool.runtime(model),
        status=pool.status(model).value,
        resident_bytes=pool.resident_bytes(model),
        aliases=pool.catalogue.aliases_of(model.model_id),
    )


def _json(value: Any) -> Response:
    return Response(msgspec.json.encode(value), media_type="application/json")
