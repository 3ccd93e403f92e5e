"""From a request to an answer that is being written: room, a unit of work, then the writer."""

from collections.abc import Awaitable, Callable

from mlx_manager.chats import messages, service
from mlx_manager.chats.changes import ChangeKind
from mlx_manager.chats.message_schemas import SentMessage
from mlx_manager.chats.sending import Said, Speaker
from mlx_manager.chats.writer import ChatWriter
from mlx_manager.db.session import Database

Speak = Callable[[Speaker], Awaitable[Said]]


async def begin(
    database: Database, writer: ChatWriter, user_id: str, chat_id: str, headers: dict[str, str], speak: Speak
) -> SentMessage:
    """Store what is said and begin to write the answer.

    Raises:
        ApiError: it is not the user's chat, too many answers are being written for them, or as `speak` does.
    """
    writer.reserve(user_id)
    is_started = False
    try:
        async with database.session() as session:
            chat = await service.find_chat(session, user_id, chat_id)
            said = await speak(Speaker(session, chat, headers))
            await session.flush()
            tree = await messages.read_tree(session, chat_id)
            rows = [said.message] if said.answer is None else [said.message, said.answer]
            views = await messages.view_messages(session, chat_id, rows, tree)
        if said.job is not None:
            writer.start(said.job, list(said.pieces))
            is_started = True
    finally:
        if not is_started:
            writer.release(user_id)
    for view in views:
        writer.changes.tell(user_id, ChangeKind.MESSAGE_CHANGED, chat_id, view.id)
    return SentMessage(message=views[0], answer=views[1] if len(views) > 1 else None)
