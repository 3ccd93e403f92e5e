"""Stored responses: each is its user's alone, until it expires; longer where something goes on from it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mlx_manager.core.times import utc_now
from mlx_manager.db.responses import ResponseTable
from mlx_manager.db.session import Database
from mlx_manager.db.tables import StoredResponse, User
from mlx_manager.db.tables.users import OWNER_ID
from tests.databases import ON_SQLITE

OTHER = "user_other"


@pytest.fixture
async def table(database: Database) -> ResponseTable:
    async with database.session() as session:
        session.add(User(id=OTHER, name="other", name_folded="other", role="user", status="active"))
    return ResponseTable(database)


def columns(name: str, **changed: Any) -> dict[str, Any]:
    values = {
        "id": name,
        "user_id": OWNER_ID,
        "key_id": None,
        "model": "demo",
        "created_at": datetime(2026, 1, 1, tzinfo=UTC),
        "expires_at": utc_now() + timedelta(days=1),
        "previous_response_id": None,
        "status": "completed",
        "item_ids": f" msg_{name} ",
        "input_items": "[]",
        "response": '{"text": "\\u0000 \'; -- 🦙"}',
    }
    return values | changed


def ids(rows: list[StoredResponse]) -> list[str]:
    return [row.id for row in rows]


async def test_what_is_kept_comes_back_as_it_was(table: ResponseTable) -> None:
    await table.add(columns("a"))
    found = await table.get(OWNER_ID, "a")
    assert found is not None
    wanted = columns("a", expires_at=found.expires_at)
    assert {name: getattr(found, name) for name in wanted} == wanted


async def test_it_is_its_users_alone(table: ResponseTable) -> None:
    await table.add(columns("a"))
    await table.add(columns("b", user_id=OTHER, previous_response_id="a"))
    assert await table.get(OTHER, "a") is None
    assert await table.chain(OTHER, "b", 9) == ([await table.get(OTHER, "b")], "a")
    assert await table.holding(OTHER, ["msg_a"]) == []
    assert not await table.delete(OTHER, "a")
    await table.add(columns("c", user_id=OTHER), ["a"])
    assert await table.get(OWNER_ID, "a") is not None


async def test_what_has_expired_is_not_there(table: ResponseTable, database: Database) -> None:
    await table.add(columns("old", expires_at=utc_now() - timedelta(seconds=1)))
    await table.add(columns("new", previous_response_id="old"))
    assert await table.get(OWNER_ID, "old") is None
    assert await table.holding(OWNER_ID, ["msg_old"]) == []
    assert not await table.delete(OWNER_ID, "old")
    rows, missing = await table.chain(OWNER_ID, "new", 9)
    assert (ids(rows), missing) == (["new"], "old")
    assert await table.remove_expired() == 1
    assert await table.remove_expired() == 0
    async with database.reading() as session:
        assert await session.get(StoredResponse, "old") is None
        assert await session.get(StoredResponse, "new") is not None


async def test_what_is_gone_on_from_is_kept_as_long(table: ResponseTable) -> None:
    soon, later = utc_now() + timedelta(hours=1), utc_now() + timedelta(days=30)
    await table.add(columns("a", expires_at=soon))
    await table.add(columns("b", expires_at=later + timedelta(days=1)))
    await table.add(columns("c", expires_at=soon))
    await table.add(columns("d", expires_at=later, previous_response_id="b"), ["a", "b"])
    expiring = {}
    for name in "abcd":
        row = await table.get(OWNER_ID, name)
        assert row is not None
        expiring[name] = row.expires_at
    assert expiring == {"a": later, "b": later + timedelta(days=1), "c": soon, "d": later}


async def test_chains(table: ResponseTable) -> None:
    await table.add(columns("a"))
    await table.add(columns("b", previous_response_id="a"))
    await table.add(columns("c", previous_response_id="b"))
    for most, wanted in ((9, (["a", "b", "c"], None)), (3, (["a", "b", "c"], None)), (2, (["b", "c"], "a"))):
        rows, missing = await table.chain(OWNER_ID, "c", most)
        assert (ids(rows), missing) == wanted
    assert await table.chain(OWNER_ID, "nothing", 9) == ([], "nothing")
    assert await table.delete(OWNER_ID, "b")
    rows, missing = await table.chain(OWNER_ID, "c", 9)
    assert (ids(rows), missing) == (["c"], "b")


async def test_items_are_found_in_the_latest_that_has_them(table: ResponseTable) -> None:
    early, late = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)
    await table.add(columns("new", created_at=late, item_ids=" msg_1 rs_1 "))
    await table.add(columns("old", created_at=early, item_ids=" msg_1 fc_1 "))
    assert ids(await table.holding(OWNER_ID, ["msg_1"])) == ["new"]
    assert ids(await table.holding(OWNER_ID, ["rs_1", "msg_1", "fc_1", "nothing"])) == ["new", "old"]
    for part in ("msg", "msg_", "%", "msg_1 rs_1x", "_", ""):
        assert await table.holding(OWNER_ID, [part]) == []


async def test_what_has_expired_goes_whatever_its_number(
    table: ResponseTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mlx_manager.db.responses._DELETED_AT_ONCE", 2)
    for number in range(5):
        await table.add(columns(f"r{number}", expires_at=utc_now() - timedelta(days=1)))
    assert await table.remove_expired() == 5


@ON_SQLITE
async def test_a_users_responses_go_with_the_user(table: ResponseTable, database: Database) -> None:
    await table.add(columns("a", user_id=OTHER))
    async with database.session() as session:
        user = await session.get(User, OTHER)
        assert user is not None
        await session.delete(user)
    assert await table.get(OTHER, "a") is None
