"""Later users register and wait for approval, or are invited."""

import asyncio

import pytest

from mlx_manager.auth.service import MAX_PENDING
from mlx_manager.core.security.principal import Role
from mlx_manager.db.tables import OneTimeToken, User, UserStatus
from tests.accounts import PASSWORD, House, code_of, param_of


def registration(name: str, **more: str) -> dict[str, str]:
    return {"name": name, "password": PASSWORD, **more}


async def test_waits_for_approval(house: House) -> None:
    admin = await house.signed_in("ada", Role.ADMIN)
    client = house.client()
    registered = await client.post("/auth/register", registration("grace"))
    assert (registered.status_code, registered.json()["status"]) == (201, "pending")
    assert registered.json()["role"] == "user"
    # That one waits is told only to whom it concerns.
    assert code_of(await client.sign_in("grace", "not the password")) == (401, "sign_in_failed")
    assert code_of(await client.sign_in("grace")) == (403, "not_approved")
    approved = await admin.post(f"/users/{registered.json()['id']}/approve")
    assert approved.json()["status"] == "active"
    assert (await client.sign_in("grace")).status_code == 200


async def test_nobody_registers_before_the_first_administrator(house: House) -> None:
    """Who waits with nobody there to approve would lock everybody out."""
    assert code_of(await house.client().post("/auth/register", registration("grace"))) == (409, "conflict")
    assert (await house.client().get("/auth/status")).json()["needs_setup"] is True


@pytest.mark.parametrize("role", list(Role))
async def test_invited(house: House, role: Role) -> None:
    admin = await house.signed_in("ada", Role.ADMIN)
    invitation = (await admin.post("/users/invitations", {"role": role.value})).json()
    client = house.client("203.0.113.7")
    body = registration("grace", invitation=invitation["token"])
    registered = (await client.post("/auth/register", body)).json()
    assert (registered["status"], registered["role"]) == ("active", role.value)
    assert (await client.sign_in("grace")).status_code == 200
    # Once.
    again = await client.post("/auth/register", registration("eve", invitation=invitation["token"]))
    assert (code_of(again), param_of(again)) == ((400, "invalid_request"), "invitation")
    assert (await admin.get("/users/invitations")).json() == {"data": []}


async def test_of_many_with_one_invitation_one_wins(house: House) -> None:
    admin = await house.signed_in("ada", Role.ADMIN)
    token = (await admin.post("/users/invitations", {})).json()["token"]
    answers = await asyncio.gather(
        *(
            house.client().post("/auth/register", registration(f"person {number}", invitation=token))
            for number in range(4)
        )
    )
    assert sorted(answer.status_code for answer in answers) == [201, 400, 400, 400]


async def test_a_refused_registration_leaves_the_invitation(house: House) -> None:
    admin = await house.signed_in("ada", Role.ADMIN)
    token = (await admin.post("/users/invitations", {})).json()["token"]
    client = house.client()
    taken = await client.post("/auth/register", registration("ADA", invitation=token))
    assert code_of(taken) == (409, "already_exists")
    assert (await client.post("/auth/register", registration("grace", invitation=token))).status_code == 201


async def test_an_invitation_expires_and_can_be_withdrawn(house: House) -> None:
    admin = await house.signed_in("ada", Role.ADMIN)
    first = (await admin.post("/users/invitations", {"expires_in_hours": 1})).json()
    second = (await admin.post("/users/invitations", {"expires_in_hours": 2})).json()
    assert [row["id"] for row in (await admin.get("/users/invitations")).json()["data"]] == [
        first["id"],
        second["id"],
    ]
    assert "token" not in (await admin.get("/users/invitations")).json()["data"][0]
    assert [row.digest for row in await house.rows(OneTimeToken) if row.digest in str(first)] == []
    assert (await admin.call("DELETE", f"/users/invitations/{second['id']}")).status_code == 204
    gone = await admin.call("DELETE", f"/users/invitations/{second['id']}")
    assert code_of(gone) == (404, "not_found")
    house.clock.advance(3600)
    admin = await house.browser("ada")
    assert (await admin.get("/users/invitations")).json() == {"data": []}
    for invitation in (first, second):
        refused = await house.client().post(
            "/auth/register", registration("grace", invitation=invitation["token"])
        )
        assert param_of(refused) == "invitation"


@pytest.mark.parametrize("taken", ["Ada", "ADA", "\uff41\uff44\uff41"])
async def test_names_that_differ_by_case_or_unicode_are_the_same(house: House, taken: str) -> None:
    await house.add("ada", Role.ADMIN)
    refused = await house.client().post("/auth/register", registration(taken))
    assert (code_of(refused), param_of(refused)) == ((409, "already_exists"), "name")
    assert (await house.client().sign_in(taken)).json()["user"]["name"] == "ada"


async def test_names_that_are_none(house: House) -> None:
    await house.add("ada", Role.ADMIN)
    before = await house.rows(User)
    client = house.client()
    for name in [
        "",
        " ",
        " ada",
        "ada\n",
        "a" * 65,
        "Robert'); DROP TABLE users;--",
        "<script>",
        "\x00",
        "\ud800",
    ]:
        refused = await client.post("/auth/register", registration(name))
        assert (code_of(refused), param_of(refused)) == ((400, "invalid_request"), "name"), name
        assert code_of(await client.sign_in(name)) in [(401, "sign_in_failed"), (400, "invalid_request")]
    assert await house.rows(User) == before


async def test_only_so_many_may_wait(house: House) -> None:
    admin = await house.signed_in("ada", Role.ADMIN)
    for number in range(MAX_PENDING):
        await house.add(f"person {number}", status=UserStatus.PENDING)
    client = house.client()
    assert code_of(await client.post("/auth/register", registration("grace"))) == (409, "conflict")
    # Who is invited does not wait.
    token = (await admin.post("/users/invitations", {})).json()["token"]
    assert (await client.post("/auth/register", registration("grace", invitation=token))).status_code == 201
