"""Passwords: changed by their owners, reset by administrators, shown nowhere."""

import logging
import traceback
from pathlib import Path

import pytest

from mlx_manager.auth.schemas import Credentials, Setup
from mlx_manager.core.security import passwords
from mlx_manager.core.security.principal import Role
from mlx_manager.db.tables import OneTimeToken, User
from tests.accounts import PASSWORD, Client, House, code_of, param_of

NEW = "another good password"


async def change(client: Client, current: str, new: str) -> tuple[int, str | None]:
    answer = await client.post("/auth/password", {"current_password": current, "new_password": new})
    return answer.status_code, param_of(answer) if answer.content else None


async def test_change(house: House) -> None:
    laptop = await house.signed_in("ada", Role.ADMIN)
    phone = await house.browser("ada")
    other = await house.signed_in("grace")
    assert await change(laptop, PASSWORD, NEW) == (204, None)
    # The other sessions of this user end, and nobody else's.
    assert [(await client.get("/auth/me")).status_code for client in (laptop, phone, other)] == [
        200,
        401,
        200,
    ]
    assert code_of(await house.client().sign_in("ada")) == (401, "sign_in_failed")
    assert (await house.client().sign_in("ada", NEW)).status_code == 200


async def test_change_wants_the_current_password(house: House) -> None:
    """Who finds an open browser cannot take the account over, nor try until it fits."""
    client = await house.signed_in("ada", Role.ADMIN)
    for _ in range(5):
        assert await change(client, "wrong", NEW) == (400, "current_password")
    throttled = await client.post("/auth/password", {"current_password": PASSWORD, "new_password": NEW})
    assert code_of(throttled) == (429, "sign_in_throttled")
    # That does not keep the owner out.
    assert (await house.client().sign_in("ada")).status_code == 200
    house.clock.advance(1)
    assert await change(client, PASSWORD, NEW) == (204, None)


async def test_a_key_for_inference_cannot_change_it(house: House) -> None:
    client = await house.signed_in("ada", Role.ADMIN)
    key = (await client.post("/keys", {"name": "agent"})).json()["key"]
    answer = await house.client().call(
        "POST",
        "/auth/password",
        {"current_password": PASSWORD, "new_password": NEW},
        headers={"x-api-key": key},
    )
    assert code_of(answer) == (403, "permission_denied")


async def test_the_owner_has_none(house: House) -> None:
    assert await change(house.client(), PASSWORD, NEW) == (404, None)


@pytest.mark.parametrize(
    ("password", "is_good"),
    [
        ("", False),
        ("1234567", False),
        ("12345678", True),
        ("pass word", True),
        ("pässwörd\x00'\"", True),
        ("x" * passwords.MAX_CHARS, True),
        ("x" * (passwords.MAX_CHARS + 1), False),
        ("\ud800" * 8, False),
    ],
)
async def test_what_a_password_may_be(house: House, password: str, is_good: bool) -> None:
    answer = await house.client().post("/auth/setup", {"name": "ada", "password": password})
    if is_good:
        assert answer.status_code == 201
        assert (await house.client().sign_in("ada", password)).status_code == 200
    else:
        assert (code_of(answer), param_of(answer)) == ((400, "invalid_request"), "password")
        assert (await house.client().sign_in("ada", password)).status_code in (400, 401)


async def test_reset(house: House) -> None:
    admin = await house.signed_in("ada", Role.ADMIN)
    grace = await house.signed_in("grace")
    user_id = (await grace.get("/auth/me")).json()["id"]
    first = (await admin.post(f"/users/{user_id}/reset-password")).json()
    given = (await admin.post(f"/users/{user_id}/reset-password")).json()
    assert given["expires_at"].endswith("Z")
    # It ends the sessions, and the old password opens no new one.
    assert (await grace.get("/auth/me")).status_code == 401
    assert code_of(await grace.sign_in("grace")) == (401, "sign_in_failed")
    away = house.client("203.0.113.7")
    for token in (first["token"], "guess", ""):
        refused = await away.post("/auth/password/reset", {"token": token, "new_password": NEW})
        assert (code_of(refused), param_of(refused)) == ((400, "invalid_request"), "token")
    body = {"token": given["token"], "new_password": NEW}
    assert (await away.post("/auth/password/reset", body)).status_code == 204
    assert param_of(await away.post("/auth/password/reset", body)) == "token"
    assert (await away.sign_in("grace", NEW)).status_code == 200
    assert given["token"] not in str(await house.rows(OneTimeToken))


async def test_leave_to_reset_ends(house: House) -> None:
    """With its time, when the user is disabled, and when the password is set in another way."""
    admin = await house.signed_in("ada", Role.ADMIN)
    user = await house.add("grace")

    async def given() -> str:
        token: str = (await admin.post(f"/users/{user.id}/reset-password")).json()["token"]
        return token

    async def refused(token: str) -> bool:
        body = {"token": token, "new_password": NEW}
        return param_of(await house.client().post("/auth/password/reset", body)) == "token"

    token = await given()
    await admin.post(f"/users/{user.id}/disable")
    assert await refused(token)
    await admin.post(f"/users/{user.id}/enable")
    invitation = (await admin.post("/users/invitations", {})).json()["token"]
    assert await refused(invitation)
    token = await given()
    house.clock.advance(24 * 3600)
    assert await refused(token)


async def test_a_reset_is_no_invitation(house: House) -> None:
    admin = await house.signed_in("ada", Role.ADMIN)
    user = await house.add("grace")
    token = (await admin.post(f"/users/{user.id}/reset-password")).json()["token"]
    body = {"name": "eve", "password": PASSWORD, "invitation": token}
    assert param_of(await house.client().post("/auth/register", body)) == "invitation"


async def test_guessing_a_reset_token_is_throttled(house: House) -> None:
    await house.add("ada", Role.ADMIN)
    away = house.client("2001:db8::1")
    body = {"token": "guess", "new_password": NEW}
    for _ in range(20):
        assert (await away.post("/auth/password/reset", body)).status_code == 400
    neighbour = house.client("2001:db8::2")  # the same customer's network
    assert code_of(await neighbour.post("/auth/password/reset", body)) == (429, "sign_in_throttled")
    assert (await house.client("2001:db8:0:1::1").post("/auth/password/reset", body)).status_code == 400


def files_with(secret: str, database: Path) -> list[Path]:
    """The database's files that hold the secret, journals too."""
    files = list(database.parent.glob(f"{database.name}*"))
    assert files
    return [file for file in files if secret.encode() in file.read_bytes()]


async def test_a_password_is_shown_nowhere(house: House, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    secret = "zebra-Zebra-42"
    client = house.client()
    answers = [
        await client.post("/auth/setup", {"name": "ada", "password": secret}),
        await client.sign_in("ada", secret),
        await client.sign_in("ada", secret + "x"),
        await client.post("/auth/password", {"current_password": secret, "new_password": secret + "y"}),
        await client.post("/auth/register", {"name": "ada", "password": secret}),
        await client.post("/users", {"name": "ada", "password": secret}),
        await client.post("/users", {"name": "bad/name", "password": secret}),
        await client.post("/auth/sign-in", {"name": "ada", "password": [secret]}),
        await client.post("/auth/sign-in", {"name": "ada", "password": secret, secret: 1}),
        await client.post("/auth/sign-in", [secret]),
        await client.post("/auth/sign-in", secret),
        await client.post("/auth/setup", {"name": "ada", "password": secret * 100}),
        await client.get("/auth/me"),
    ]
    statuses = [answer.status_code for answer in answers]
    assert statuses == [201, 200, 401, 204, 409, 409, 400, 400, 400, 400, 400, 400, 200]
    # A field's name is given back, since it is what is wrong; nobody has a password there.
    shown = [answer.text for number, answer in enumerate(answers) if number != 8]
    assert not [text for text in shown if secret in text]
    assert caplog.records
    assert secret not in caplog.text
    if house.accounts.database.is_sqlite:
        assert files_with(secret, house.accounts.database.path) == []
    assert secret not in str(await house.rows(User))


def test_a_password_is_in_no_exception() -> None:
    secret = "zebra-Zebra-42" * 100
    with pytest.raises(ValueError, match="at most") as caught:
        Setup.model_validate({"name": "ada", "password": secret})
    assert "zebra" not in "".join(traceback.format_exception(caught.value))
    assert "zebra" not in repr(Credentials.model_validate({"name": "ada", "password": "zebra"}))


async def test_only_digests_are_stored(house: House) -> None:
    await house.client().post("/auth/setup", {"name": "ada", "password": PASSWORD})
    digests = [user.password_digest for user in await house.rows(User) if not user.is_builtin]
    assert digests[0] is not None
    assert digests[0].startswith("$argon2id$")
