"""`/api/v1/server`: the inference server's process and the logs of both programs."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any, Final, Literal

import msgspec
from fastapi import APIRouter, Depends, Query
from sse_starlette import EventSourceResponse
from starlette.requests import Request
from starlette.responses import Response

from mlx_manager.core.server_sent_events import event
from mlx_manager.server.log_lines import last_entries, new_entries
from mlx_manager.server.schemas import LogEntries, ServerView
from mlx_manager.server.service import Program, ServerService, log_file

router = APIRouter(prefix="/api/v1/server", tags=["server"])

_EVENT_STREAM: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {"text/event-stream": {}}, "description": "server-sent events"}
}


def _service(request: Request) -> ServerService:
    service: ServerService = request.app.state.server_service
    return service


ServiceDep = Annotated[ServerService, Depends(_service)]
Lines = Annotated[int, Query(ge=1, le=10_000, description="how many of the last entries")]
Level = Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], Query(description="the lowest that counts")]


@router.get("")
async def show(service: ServiceDep) -> ServerView:
    """What the server is doing."""
    return await service.view()


@router.post("/start")
async def start(service: ServiceDep) -> ServerView:
    """Let the server run, from now on, and start it where it does not; answers before it is ready."""
    await service.supervisor.start()
    return await service.view()


@router.post("/stop")
async def stop(service: ServiceDep) -> ServerView:
    """End the server and keep it so; answers when it has ended. What runs in it has its grace."""
    await service.supervisor.stop()
    return await service.view()


@router.post("/restart")
async def restart(service: ServiceDep) -> ServerView:
    """End the server and start it again; answers before it is ready."""
    await service.supervisor.restart()
    return await service.view()


@router.get("/events", response_class=Response, responses=_EVENT_STREAM)
async def events(request: Request, service: ServiceDep) -> Response:
    """Events `server`, each with a `ServerView`: the first at once, then whenever it has changed."""
    return EventSourceResponse(_changes(request, service), sep="\n")


@router.get("/logs")
async def read_log(
    program: Program = Program.SERVER, lines: Lines = 200, level: Level = "DEBUG"
) -> LogEntries:
    """The last entries of a program's log, the oldest first."""
    entries = await asyncio.to_thread(last_entries, log_file(program), lines, level)
    return LogEntries.model_validate({"data": entries})


@router.get("/logs/events", response_class=Response, responses=_EVENT_STREAM)
async def follow_log(
    request: Request, program: Program = Program.SERVER, lines: Lines = 200, level: Level = "DEBUG"
) -> Response:
    """Events `entry`, each with a `LogEntry`: the last ones, then what is written."""
    return EventSourceResponse(_entries(request, program, lines, level), sep="\n")


async def _changes(request: Request, service: ServerService) -> AsyncIterator[bytes]:
    async for view in service.views():
        if view is not None:
            yield event("server", view.model_dump_json().encode())
        if not await _may_go_on(request):
            return


async def _entries(request: Request, program: Program, num: int, level: str) -> AsyncIterator[bytes]:
    # From before the last ones are read, so that none is between the two.
    coming = new_entries(log_file(program), level)
    first = await anext(coming)
    for entry in [*await asyncio.to_thread(last_entries, log_file(program), num, level), *first]:
        yield event("entry", msgspec.json.encode(entry))
    async for entries in coming:
        for entry in entries:
            yield event("entry", msgspec.json.encode(entry))
        if not await _may_go_on(request):
            return


async def _may_go_on(request: Request) -> bool:
    return not request.app.state.stopping.is_set() and bool(await request.state.may_go_on())
