"""The first administrator."""

import asyncio

from mlx_manager.core.security.principal import Role
from mlx_manager.db.tables import User
from mlx_manager.db.tables.users import OWNER_ID
from tests.accounts import PASSWORD, House, code_of

FIRST = {"name": "ada", "password": PASSWORD}


async def people(house: House) -> list[User]:
    return [user for user in await house.rows(User) if not user.is_builtin]


async def test_on_this_machine(house: House) -> None:
    client = house.client()
    assert (await client.get("/auth/status")).json() == {"needs_setup": True, "mode": "closed"}
    made = await client.post("/auth/setup", FIRST)
    assert made.status_code == 201
    assert made.json()["user"]["name"] == "ada"
    assert (await client.get("/auth/status")).json()["needs_setup"] is False
    # Signed in at once.
    me = (await client.get("/auth/me")).json()
    assert (me["name"], me["role"], me["scopes"]) == ("ada", "admin", ["admin", "inference"])


async def test_from_elsewhere_only_with_the_token(house: House) -> None:
    away = house.client("203.0.113.7")
    assert code_of(await away.post("/auth/setup", FIRST)) == (403, "setup_not_allowed")
    wrong = await away.post("/auth/setup", FIRST | {"token": "é' OR 1=1 --"})
    assert code_of(wrong) == (403, "setup_not_allowed")
    assert await people(house) == []
    token = house.accounts.setup_token.reveal()
    assert (await away.post("/auth/setup", FIRST | {"token": token})).status_code == 201
    # It is worth nothing once there is somebody.
    again = await away.post("/auth/setup", {"name": "eve", "password": PASSWORD, "token": token})
    assert code_of(again) == (409, "conflict")
    assert [user.name for user in await people(house)] == ["ada"]


async def test_guessing_the_token_is_throttled(house: House) -> None:
    away = house.client("203.0.113.7")
    for _ in range(20):
        assert code_of(await away.post("/auth/setup", FIRST | {"token": "guess"}))[0] == 403
    right = FIRST | {"token": house.accounts.setup_token.reveal()}
    assert code_of(await away.post("/auth/setup", right)) == (429, "sign_in_throttled")
    house.clock.advance(1)
    assert (await away.post("/auth/setup", right)).status_code == 201


async def test_of_many_at_once_one_wins(house: House) -> None:
    bodies = [{"name": f"person {number}", "password": PASSWORD} for number in range(6)]
    answers = await asyncio.gather(*(house.client().post("/auth/setup", body) for body in bodies))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409, 409]
    assert [user.role for user in await people(house)] == [Role.ADMIN]


async def test_only_while_there_is_nobody(house: House) -> None:
    await house.add("ada", Role.ADMIN)
    assert code_of(await house.client().post("/auth/setup", {"name": "eve", "password": PASSWORD})) == (
        409,
        "conflict",
    )


async def test_the_built_in_owner_is_not_somebody(house: House) -> None:
    """It was there all the time in these tests, and nobody can sign in as it."""
    assert (await house.client().get("/auth/status")).json()["needs_setup"] is True
    for name in ("owner", "<Owner>", OWNER_ID):
        for password in ("", "owner", PASSWORD):
            assert code_of(await house.client().sign_in(name, password)) == (401, "sign_in_failed")
