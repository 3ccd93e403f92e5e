"""`/api/v1/chats/folders`: one's own folders."""

from typing import Annotated

from fastapi import APIRouter, Query

from mlx_manager.chats import folders
from mlx_manager.chats.changes import ChangeKind
from mlx_manager.chats.dependencies import DatabaseDep, WriterDep
from mlx_manager.chats.schemas import FolderChange, FolderList, FolderView, WhatOfChats
from mlx_manager.dependencies import AccountHolderDep, ReadingDep, RowId

router = APIRouter(prefix="/api/v1/chats/folders", tags=["chats"])

What = Annotated[WhatOfChats, Query(alias="chats", description="what becomes of the folder's chats")]


@router.get("")
async def list_folders(principal: AccountHolderDep, session: ReadingDep) -> FolderList:
    """One's folders, by their names."""
    rows = await folders.list_folders(session, principal.user_id)
    return FolderList(data=[FolderView.model_validate(row) for row in rows])


@router.post("", status_code=201)
async def create_folder(
    body: FolderChange, principal: AccountHolderDep, database: DatabaseDep, writer: WriterDep
) -> FolderView:
    """Make a folder. Several may have the same name."""
    async with database.session() as session:
        folder = await folders.create_folder(session, principal.user_id, body.name)
    writer.changes.tell(principal.user_id, ChangeKind.FOLDERS_CHANGED)
    return FolderView.model_validate(folder)


@router.patch("/{folder_id}")
async def change_folder(
    folder_id: RowId,
    body: FolderChange,
    principal: AccountHolderDep,
    database: DatabaseDep,
    writer: WriterDep,
) -> FolderView:
    """Give a folder another name."""
    async with database.session() as session:
        folder = await folders.find_folder(session, principal.user_id, folder_id)
        folder.name = body.name
        session.add(folder)
    writer.changes.tell(principal.user_id, ChangeKind.FOLDERS_CHANGED)
    return FolderView.model_validate(folder)


@router.delete("/{folder_id}", status_code=204)
async def delete_folder(
    folder_id: RowId,
    principal: AccountHolderDep,
    database: DatabaseDep,
    writer: WriterDep,
    what: What = "keep",
) -> None:
    """Delete a folder; its chats stay, in no folder, or go with it."""
    with_chats = what == "delete"
    async with database.session() as session:
        folder = await folders.find_folder(session, principal.user_id, folder_id)
        chat_ids = await folders.delete_folder(session, folder, with_chats=with_chats)
    if with_chats:
        writer.drop_chats(set(chat_ids))
    writer.changes.tell(principal.user_id, ChangeKind.FOLDERS_CHANGED)
    for chat_id in chat_ids:
        kind = ChangeKind.CHAT_DELETED if with_chats else ChangeKind.CHAT_CHANGED
        writer.changes.tell(principal.user_id, kind, chat_id)
