"""What the endpoints of chats ask for."""

from typing import Annotated

from fastapi import Depends
from starlette.requests import Request

from mlx_manager.chats.writer import ChatWriter
from mlx_manager.db.session import Database
from mlx_manager.dependencies import AccountsDep


def _writer(request: Request) -> ChatWriter:
    writer: ChatWriter = request.app.state.chat_writer
    return writer


def _database(accounts: AccountsDep) -> Database:
    return accounts.database


WriterDep = Annotated[ChatWriter, Depends(_writer)]
"""Who writes answers: `app.state.chat_writer`, made in the lifespan."""
DatabaseDep = Annotated[Database, Depends(_database)]
"""For endpoints that tell others of a change: that is after the commit, so they open the unit themselves."""
