"""`/api/v1/events`: the one stream that a page listens to."""

from collections.abc import Sequence
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from sse_starlette import EventSourceResponse
from starlette.requests import Request
from starlette.responses import Response

from mlx_manager.chats.listening import Listener
from mlx_manager.dependencies import PrincipalDep
from mlx_manager.live.merging import merged
from mlx_manager.live.sources import LOOK_S, Origins, sources
from mlx_manager.live.topics import LiveTopic, allowed

router = APIRouter(prefix="/api/v1/events", tags=["live"])

_EVENT_STREAM: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {"text/event-stream": {}}, "description": "server-sent events"}
}
Topics = Annotated[
    Sequence[LiveTopic],
    Query(max_length=len(LiveTopic), description="left out, all that the caller may see"),
]


@router.get("", response_class=Response, responses=_EVENT_STREAM)
async def watch(request: Request, principal: PrincipalDep, topics: Topics = ()) -> Response:
    """Everything that changes, in one stream; `LiveEvents` names each event's data.

    - `server`: a `ServerView`, at first and when it has changed.
    - `inference`: an `InferenceEvent`; then `model` (a `ModelEvent`), `memory` (a `MemoryEvent`) and, for who
      has the scope `admin`, `request` (a `RequestEvent`), all at first and again after each connection.
    - `download`: a `DownloadView`, all at first; `download_removed`: a `DownloadRemoved`.
    - `chat`: a `ChangeEvent` of one's own chats; `chat_resync`: a `ResyncEvent`, at first and where some were
      missed.
    - `library`: a `LibraryEvent`.

    What changes often is told four times a second at most; who reads slowly gets the newest of each.
    """
    state = request.app.state
    origins = Origins(
        server=state.server_service,
        server_events=state.server_events,
        downloads=state.downloads,
        library=state.library.changes,
        chats=state.chat_writer.changes,
    )
    opened = sources(origins, allowed(principal, topics), principal.user_id)
    return EventSourceResponse(merged(opened, Listener(request).may_go_on, LOOK_S), sep="\n")
