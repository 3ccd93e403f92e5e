"""`/api/v1/chats/{chat_id}/attachments`: text files for the next message."""

from fastapi import APIRouter

from mlx_manager.chats import attachments, service
from mlx_manager.chats.message_schemas import (
    AttachmentList,
    AttachmentView,
    AttachmentWithText,
    NewAttachment,
)
from mlx_manager.dependencies import AccountHolderDep, ReadingDep, RowId, SessionDep

router = APIRouter(prefix="/api/v1/chats/{chat_id}/attachments", tags=["chats"])


@router.get("")
async def list_attachments(
    chat_id: RowId, principal: AccountHolderDep, session: ReadingDep
) -> AttachmentList:
    """A chat's attachments, those that wait to be sent and those that were."""
    chat = await service.find_chat(session, principal.user_id, chat_id)
    rows = await attachments.list_attachments(session, chat, with_text=False)
    return AttachmentList(data=[AttachmentView.model_validate(row) for row in rows])


@router.post("", status_code=201)
async def create_attachment(
    chat_id: RowId, body: NewAttachment, principal: AccountHolderDep, session: SessionDep
) -> AttachmentView:
    """Keep a text file for the next message; it is sent by naming its id."""
    chat = await service.find_chat(session, principal.user_id, chat_id)
    return AttachmentView.model_validate(await attachments.attach(session, chat, body))


@router.get("/{attachment_id}")
async def get_attachment(
    chat_id: RowId, attachment_id: RowId, principal: AccountHolderDep, session: ReadingDep
) -> AttachmentWithText:
    """An attachment with its text."""
    chat = await service.find_chat(session, principal.user_id, chat_id)
    return AttachmentWithText.model_validate(await attachments.find_attachment(session, chat, attachment_id))


@router.delete("/{attachment_id}", status_code=204)
async def delete_attachment(
    chat_id: RowId, attachment_id: RowId, principal: AccountHolderDep, session: SessionDep
) -> None:
    """Delete one that was not sent."""
    chat = await service.find_chat(session, principal.user_id, chat_id)
    await attachments.delete_attachment(
        session, await attachments.find_attachment(session, chat, attachment_id)
    )
