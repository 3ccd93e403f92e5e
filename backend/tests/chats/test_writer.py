"""What the manager does with answers that others write, or that nobody writes any more."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from sqlalchemy.exc import OperationalError
from sqlmodel import select

from mlx_manager.chats import storing
from mlx_manager.chats.answer import Answer, Job
from mlx_manager.chats.bounds import MAX_MESSAGES, MAX_SIBLINGS
from mlx_manager.chats.changes import ChangeHub, ChangeKind
from mlx_manager.chats.messages import check_room
from mlx_manager.chats.pieces import Piece, PieceKind
from mlx_manager.chats.storing import Outcome
from mlx_manager.chats.titles import title_of
from mlx_manager.chats.tree import Node, Tree
from mlx_manager.chats.writer import ChatWriter
from mlx_manager.core.errors import ApiError
from mlx_manager.core.times import utc_now
from mlx_manager.db.session import Database
from mlx_manager.db.tables import Chat, ChatMessage, ChatPiece
from mlx_manager.db.tables.chats import MessageStatus
from mlx_manager.db.tables.users import OWNER_ID
from mlx_manager.server.server_events import ServerEvents
from tests.chats.conftest import no_server

DEADLINE_S = 30.0
PIECES = [
    Piece(0, PieceKind.REASONING, "Let me see."),
    Piece(1, PieceKind.CONTENT, "It "),
    Piece(2, PieceKind.CONTENT, "is \u2028 so"),
    Piece(3, PieceKind.TOOL_CALLS, json.dumps([{"index": 0, "id": "c", "function": {"name": "f"}}])),
]


async def begun(database: Database, age: timedelta = timedelta()) -> ChatMessage:
    """A message that some manager writes, and of which it last said so a while ago."""
    chat = Chat(user_id=OWNER_ID, model="demo")
    message = ChatMessage(
        chat_id=chat.id,
        role="assistant",
        status=MessageStatus.WRITING.value,
        updated_at=utc_now() - age,
    )
    async with database.session() as session:
        session.add(chat)
        await session.flush()
        session.add(message)
        await session.flush()
        await storing.store_pieces(session, [(message.id, piece) for piece in PIECES])
    return message


async def read(database: Database, message_id: str) -> ChatMessage:
    async with database.reading() as session:
        return (await session.exec(select(ChatMessage).where(ChatMessage.id == message_id))).one()


@asynccontextmanager
async def writing(database: Database, silent_s: float | None = None) -> AsyncIterator[ChatWriter]:
    """A writer of answers, where no server runs."""
    async with (
        no_server() as server,
        ServerEvents(server) as events,
        ChatWriter(database, server, events, silent_s=silent_s) as writer,
    ):
        yield writer


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_what_nobody_writes_any_more_is_ended_and_kept(database: Database) -> None:
    forsaken = await begun(database, timedelta(minutes=1))
    living = await begun(database)
    async with writing(database, silent_s=30) as writer:
        await until(lambda: writer.changes.last_number(OWNER_ID))
        [change] = writer.changes.since(OWNER_ID, 0) or ()
        assert (change.kind, change.message_id) == (ChangeKind.MESSAGE_CHANGED, forsaken.id)
    ended = await read(database, forsaken.id)
    assert ended.status == "interrupted"
    assert (ended.reasoning, ended.content) == ("Let me see.", "It is \u2028 so")
    assert ended.tool_calls == [{"id": "c", "type": "function", "function": {"name": "f", "arguments": ""}}]
    other = await read(database, living.id)
    assert (other.status, other.content) == ("writing", "")
    async with database.reading() as session:
        pieces = (await session.exec(select(ChatPiece))).all()
        assert {piece.message_id for piece in pieces} == {living.id}
        assert await storing.read_pieces(session, living.id) == PIECES
        assert await storing.read_pieces(session, living.id, after=1, limit=1) == PIECES[2:3]


async def test_another_managers_answer_can_be_stopped(database: Database) -> None:
    message = await begun(database)
    async with writing(database) as writer:
        await writer.stop(message.id)
        await writer.stop(message.id)
    ended = await read(database, message.id)
    assert (ended.status, ended.content) == ("stopped", "It is \u2028 so")
    async with database.session() as session:
        # By which the other notices.
        assert await storing.beat(session, {message.id}) == set()
        assert (await storing.end_message(session, message.id, Outcome(MessageStatus.COMPLETE)))[1] is False
    assert (await read(database, message.id)).status == "stopped"


async def test_what_is_being_written_says_so(database: Database) -> None:
    message = await begun(database, timedelta(minutes=1))
    async with database.session() as session:
        assert await storing.beat(session, {message.id, "msg_gone"}) == {message.id}
    async with database.reading() as session:
        assert await storing.find_forsaken(session, utc_now() - timedelta(seconds=30), ()) == []
        [found] = await storing.find_forsaken(session, utc_now() + timedelta(seconds=1), ())
        assert found == (message.id, message.chat_id, OWNER_ID)
        assert await storing.find_forsaken(session, utc_now() + timedelta(seconds=1), {message.id}) == []


async def test_a_database_that_is_away_loses_nothing(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = await begun(database)
    job = Job(message.id, message.chat_id, OWNER_ID, {}, "", message.id, {})
    store, num_failed = storing.store_pieces, 0

    async def failing(*arguments: object) -> None:
        nonlocal num_failed
        await store(*arguments)  # type: ignore[arg-type]
        if num_failed < 2:
            num_failed += 1
            raise OperationalError("insert", {}, Exception("the connection is lost"))

    async def asked(answer: Answer) -> Outcome:
        for number in range(3):
            answer.take(PieceKind.CONTENT, f" {number}")
            seen = len(answer.pieces)
            await until(lambda at=seen: len(answer.pieces) > at)  # type: ignore[misc]
            async with database.reading() as session:
                assert await storing.read_pieces(session, message.id) == answer.pieces
        return Outcome(MessageStatus.COMPLETE, "stop")

    async with writing(database) as writer:
        monkeypatch.setattr(storing, "store_pieces", failing)
        monkeypatch.setattr(writer, "_ask", asked)
        monkeypatch.setattr("mlx_manager.chats.writer._RETRY_S", 0.05)
        writer.reserve(OWNER_ID)
        writer.start(job, list(PIECES[:3]))
        answer = writer.find(message.id)
        assert answer is not None
        async with database.session() as session:
            await storing.drop_pieces(session, message.id, 3)
        await answer.wait_until_over()
    assert num_failed == 2
    ended = await read(database, message.id)
    assert (ended.status, ended.content) == ("complete", "It is \u2028 so 0 1 2")


def test_an_answers_phase_follows_what_comes() -> None:
    answer = Answer(Job("msg", "chat", OWNER_ID, {"Authorization": "Bearer secret"}, "", "msg", {}))
    phases = [answer.progress.phase]
    for kind in (PieceKind.REASONING, PieceKind.REASONING, PieceKind.CONTENT, PieceKind.TOOL_CALLS):
        answer.take(kind, {} if kind is PieceKind.TOOL_CALLS else "x")
        phases.append(answer.progress.phase)
    assert phases == ["queued", "thinking", "thinking", "writing", "writing"]
    assert answer.has_unsaved
    unsaved = answer.unsaved()
    assert [piece.number for piece in unsaved] == [0, 1, 2]
    answer.take(PieceKind.CONTENT, "y")
    again = answer.unsaved()
    assert again[:3] == unsaved
    answer.publish(again)
    assert answer.pieces == again
    assert not answer.has_unsaved
    assert "secret" not in repr(answer.job)


def nodes(count: int, parent_id: str | None = None) -> list[Node]:
    return [Node(f"m{at}", parent_id, "user", "complete", utc_now()) for at in range(count)]


def test_a_chat_has_its_bounds() -> None:
    check_room(Tree(nodes(MAX_SIBLINGS - 1)), 2, None)
    with pytest.raises(ApiError, match=str(MAX_SIBLINGS)):
        check_room(Tree(nodes(MAX_SIBLINGS)), 1, None)
    check_room(Tree(nodes(MAX_MESSAGES - 2, "elsewhere")), 2, None)
    with pytest.raises(ApiError, match=str(MAX_MESSAGES)):
        check_room(Tree(nodes(MAX_MESSAGES - 1, "elsewhere")), 2, None)


def test_who_missed_changes_is_told() -> None:
    hub = ChangeHub()
    for number in range(300):
        hub.tell("ada", ChangeKind.CHAT_CHANGED, f"chat_{number}")
    assert hub.since("ada", 10) is None
    assert hub.since("ada", 301) is None
    assert [change.chat_id for change in hub.since("ada", 298) or ()] == ["chat_298", "chat_299"]
    assert hub.since("ada", 300) == []
    assert hub.since("bob", 0) == []


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Hello", "Hello"),
        ("", ""),
        ("\x07\n", ""),
        ("x" * 70, "x" * 59 + "…"),
        ("word " * 20, "word word word word word word word word word word word word…"),
        ("a\tb\u202ec", "a b c"),
    ],
)
def test_a_title_is_the_first_words(text: str, title: str) -> None:
    assert title_of(text) == title
    assert len(title) <= 60
