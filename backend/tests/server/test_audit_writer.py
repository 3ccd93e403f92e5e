"""Writing the audit beside the requests: nothing twice, nothing lost without being counted."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import col, select

from mlx_manager.core.security.principal import OWNER, Principal, Role, Scope
from mlx_manager.core.times import utc_now
from mlx_manager.db.audit import AuditTable
from mlx_manager.db.session import Database
from mlx_manager.db.tables import ApiKey, CapturedText, InferenceRequest, KeyUsage
from mlx_manager.mlx_server import audit as audit_module
from mlx_manager.mlx_server.audit import AuditWriter
from mlx_manager.mlx_server.config import MLXServerSettings
from mlx_manager.mlx_server.request_log import CapturedText as Captured
from mlx_manager.mlx_server.request_log import Phase, RequestRecord


@dataclass
class Broken:
    """A database that can be away."""

    table: AuditTable
    is_away: bool = False
    tries: int = 0
    tried: asyncio.Event = field(default_factory=asyncio.Event)

    async def write(self, *what: Any) -> bool:
        self.tries += 1
        self.tried.set()
        if self.is_away:
            raise OSError("away")
        return await self.table.write(*what)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.table, name)


@dataclass
class Accounts:
    """What the writer asks of accounts."""

    audit: Broken
    used_keys: dict[str, datetime] = field(default_factory=dict)

    async def database(self) -> "Accounts":
        return self


@asynccontextmanager
async def writing(
    database: Database, **settings: Any
) -> AsyncIterator[tuple[AuditWriter, Broken, list[int], Accounts]]:
    broken, lost = Broken(AuditTable(database)), []
    accounts = Accounts(broken)
    options = MLXServerSettings(**settings)
    async with AuditWriter(options, accounts, lost.append) as writer:  # type: ignore[arg-type]
        yield writer, broken, lost, accounts


def record(principal: Principal = OWNER) -> RequestRecord:
    return RequestRecord("req_1", "demo", "openai_chat", principal)


async def rows(database: Database, table: Any = InferenceRequest) -> list[Any]:
    async with database.reading() as session:
        return list(await session.exec(select(table)))


async def until(condition: Callable[[], Awaitable[Any]]) -> Any:
    async with asyncio.timeout(60):
        while not (value := await condition()):  # noqa: ASYNC110 - the database cannot tell
            await asyncio.sleep(0.02)
    return value


async def test_a_row_is_opened_and_closed(database: Database) -> None:
    async with writing(database) as (writer, _, _, _):
        request = record()
        writer.began(request)
        [row] = await until(lambda: rows(database))
        assert (row.outcome, row.ended_at, row.user_id) == ("running", None, OWNER.user_id)
        request.prompt_tokens = 7
        request.end(Phase.FINISHED, "stop", 200)
        writer.ended(request)

        async def closed() -> bool:
            return [row.outcome for row in await rows(database)] == ["finished"]

        await until(closed)
        [row] = await rows(database)
        assert (row.finish_reason, row.prompt_tokens, row.status) == ("stop", 7, 200)
        assert row.started_at.tzinfo is not None
        assert row.started_at <= row.ended_at


async def test_what_ends_at_once_is_one_row(database: Database) -> None:
    async with writing(database) as (writer, broken, _, _):
        for _ in range(700):
            request = record()
            writer.began(request)
            request.end(Phase.FAILED, "invalid_request", 400)
            writer.ended(request)
        await writer.flush(30)
        assert len(await rows(database)) == 700
        # By hundreds, however the writer and this test take turns.
        assert broken.tries < 10


async def test_nothing_is_lost_while_the_database_is_away(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_module, "_RETRY_S", (0.01,))
    key = ApiKey(user_id=OWNER.user_id, name="app", digest="d", hint="h")
    async with database.session() as session:
        session.add(key)
    principal = Principal(OWNER.user_id, "owner", Role.ADMIN, frozenset(Scope), key.id)
    async with writing(database) as (writer, broken, lost, _):
        broken.is_away = True
        for _ in range(3):
            request = record(principal)
            request.captured = Captured('{"prompt": "x"}', 2, {0: ["a", "b"]})
            request.prompt_tokens, request.completion_tokens = 5, 2
            writer.began(request)
            await broken.tried.wait()
            broken.tried.clear()
            request.end(Phase.FINISHED, "stop", 200)
            writer.ended(request)
        broken.is_away = False

        async def written() -> bool:
            return len(await rows(database, CapturedText)) == 3

        await until(written)
        assert [row.outcome for row in await rows(database)] == ["finished"] * 3
        assert {text.answer for text in await rows(database, CapturedText)} == {"ab"}
        [usage] = await rows(database, KeyUsage)
        assert (usage.num_requests, usage.num_tokens) == (3, 21)
        assert not lost


async def test_too_much_is_lost_and_counted(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_module, "_MAX_PENDING", 10)
    async with writing(database) as (writer, broken, lost, _):
        broken.is_away = True
        requests = [record() for _ in range(25)]
        for request in requests:
            writer.began(request)
        assert (writer.num_lost, sum(lost)) == (15, 15)
        broken.is_away = False
        await writer.flush(30)
        assert {row.id for row in await rows(database)} == {request.row_id for request in requests[15:]}


async def test_a_key_s_last_use_is_noted_and_changes_nothing_else(database: Database) -> None:
    async with database.session() as session:
        key = ApiKey(user_id=OWNER.user_id, name="app", digest="d", hint="h")
        session.add(key)
    from mlx_manager.db.credentials import DatabaseCredentials

    credentials = DatabaseCredentials(database)
    before = await credentials.state()
    async with writing(database) as (writer, _, _, accounts):
        at = utc_now()
        accounts.used_keys[key.id] = at
        writer.began(record())
        await writer.flush(30)
    [row] = await rows(database, ApiKey)
    assert row.last_used_at == at
    assert await credentials.state() == before
    credentials.close()


def old(days: float, server_id: str = "elsewhere/1/2", **fields: Any) -> InferenceRequest:
    at = utc_now() - timedelta(days=days)
    return InferenceRequest(request_id="r", server_id=server_id, dialect="d", started_at=at, **fields)


async def test_what_is_too_old_goes(database: Database) -> None:
    table = AuditTable(database)
    async with database.session() as session:
        for number in range(1500):
            session.add(old(100 + number, outcome="finished"))
        kept = old(5, outcome="finished")
        session.add_all([kept, old(5, id="inf_gone", outcome="finished")])
    async with database.session() as session:
        soon, past = utc_now() + timedelta(days=1), utc_now() - timedelta(seconds=1)
        session.add(CapturedText(request_row_id=kept.id, prompt="p", expires_at=soon))
        session.add(CapturedText(request_row_id="inf_gone", prompt="p", expires_at=past))
    assert await table.retain(days=90, max_rows=10_000) == 1500
    assert [text.request_row_id for text in await rows(database, CapturedText)] == [kept.id]
    assert await table.retain(days=1, max_rows=10_000) == 2
    assert not await rows(database, CapturedText)  # the text goes with its request


async def test_what_is_too_much_goes_oldest_first(database: Database) -> None:
    table = AuditTable(database)
    async with database.session() as session:
        session.add_all([old(days, outcome="finished", model=str(days)) for days in range(1, 31)])
    assert await table.retain(days=90, max_rows=12) == 18
    async with database.reading() as session:
        models = list(
            await session.exec(select(InferenceRequest.model).order_by(col(InferenceRequest.started_at)))
        )
    assert models == [str(days) for days in range(12, 0, -1)]


async def test_what_a_server_that_is_gone_has_left_open_is_closed(database: Database) -> None:
    alive = audit_module._own_id()
    host = alive.partition("/")[0]
    gone = [f"{host}/999999999/1.00", f"{host}/{alive.split('/')[1]}/1.00", f"{host}/nonsense"]
    async with database.session() as session:
        for server_id in (alive, "elsewhere/1/2.00", *gone):
            session.add(old(1, server_id))
    async with writing(database) as (_, _, _, _):

        async def closed() -> bool:
            outcomes = {row.server_id: row.outcome for row in await rows(database)}
            return all(outcomes[server_id] == "interrupted" for server_id in gone)

        await until(closed)
    outcomes = {row.server_id: row.outcome for row in await rows(database)}
    assert (outcomes[alive], outcomes["elsewhere/1/2.00"]) == ("running", "running")
    assert {row.error_code for row in await rows(database) if row.outcome == "interrupted"} == {
        "server_ended"
    }


def test_times_are_utc() -> None:
    request = record()
    assert abs(audit_module._arrival(request) - datetime.now(UTC)) < timedelta(minutes=1)


async def test_what_the_database_refuses_takes_nothing_along(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    nobody = Principal("user_none", "nobody", Role.USER, frozenset(Scope), "key_that_is_not_there")
    async with writing(database) as (writer, _, lost, _):
        requests = [record(), record(nobody), record()]
        requests[2].dialect = None  # type: ignore[assignment]
        for request in requests:
            writer.began(request)
            request.end(Phase.FINISHED, "stop", 200)
            writer.ended(request)
        await writer.flush(30)
        assert {row.id for row in await rows(database)} == {request.row_id for request in requests[:2]}
        assert sum(lost) == 1
        assert not await rows(database, KeyUsage)
        again = record()
        writer.began(again)
        await writer.flush(30)
        assert len(await rows(database)) == 3


async def test_any_text_can_be_stored(database: Database) -> None:
    async with writing(database) as (writer, _, lost, _):
        request = record()
        request.model = "a\0b\U0001f600" + "x" * 5000
        request.captured = Captured("{}", 1, {0: ["c\0d", "\u2028"]})
        writer.began(request)
        request.end(Phase.FINISHED, "stop", 200)
        writer.ended(request)
        await writer.flush(30)
        [row] = await rows(database)
        [text] = await rows(database, CapturedText)
        assert row.model == "a\ufffdb\U0001f600" + "x" * 252
        assert text.answer == "c\ufffdd\u2028"
        assert not lost


async def test_what_was_written_and_not_confirmed_is_written_again(database: Database) -> None:
    table = AuditTable(database)
    async with writing(database) as (writer, _, _, _):
        request = record()
        form = writer._written_form(request)
        assert await table.write([form], {}, {})
        assert await table.write([form], {}, {})
        request.end(Phase.FINISHED, "stop", 200)
        assert await table.write([writer._written_form(request)], {}, {})
    assert [row.outcome for row in await rows(database)] == ["finished"]
