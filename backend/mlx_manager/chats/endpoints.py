"""`/api/v1/chats`: one's own chats. Nobody else's is there, an administrator's view included."""

from typing import Annotated, Final

from fastapi import APIRouter, Header, Query
from sse_starlette import EventSourceResponse
from starlette.requests import Request

from mlx_manager.chats import branching, listening, messages, search, service
from mlx_manager.chats.attachment_endpoints import router as attachment_router
from mlx_manager.chats.bounds import Id, SearchText
from mlx_manager.chats.changes import ChangeKind
from mlx_manager.chats.dependencies import DatabaseDep, WriterDep
from mlx_manager.chats.export_endpoints import router as export_router
from mlx_manager.chats.folder_endpoints import router as folder_router
from mlx_manager.chats.message_endpoints import router as message_router
from mlx_manager.chats.schemas import ChatChange, ChatList, ChatView, ChatWithMessages, NewBranch, NewChat
from mlx_manager.chats.search import ChatFilter
from mlx_manager.dependencies import AccountHolderDep, ReadingDep, RowId

_own = APIRouter(prefix="/api/v1/chats", tags=["chats"])

EVENT_STREAM: Final[dict[int | str, dict[str, object]]] = {
    200: {"content": {"text/event-stream": {}}, "description": "Server-sent events."}
}
FolderId = Annotated[Id | None, Query(description="chats of this folder; `none` for those in no folder")]
Search = Annotated[
    SearchText,
    Query(alias="search", description="what a title or a message holds, whatever the case of ASCII letters"),
]
Limit = Annotated[int, Query(ge=1, le=200)]
Cursor = Annotated[str | None, Query(max_length=256)]
All = Annotated[bool, Query(alias="all", description="every branch, the oldest message first")]
LastEventId = Annotated[str, Header(alias="Last-Event-ID", max_length=64)]


@_own.get("")
async def list_chats(
    principal: AccountHolderDep,
    session: ReadingDep,
    folder_id: FolderId = None,
    pinned: bool | None = None,
    search_text: Search = "",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> ChatList:
    """One's chats, the newest first, by page."""
    wanted = ChatFilter(folder_id, pinned, search_text)
    page, following = await search.list_chats(session, principal.user_id, wanted, limit, cursor)
    return ChatList(data=page, next_cursor=following)


@_own.post("", status_code=201)
async def create_chat(
    body: NewChat, principal: AccountHolderDep, database: DatabaseDep, writer: WriterDep
) -> ChatView:
    """Begin a chat. Nothing is asked of the model yet."""
    async with database.session() as session:
        chat = await service.create_chat(session, principal.user_id, body)
    writer.changes.tell(principal.user_id, ChangeKind.CHAT_CHANGED, chat.id)
    return ChatView.model_validate(chat)


@_own.get("/events", response_class=EventSourceResponse, responses=EVENT_STREAM)
async def watch_chats(
    request: Request, principal: AccountHolderDep, writer: WriterDep, last_event_id: LastEventId = ""
) -> EventSourceResponse:
    """What changes of one's chats, as it happens: `change` (`ChangeEvent`), and `resync` (`ResyncEvent`).

    A stream begins with `resync` unless it goes on after its `Last-Event-ID` without a gap.
    """
    events = listening.user_events(
        writer.changes, principal.user_id, last_event_id, listening.Listener(request)
    )
    return EventSourceResponse(events, sep="\n")


@_own.get("/{chat_id}")
async def get_chat(
    chat_id: RowId, principal: AccountHolderDep, session: ReadingDep, everything: All = False
) -> ChatWithMessages:
    """A chat with the messages of the path that is shown, or with all."""
    chat = await service.find_chat(session, principal.user_id, chat_id)
    tree = await messages.read_tree(session, chat.id)
    shown = chat.shown_message_id if chat.shown_message_id in tree.nodes else None
    nodes = sorted(tree.nodes.values(), key=lambda node: node.age_key) if everything else tree.path(shown)
    rows = await messages.read_messages(session, [node.id for node in nodes])
    views = await messages.view_messages(session, chat.id, rows, tree)
    return ChatWithMessages(**ChatView.model_validate(chat).model_dump(), messages=views)


@_own.patch("/{chat_id}")
async def change_chat(
    chat_id: RowId, body: ChatChange, principal: AccountHolderDep, database: DatabaseDep, writer: WriterDep
) -> ChatView:
    """Change what is stated, and leave the rest."""
    async with database.session() as session:
        chat = await service.find_chat(session, principal.user_id, chat_id)
        await service.change_chat(session, chat, body)
    writer.changes.tell(principal.user_id, ChangeKind.CHAT_CHANGED, chat_id)
    return ChatView.model_validate(chat)


@_own.delete("/{chat_id}", status_code=204)
async def delete_chat(
    chat_id: RowId, principal: AccountHolderDep, database: DatabaseDep, writer: WriterDep
) -> None:
    """Delete a chat with all that is in it; what is being written in it is stopped."""
    async with database.session() as session:
        await session.delete(await service.find_chat(session, principal.user_id, chat_id))
    writer.drop_chats({chat_id})
    writer.changes.tell(principal.user_id, ChangeKind.CHAT_DELETED, chat_id)


@_own.post("/{chat_id}/branch", status_code=201)
async def branch_chat(
    chat_id: RowId, body: NewBranch, principal: AccountHolderDep, database: DatabaseDep, writer: WriterDep
) -> ChatView:
    """A new chat with a copy of the path up to and with a message; the old one stays as it is."""
    async with database.session() as session:
        chat = await service.find_chat(session, principal.user_id, chat_id)
        branch = await branching.branch(session, chat, body)
    writer.changes.tell(principal.user_id, ChangeKind.CHAT_CHANGED, branch.id)
    return ChatView.model_validate(branch)


# What has a name stands before what has an id.
router = APIRouter()
for _part in (folder_router, export_router, _own, message_router, attachment_router):
    router.include_router(_part)
