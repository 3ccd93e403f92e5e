"""Saying something in a chat: a message, and the answer that is to be written. Nothing here commits."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from mlx_manager.chats import messages, service, storing
from mlx_manager.chats.answer import Job
from mlx_manager.chats.attachments import send_attachments
from mlx_manager.chats.message_schemas import Answering, EditedMessage, NewMessage
from mlx_manager.chats.parameters import GenerationParameters, merged
from mlx_manager.chats.pieces import Piece, PieceKind
from mlx_manager.chats.titles import title_of
from mlx_manager.chats.tree import Tree
from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.core.times import utc_now
from mlx_manager.db.tables import Chat, ChatAttachment, ChatMessage, ChatPiece
from mlx_manager.db.tables.chats import MessageStatus


@dataclass(frozen=True, slots=True)
class Said:
    """What was stored, to be written once it is committed.

    Attributes:
        message: that the answer follows.
        job: None where no answer is to be written yet.
        pieces: what there is of the answer already.
    """

    message: ChatMessage
    answer: ChatMessage | None = None
    job: Job | None = None
    pieces: tuple[Piece, ...] = ()


class Speaker:
    """Somebody who speaks in a chat of theirs.

    Args:
        headers: with which the server takes a request for theirs.
    """

    def __init__(self, session: AsyncSession, chat: Chat, headers: dict[str, str]) -> None:
        self._session = session
        self._chat = chat
        self._headers = headers

    async def send(self, asked: NewMessage) -> Said:
        """Say something. Raises ApiError where it does not fit here."""
        _check_fields(asked)
        tree = await messages.read_tree(self._session, self._chat.id)
        parent_id = _parent_of(self._chat, tree, asked)
        messages.check_room(tree, 2, parent_id)
        is_last = True
        if asked.role == "tool":
            is_last = await self._check_call(tree, parent_id, str(asked.tool_call_id))
        message = ChatMessage(
            chat_id=self._chat.id,
            parent_id=parent_id,
            role=asked.role,
            content=asked.content,
            tool_call_id=asked.tool_call_id,
        )
        await self._add(message, asked.attachment_ids)
        if not is_last:
            return Said(message)
        return await self._answer(message, asked.model, asked.own_parameters)

    async def edit(self, message_id: str, asked: EditedMessage) -> Said:
        """Say something in other words: beside the old message, and answered anew. Raises ApiError."""
        old = await messages.find_message(self._session, self._chat, message_id)
        if old.role != "user":
            raise ApiError(ErrorCode.CONFLICT, "only a user's message can be edited")
        messages.check_room(await messages.read_tree(self._session, self._chat.id), 2, old.parent_id)
        attachment_ids = asked.attachment_ids
        if attachment_ids is None:
            query = select(ChatAttachment.id).where(ChatAttachment.message_id == old.id)
            query = query.order_by(col(ChatAttachment.created_at), col(ChatAttachment.id))
            attachment_ids = list((await self._session.exec(query)).all())
        if not asked.content.strip() and not attachment_ids:
            raise ApiError(ErrorCode.INVALID_REQUEST, "content must not be empty", param="content")
        message = ChatMessage(
            chat_id=self._chat.id, parent_id=old.parent_id, role="user", content=asked.content
        )
        await self._add(message, attachment_ids)
        return await self._answer(message, asked.model, asked.parameters)

    async def regenerate(self, message_id: str, asked: Answering) -> Said:
        """Another answer beside an old one; or one to a message that has none. Raises ApiError."""
        message = await messages.find_message(self._session, self._chat, message_id)
        if message.role == "assistant":
            if message.parent_id is None:
                raise ApiError(ErrorCode.CONFLICT, "this message answers nothing")
            message = await messages.find_message(self._session, self._chat, message.parent_id)
        messages.check_room(await messages.read_tree(self._session, self._chat.id), 1, message.id)
        return await self._answer(message, asked.model, asked.parameters)

    async def go_on(self, message_id: str, asked: Answering) -> Said:
        """Go on with an answer that was cut off, in the same message. Raises ApiError."""
        answer = await messages.find_message(self._session, self._chat, message_id)
        _check_unfinished(answer)
        assert answer.parent_id is not None
        question = await messages.find_message(self._session, self._chat, answer.parent_id)
        kinds = (PieceKind.REASONING, answer.reasoning), (PieceKind.CONTENT, answer.content)
        pieces = [Piece(at, kind, text) for at, (kind, text) in enumerate(pair for pair in kinds if pair[1])]
        job = self._job(answer, answer.id, asked.model or answer.model, asked.parameters)
        job.body["continue_final_message"] = True
        answer.status, answer.updated_at = MessageStatus.WRITING.value, utc_now()
        # Its text stays in the row, for the prompt to be read from; in the end the pieces are all of it.
        answer.tool_calls = answer.error = answer.finish_reason = answer.usage = None
        self._session.add(answer)
        await self._session.exec(delete(ChatPiece).where(col(ChatPiece.message_id) == answer.id))
        await storing.store_pieces(self._session, [(answer.id, piece) for piece in pieces])
        self._show(answer)
        return Said(question, answer, job, tuple(pieces))

    async def _add(self, message: ChatMessage, attachment_ids: list[str]) -> None:
        self._session.add(message)
        await self._session.flush()  # attachments refer to it
        await send_attachments(self._session, self._chat, message, attachment_ids)
        if not self._chat.title and message.role == "user":
            self._chat.title = title_of(message.content)
        self._show(message)

    async def _answer(
        self, message: ChatMessage, model: str | None, parameters: GenerationParameters | None
    ) -> Said:
        answer = ChatMessage(
            chat_id=self._chat.id,
            parent_id=message.id,
            role="assistant",
            status=MessageStatus.WRITING.value,
            model=model or self._chat.model,
        )
        self._session.add(answer)
        await self._session.flush()
        self._show(answer)
        return Said(message, answer, self._job(answer, message.id, answer.model, parameters))

    def _job(
        self, answer: ChatMessage, last_id: str, model: str | None, parameters: GenerationParameters | None
    ) -> Job:
        chat = self._chat
        body: dict[str, Any] = merged(chat.parameters, parameters) | {"model": model or chat.model}
        return Job(answer.id, chat.id, chat.user_id, self._headers, chat.system_prompt, last_id, body)

    def _show(self, message: ChatMessage) -> None:
        self._chat.shown_message_id = message.id
        service.touch(self._session, self._chat)

    async def _check_call(self, tree: Tree, parent_id: str | None, call_id: str) -> bool:
        """Whether this is the last result that is waited for. Raises ApiError where nothing waits for it."""
        path = await messages.read_messages(self._session, [node.id for node in tree.path(parent_id)])
        answered: set[str] = set()
        while path and path[-1].role == "tool":
            answered.add(str(path.pop().tool_call_id))
        caller = path[-1] if path else None
        is_called = caller is not None and caller.status == MessageStatus.COMPLETE
        calls = {call["id"] for call in (caller.tool_calls if caller and is_called else None) or ()}
        if call_id not in calls - answered:
            message = "no message before it made this call, or it was answered already"
            raise ApiError(ErrorCode.INVALID_REQUEST, message, param="tool_call_id")
        return calls <= answered | {call_id}


def _check_fields(asked: NewMessage) -> None:
    if (asked.role == "tool") != (asked.tool_call_id is not None):
        message = "tool_call_id belongs to a message with the role tool, and to no other"
        raise ApiError(ErrorCode.INVALID_REQUEST, message, param="tool_call_id")
    if asked.role == "tool" and asked.attachment_ids:
        message = "attachment_ids belong to a user's message"
        raise ApiError(ErrorCode.INVALID_REQUEST, message, param="attachment_ids")
    if asked.role == "user" and not asked.content.strip() and not asked.attachment_ids:
        raise ApiError(ErrorCode.INVALID_REQUEST, "content must not be empty", param="content")


def _parent_of(chat: Chat, tree: Tree, asked: NewMessage) -> str | None:
    """The message that a new one follows. Raises ApiError."""
    if "parent_id" in asked.model_fields_set:
        if asked.parent_id is None:
            return None
        if (node := tree.nodes.get(asked.parent_id)) is None:
            raise ApiError(ErrorCode.NOT_FOUND, "there is no such message", param="parent_id")
        if node.status == MessageStatus.WRITING:
            message = "that message is being written; stop it, or wait until it has ended"
            raise ApiError(ErrorCode.CONFLICT, message, param="parent_id")
        return node.id
    path = tree.path(chat.shown_message_id if chat.shown_message_id in tree.nodes else None)
    while path and path[-1].status == MessageStatus.WRITING:
        del path[-2:]  # the answer and what it answers
    return path[-1].id if path else None


def _check_unfinished(answer: ChatMessage) -> None:
    if answer.role != "assistant" or answer.parent_id is None:
        raise ApiError(ErrorCode.CONFLICT, "only an answer can be gone on with")
    is_cut = answer.status in (MessageStatus.STOPPED, MessageStatus.INTERRUPTED, MessageStatus.FAILED)
    if not is_cut and not (answer.status == MessageStatus.COMPLETE and answer.finish_reason == "length"):
        raise ApiError(ErrorCode.CONFLICT, "this answer was not cut off")
    if not answer.content or answer.tool_calls:
        message = "there is no text to go on with, or a call was begun; regenerate it instead"
        raise ApiError(ErrorCode.CONFLICT, message)
