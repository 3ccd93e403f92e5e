"""What the server keeps of responses, for how long, and what it says where that is not there."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.core.security.principal import OWNER
from mlx_manager.core.times import utc_now
from mlx_manager.db.responses import ResponseTable
from mlx_manager.db.session import Database
from mlx_manager.db.tables import StoredResponse
from mlx_manager.mlx_server import stored_responses
from mlx_manager.mlx_server.config import MLXServerSettings
from mlx_manager.mlx_server.stored_responses import KeptResponse, StoredResponses
from tests.databases import ON_SQLITE

pytestmark = ON_SQLITE


@dataclass
class Accounts:
    """What is asked of accounts, with a database that can be away."""

    table: ResponseTable
    is_away: bool = False

    async def database(self) -> "Accounts":
        return self

    @property
    def responses(self) -> ResponseTable:
        if self.is_away:
            raise OSError("away")
        return self.table


@pytest.fixture
def accounts(database: Database) -> Accounts:
    return Accounts(ResponseTable(database))


def stored(accounts: Accounts, **settings: Any) -> StoredResponses:
    return StoredResponses(MLXServerSettings(**settings), accounts)  # type: ignore[arg-type]


def kept(name: str, previous: str | None = None, text: str = "{}") -> KeptResponse:
    created = datetime(2026, 1, 1, tzinfo=UTC)
    return KeptResponse(name, "demo", created, previous, "completed", [f"msg_{name}", "rs_1"], "[]", text)


async def refusal(work: Any) -> tuple[ErrorCode, str | None, str]:
    with pytest.raises(ApiError) as caught:
        await work
    return caught.value.code, caught.value.param, caught.value.message


async def test_it_is_kept_for_so_many_days(accounts: Accounts) -> None:
    responses = stored(accounts, responses_days=2.5)
    before = utc_now()
    await responses.add(OWNER, kept("a"), [])
    row = await accounts.table.get(OWNER.user_id, "a")
    assert row is not None
    assert before <= row.expires_at - timedelta(days=2.5) <= utc_now()
    assert await responses.get(OWNER.user_id, "a") == kept("a")
    assert await responses.holding(OWNER.user_id, ["rs_1"]) == [kept("a")]
    assert await responses.delete(OWNER.user_id, "a")
    assert await responses.get(OWNER.user_id, "a") is None


async def test_what_has_expired_goes_by_itself(accounts: Accounts, database: Database) -> None:
    await stored(accounts, responses_days=1e-9).add(OWNER, kept("a"), [])

    async def is_there() -> bool:
        async with database.reading() as session:
            return await session.get(StoredResponse, "a") is not None

    assert await is_there()
    async with stored(accounts), asyncio.timeout(60):
        while await is_there():  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.01)


async def test_where_nothing_is_kept_nothing_is_there(accounts: Accounts) -> None:
    await stored(accounts).add(OWNER, kept("a"), [])
    responses = stored(accounts, responses_days=0)
    assert not responses.keeps
    assert await responses.get(OWNER.user_id, "a") is None
    assert await responses.holding(OWNER.user_id, ["rs_1"]) == []
    assert not await responses.delete(OWNER.user_id, "a")
    assert (await refusal(responses.chain(OWNER.user_id, "a")))[0] is ErrorCode.NOT_FOUND


async def test_a_chain_that_is_broken_says_where(accounts: Accounts) -> None:
    responses = stored(accounts)
    for name, previous in (("a", None), ("b", "a"), ("c", "b")):
        await responses.add(OWNER, kept(name, previous), [])
    assert [one.response_id for one in await responses.chain(OWNER.user_id, "c")] == ["a", "b", "c"]
    await responses.delete(OWNER.user_id, "a")
    code, param, message = await refusal(responses.chain(OWNER.user_id, "c"))
    assert (code, param) == (ErrorCode.NOT_FOUND, "previous_response_id")
    assert message == "previous_response_id: no response has the id a; c goes on from it"


async def test_a_chain_has_a_bound(accounts: Accounts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored_responses, "_MAX_CHAIN", 2)
    responses = stored(accounts)
    for name, previous in (("a", None), ("b", "a"), ("c", "b")):
        await responses.add(OWNER, kept(name, previous), [])
    assert len(await responses.chain(OWNER.user_id, "b")) == 2
    code, param, _ = await refusal(responses.chain(OWNER.user_id, "c"))
    assert (code, param) == (ErrorCode.INVALID_REQUEST, "previous_response_id")


async def test_a_chain_is_no_larger_than_a_body(accounts: Accounts) -> None:
    responses = stored(accounts, max_request_body_mb=1)
    await responses.add(OWNER, kept("a", text="x" * 600_000), [])
    await responses.add(OWNER, kept("b", "a", text="x" * 600_000), [])
    assert len(await responses.chain(OWNER.user_id, "a")) == 1
    code, param, _ = await refusal(responses.chain(OWNER.user_id, "b"))
    assert (code, param) == (ErrorCode.INVALID_REQUEST, "previous_response_id")


async def test_a_database_that_is_away(accounts: Accounts) -> None:
    responses = stored(accounts)
    accounts.is_away = True
    user_id = OWNER.user_id
    for work in (
        responses.add(OWNER, kept("a"), []),
        responses.get(user_id, "a"),
        responses.chain(user_id, "a"),
        responses.holding(user_id, ["rs_1"]),
        responses.delete(user_id, "a"),
    ):
        assert (await refusal(work))[0] is ErrorCode.DATABASE_UNAVAILABLE
