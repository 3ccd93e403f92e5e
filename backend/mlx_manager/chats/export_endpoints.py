"""Chats as files: `/api/v1/chats/{chat_id}/export` and `/api/v1/chats/import`."""

import re
import unicodedata
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query
from starlette.responses import Response

from mlx_manager.chats import exporting, service
from mlx_manager.chats.changes import ChangeKind
from mlx_manager.chats.dependencies import DatabaseDep, WriterDep
from mlx_manager.chats.export_schemas import ExportedChat
from mlx_manager.chats.markdown_file import export_markdown
from mlx_manager.chats.schemas import ChatView
from mlx_manager.dependencies import AccountHolderDep, ReadingDep, RowId

router = APIRouter(prefix="/api/v1/chats", tags=["chats"])

_FILES: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "content": {
            "application/json": {"schema": {"$ref": "#/components/schemas/ExportedChat"}},
            "text/markdown": {"schema": {"type": "string"}},
        },
        "description": "The file; `Content-Disposition` has its name.",
    }
}
_MOST_NAME_CHARS: Final = 60
Format = Annotated[Literal["json", "markdown"], Query(alias="format")]
All = Annotated[bool, Query(alias="all", description="every branch; of JSON only")]


@router.get("/{chat_id}/export", response_class=Response, responses=_FILES)
async def export_chat(
    chat_id: RowId,
    principal: AccountHolderDep,
    session: ReadingDep,
    file_format: Format = "json",
    everything: All = False,
) -> Response:
    """A chat as a file: as JSON, which an import takes again, or as Markdown of the path that is shown."""
    chat = await service.find_chat(session, principal.user_id, chat_id)
    is_json = file_format == "json"
    read = await exporting.read_chat(session, chat, everything=everything and is_json)
    text = exporting.export_json(read) if is_json else export_markdown(read)
    name = f"{_file_name(chat.title)}.{'json' if is_json else 'md'}"
    media_type = "application/json" if is_json else "text/markdown; charset=utf-8"
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "X-Content-Type-Options": "nosniff",
    }
    return Response(text.encode(), media_type=media_type, headers=headers)


@router.post("/import", status_code=201)
async def import_chat(
    body: ExportedChat, principal: AccountHolderDep, database: DatabaseDep, writer: WriterDep
) -> ChatView:
    """A chat of one's own from an export."""
    async with database.session() as session:
        chat = await exporting.import_chat(session, principal.user_id, body)
    writer.changes.tell(principal.user_id, ChangeKind.CHAT_CHANGED, chat.id)
    return ChatView.model_validate(chat)


def _file_name(title: str) -> str:
    """A title as a file's name on any system: ASCII letters, digits and hyphens."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9]+", "-", plain)[:_MOST_NAME_CHARS].strip("-").lower() or "chat"
