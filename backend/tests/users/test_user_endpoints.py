"""What administrators do with users, and nobody else."""

import asyncio

import pytest

from mlx_manager.core.security.principal import Role
from mlx_manager.db.tables import AuthState, SignInSession, User, UserStatus
from mlx_manager.db.tables.users import OWNER_ID
from mlx_manager.users import service
from tests.accounts import PASSWORD, Client, House, code_of, param_of

NOBODY = "user_" + "0" * 32
FOR_ADMINISTRATORS: list[tuple[str, str, object]] = [
    ("GET", "/users", None),
    ("POST", "/users", {"name": "eve", "password": PASSWORD, "role": "admin"}),
    ("PATCH", f"/users/{NOBODY}", {"role": "admin"}),
    ("POST", f"/users/{NOBODY}/approve", None),
    ("POST", f"/users/{NOBODY}/disable", None),
    ("POST", f"/users/{NOBODY}/enable", None),
    ("POST", f"/users/{NOBODY}/reset-password", None),
    ("GET", "/users/invitations", None),
    ("POST", "/users/invitations", {"role": "admin"}),
    ("DELETE", "/users/invitations/otk_" + "0" * 32, None),
]


async def revision(house: House) -> int:
    state: AuthState = (await house.rows(AuthState))[0]
    return state.revision


async def names(client: Client) -> list[str]:
    return [user["name"] for user in (await client.get("/users")).json()["data"]]


async def test_the_list_leaves_the_owner_out(house: House) -> None:
    assert await names(house.client()) == []
    admin = await house.signed_in("ada", Role.ADMIN)
    await house.add("grace", status=UserStatus.PENDING)
    assert await names(admin) == ["ada", "grace"]
    shown = (await admin.get("/users")).json()["data"][0]
    assert shown.keys() == {"id", "name", "role", "status", "created_at", "last_sign_in_at"}
    assert shown["created_at"].endswith("Z")


async def test_for_administrators_only(house: House) -> None:
    admin = await house.signed_in("ada", Role.ADMIN)
    key = (await admin.post("/keys", {"name": "agent"})).json()["key"]
    user = await house.signed_in("grace")
    before = await house.rows(User)
    for method, path, body in FOR_ADMINISTRATORS:
        assert code_of(await user.call(method, path, body)) == (403, "permission_denied")
        # An administrator's key that is for inference is not for this.
        by_key = await house.client().call(method, path, body, headers={"x-api-key": key})
        assert code_of(by_key) == (403, "permission_denied")
        assert code_of(await house.client().call(method, path, body)) == (401, "authentication_required")
    assert await house.rows(User) == before


async def test_create(house: House) -> None:
    admin = await house.signed_in("ada", Role.ADMIN)
    made = await admin.post("/users", {"name": "Grace H.", "password": PASSWORD})
    assert made.status_code == 201
    assert (made.json()["role"], made.json()["status"]) == ("user", "active")
    assert made.json()["password_token"] is None
    assert (await house.client().sign_in("grace h.")).status_code == 200
    again = await admin.post("/users", {"name": "GRACE H.", "password": PASSWORD})
    assert (code_of(again), param_of(again)) == ((409, "already_exists"), "name")


async def test_create_without_a_password(house: House) -> None:
    admin = await house.signed_in("ada", Role.ADMIN)
    made = (await admin.post("/users", {"name": "grace", "role": "admin"})).json()
    assert code_of(await house.client().sign_in("grace", "")) == (401, "sign_in_failed")
    body = {"token": made["password_token"]["token"], "new_password": PASSWORD}
    assert (await house.client().post("/auth/password/reset", body)).status_code == 204
    assert (await house.client().sign_in("grace")).json()["user"]["role"] == "admin"


async def test_the_first_user_is_an_administrator(house: House) -> None:
    """Anything else would close the door with nobody inside."""
    refused = await house.client().post("/users", {"name": "grace", "password": PASSWORD})
    assert code_of(refused) == (409, "conflict")
    body = {"name": "grace", "password": PASSWORD, "role": "admin"}
    assert (await house.client().post("/users", body)).status_code == 201


async def test_disabling_ends_everything_at_once(house: House) -> None:
    admin = await house.signed_in("ada", Role.ADMIN)
    grace = await house.signed_in("grace")
    key = {"x-api-key": (await grace.post("/keys", {"name": "agent"})).json()["key"]}
    user_id = (await grace.get("/auth/me")).json()["id"]
    assert (await house.client().call("GET", "/auth/me", headers=key)).status_code == 200
    before = await revision(house)
    assert (await admin.post(f"/users/{user_id}/disable")).json()["status"] == "disabled"
    assert (await grace.get("/auth/me")).status_code == 401
    assert code_of(await grace.post("/auth/refresh")) == (401, "refresh_failed")
    assert code_of(await grace.sign_in("grace")) == (401, "sign_in_failed")
    assert (await house.client().call("GET", "/auth/me", headers=key)).status_code == 401
    # The other program hears of it by this.
    assert await revision(house) > before
    assert (await admin.post(f"/users/{user_id}/enable")).json()["status"] == "active"
    assert (await house.client().call("GET", "/auth/me", headers=key)).status_code == 200
    sessions = [row for row in await house.rows(SignInSession) if row.user_id == user_id]
    assert [row.revoked_reason for row in sessions] == ["user disabled"]


async def test_the_last_administrator_stays(house: House) -> None:
    admin = await house.signed_in("ada", Role.ADMIN)
    ada = (await admin.get("/auth/me")).json()["id"]
    await house.add("disabled", Role.ADMIN, UserStatus.DISABLED)
    grace = await house.add("grace")
    for method, path, body in (
        ("POST", f"/users/{ada}/disable", None),
        ("PATCH", f"/users/{ada}", {"role": "user"}),
    ):
        answer = await admin.call(method, path, body)
        assert code_of(answer) == (409, "conflict")
        assert "last active administrator" in answer.json()["error"]["message"]
    assert (await admin.call("PATCH", f"/users/{ada}", {"role": "admin"})).status_code == 200
    assert (await admin.call("PATCH", f"/users/{grace.id}", {"role": "admin"})).json()["role"] == "admin"
    assert (await admin.call("PATCH", f"/users/{ada}", {"role": "user"})).json()["role"] == "user"
    # From then on.
    assert code_of(await admin.get("/users")) == (403, "permission_denied")


async def test_two_who_disable_each_other_do_not_both_succeed(house: House) -> None:
    ada = await house.signed_in("ada", Role.ADMIN)
    grace = await house.signed_in("grace", Role.ADMIN)
    ids = [(await client.get("/auth/me")).json()["id"] for client in (ada, grace)]
    answers = await asyncio.gather(
        ada.post(f"/users/{ids[1]}/disable"), grace.post(f"/users/{ids[0]}/disable")
    )
    # The second is refused, or came too late to be anybody.
    assert sorted(answer.status_code for answer in answers) in ([200, 401], [200, 409])
    async with house.accounts.database.reading() as session:
        assert len(await service.active_administrators(session)) == 1


async def test_what_does_not_fit_is_refused_with_its_reason(house: House) -> None:
    admin = await house.signed_in("ada", Role.ADMIN)
    pending = await house.add("pending", status=UserStatus.PENDING)
    disabled = await house.add("disabled", status=UserStatus.DISABLED)
    assert code_of(await admin.post(f"/users/{pending.id}/enable")) == (409, "conflict")
    assert code_of(await admin.post(f"/users/{disabled.id}/approve")) == (409, "conflict")
    # Whoever registered can be turned away.
    assert (await admin.post(f"/users/{pending.id}/disable")).json()["status"] == "disabled"
    for _ in range(2):
        assert (await admin.post(f"/users/{disabled.id}/enable")).json()["status"] == "active"
        assert (await admin.post(f"/users/{disabled.id}/approve")).json()["status"] == "active"


async def test_there_is_no_such_user(house: House) -> None:
    """The built-in owner is nobody to change, either."""
    admin = await house.signed_in("ada", Role.ADMIN)
    before = await house.rows(User)
    for user_id in [OWNER_ID, NOBODY, "x' OR '1'='1", "..%2F..", "%00", "ses_" + "0" * 32]:
        for method, path, body in (
            ("POST", "/disable", None),
            ("POST", "/enable", None),
            ("POST", "/approve", None),
            ("POST", "/reset-password", None),
            ("PATCH", "", {"role": "user"}),
        ):
            answer = await admin.call(method, f"/users/{user_id}{path}", body)
            assert code_of(answer) in [(404, "not_found"), (404, "route_not_found")], user_id
    assert await house.rows(User) == before


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"role": "root"}, "role"),
        ({"role": None}, "role"),
        ({}, "role"),
        ({"role": "user", "status": "active"}, "status"),
    ],
)
async def test_a_bad_field_is_named(house: House, body: object, param: str) -> None:
    admin = await house.signed_in("ada", Role.ADMIN)
    user = await house.add("grace")
    answer = await admin.call("PATCH", f"/users/{user.id}", body)
    assert (code_of(answer), param_of(answer)) == ((400, "invalid_request"), param)


@pytest.mark.parametrize("hours", [0, 721, 1.5, "1", True])
async def test_how_long_an_invitation_may_hold(house: House, hours: object) -> None:
    admin = await house.signed_in("ada", Role.ADMIN)
    answer = await admin.post("/users/invitations", {"expires_in_hours": hours})
    assert (code_of(answer), param_of(answer)) == ((400, "invalid_request"), "expires_in_hours")
