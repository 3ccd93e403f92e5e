"""Keys that programs of ours lend themselves: good for what they are for, seen by nobody, gone afterwards."""

from datetime import timedelta

import pytest
from sqlmodel import select

from mlx_manager.core.security.principal import Role, Scope
from mlx_manager.core.times import utc_now
from mlx_manager.db.session import Database
from mlx_manager.db.tables import ApiKey, AuthState
from mlx_manager.db.tables.users import OWNER_ID
from mlx_manager.keys import lending
from tests.accounts import House, code_of, param_of


async def lend(house: House, *scopes: Scope) -> tuple[str, str]:
    async with house.accounts.database.session() as session:
        return await lending.lend(session, "a test", scopes or (Scope.INFERENCE,), house.clock.now)


async def give_back(house: House, key_id: str) -> None:
    async with house.accounts.database.session() as session:
        await lending.remove(session, key_id)


@pytest.mark.parametrize("scopes", [(Scope.INFERENCE,), (Scope.ADMIN, Scope.INFERENCE)])
async def test_it_is_good_until_it_is_given_back(house: House, scopes: tuple[Scope, ...]) -> None:
    await house.add("ada", Role.ADMIN)
    key_id, key = await lend(house, *scopes)
    sent = {"Authorization": f"Bearer {key}"}
    me = await house.client().call("GET", "/auth/me", headers=sent)
    assert (me.json()["name"], me.json()["scopes"]) == ("owner", [scope.value for scope in scopes])
    allowed = 200 if Scope.ADMIN in scopes else 403
    assert (await house.client().call("GET", "/users", headers=sent)).status_code == allowed
    before = (await house.rows(AuthState))[0].revision
    await give_back(house, key_id)
    assert (await house.client().call("GET", "/auth/me", headers=sent)).status_code == 401
    assert await house.rows(ApiKey) == []
    assert (await house.rows(AuthState))[0].revision > before


async def test_it_ends_by_itself(house: House) -> None:
    await house.add("ada", Role.ADMIN)
    _, key = await lend(house)
    house.clock.advance(3601)
    sent = {"x-api-key": key}
    assert (await house.client().call("GET", "/auth/me", headers=sent)).status_code == 401


async def test_nobody_is_shown_it_or_may_touch_it(house: House) -> None:
    admin = await house.signed_in("ada", Role.ADMIN)
    key_id, _ = await lend(house)
    assert (await admin.get("/keys?all=true")).json()["data"] == []
    for method, body in (("PATCH", {"capture_days": 1}), ("DELETE", None)):
        answer = await admin.call(method, f"/keys/{key_id}", body)
        assert code_of(answer) == (404, "not_found")
    assert [row.revoked_at for row in await house.rows(ApiKey)] == [None]


async def test_no_wire_makes_one(house: House) -> None:
    admin = await house.signed_in("ada", Role.ADMIN)
    refused = await admin.post("/keys", {"name": "agent", "is_internal": True})
    assert (code_of(refused), param_of(refused)) == ((400, "invalid_request"), "is_internal")
    made = await admin.post("/keys", {"name": "agent"})
    assert "is_internal" not in made.json()
    changed = await admin.call("PATCH", f"/keys/{made.json()['id']}", {"is_internal": True})
    assert (code_of(changed), param_of(changed)) == ((400, "invalid_request"), "is_internal")
    assert [row.is_internal for row in await house.rows(ApiKey)] == [False]


async def test_a_key_of_somebodys_is_never_removed(house: House) -> None:
    admin = await house.signed_in("ada", Role.ADMIN)
    made = (await admin.post("/keys", {"name": "agent", "expires_in_days": 1})).json()
    await give_back(house, made["id"])
    house.clock.advance(timedelta(days=2).total_seconds())
    await lend(house)
    assert made["id"] in {row.id for row in await house.rows(ApiKey)}


async def test_the_next_lending_removes_what_was_left(database: Database) -> None:
    now = utc_now()
    async with database.session() as session:
        old, _ = await lending.lend(session, "old", [Scope.ADMIN], now - timedelta(hours=2))
        young, _ = await lending.lend(session, "young", [Scope.ADMIN], now - timedelta(minutes=1))
    async with database.session() as session:
        new, _ = await lending.lend(session, "new", [Scope.ADMIN], now)
    async with database.reading() as session:
        rows = list(await session.exec(select(ApiKey)))
    assert {row.id for row in rows} == {young, new}
    assert old not in {row.id for row in rows}
    assert {row.user_id for row in rows} == {OWNER_ID}
