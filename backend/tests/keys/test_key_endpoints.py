"""API keys: shown once, stored as digests, limited, revoked."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mlx_manager.core.security.api_keys import PREFIX, digest_of
from mlx_manager.core.security.principal import Role
from mlx_manager.db.tables import ApiKey, AuthState, UserStatus
from mlx_manager.db.tables.users import OWNER_ID
from tests.accounts import House, code_of, param_of

NO_KEY = "key_" + "0" * 32
BAD_FIELDS: list[tuple[str, object]] = [
    ("name", ""),
    ("name", "x" * 65),
    ("name", " x"),
    ("name", "a\nb"),
    ("name", "\x1b[31m"),
    ("name", "a\u202eb"),
    ("name", 5),
    ("scopes", []),
    ("scopes", ["root"]),
    ("scopes", "admin"),
    ("models", []),
    ("models", [""]),
    ("models", ["x" * 257]),
    ("models", ["a\x00"]),
    ("models", ["m"] * 257),
    ("requests_per_minute", 0),
    ("requests_per_minute", -1),
    ("requests_per_minute", 2**31),
    ("requests_per_minute", "5"),
    ("tokens_per_day", 0),
    ("tokens_per_day", 1.5),
    ("tokens_per_day", float("nan")),
    ("capture_days", 0),
    ("capture_days", 3651),
    ("expires_in_days", 0),
    ("expires_in_days", 10**9),
    ("expires_at", "2000-01-01T00:00:00Z"),
    ("expires_at", "2999-01-01T00:00:00"),
    ("expires_at", "soon"),
    ("unknown", 1),
]


async def test_a_key_is_shown_once(house: House) -> None:
    client = await house.signed_in("ada", Role.ADMIN)
    made = await client.post("/keys", {"name": "agent"})
    assert made.status_code == 201
    key = made.json()["key"]
    assert key.startswith(PREFIX)
    assert made.json()["scopes"] == ["inference"]
    (listed,) = (await client.get("/keys")).json()["data"]
    assert listed == {name: value for name, value in made.json().items() if name != "key"}
    assert listed["hint"].startswith(PREFIX)
    assert len(listed["hint"]) < 16
    (row,) = await house.rows(ApiKey)
    assert row.digest == digest_of(key)
    assert key not in repr(row)


@pytest.mark.parametrize("header", ["authorization", "x-api-key"])
async def test_it_says_whose_it_is(house: House, header: str) -> None:
    client = await house.signed_in("ada", Role.ADMIN)
    made = (await client.post("/keys", {"name": "agent", "scopes": ["admin", "inference", "admin"]})).json()
    assert made["scopes"] == ["admin", "inference"]
    sent = f"Bearer {made['key']}" if header == "authorization" else made["key"]
    me = (await house.client().call("GET", "/auth/me", headers={header: sent})).json()
    assert (me["name"], me["key_id"], me["scopes"]) == ("ada", made["id"], ["admin", "inference"])


async def test_without_users_it_is_the_owners(house: House) -> None:
    made = (await house.client().post("/keys", {"name": "agent"})).json()
    assert (made["user_id"], made["user_name"]) == (OWNER_ID, "owner")
    # Whoever administers later can see and revoke it.
    admin = await house.signed_in("ada", Role.ADMIN)
    assert (await admin.get("/keys")).json()["data"] == []
    assert [key["id"] for key in (await admin.get("/keys?all=true")).json()["data"]] == [made["id"]]
    assert (await admin.call("DELETE", f"/keys/{made['id']}")).status_code == 204


async def test_every_limit(house: House) -> None:
    client = await house.signed_in("ada", Role.ADMIN)
    expires_at = (house.clock.now + timedelta(days=3)).astimezone(UTC).replace(microsecond=0)
    limits = {
        "models": ["demo", "org/model"],
        "requests_per_minute": 60,
        "tokens_per_day": 1_000_000,
        "capture_days": 7,
    }
    body = {"name": "agent", **limits, "expires_at": expires_at.isoformat()}
    made = (await client.post("/keys", body)).json()
    assert made == made | limits
    assert made["expires_at"] == expires_at.isoformat().replace("+00:00", "Z")
    in_days = (await client.post("/keys", {"name": "other", "expires_in_days": 1})).json()
    assert datetime.fromisoformat(in_days["expires_at"]) == house.clock.now + timedelta(days=1)


async def test_change(house: House) -> None:
    client = await house.signed_in("ada", Role.ADMIN)
    made = (
        await client.post("/keys", {"name": "agent", "requests_per_minute": 5, "models": ["demo"]})
    ).json()
    path = f"/keys/{made['id']}"
    before = (await house.rows(AuthState))[0].revision
    changed = (await client.call("PATCH", path, {"tokens_per_day": 10, "models": None})).json()
    assert (changed["tokens_per_day"], changed["models"], changed["requests_per_minute"]) == (10, None, 5)
    assert (await house.rows(AuthState))[0].revision > before
    assert (await client.call("PATCH", path, {"capture_days": 2})).json()["capture_days"] == 2
    assert (await client.call("PATCH", path, {"capture_days": None})).json()["capture_days"] is None
    for body in ({"name": "x"}, {"scopes": ["admin"]}, {"key": "x"}, {"user_id": "x"}):
        answer = await client.call("PATCH", path, body)
        assert (code_of(answer), param_of(answer)) == ((400, "invalid_request"), next(iter(body)))


async def test_revoke(house: House) -> None:
    client = await house.signed_in("ada", Role.ADMIN)
    made = (await client.post("/keys", {"name": "agent"})).json()
    assert (await client.call("DELETE", f"/keys/{made['id']}")).status_code == 204
    sent = {"x-api-key": made["key"]}
    assert (await house.client().call("GET", "/auth/me", headers=sent)).status_code == 401
    assert (await client.get("/keys")).json()["data"] == []
    for method, body in (("DELETE", None), ("PATCH", {"capture_days": 1})):
        gone = await client.call(method, f"/keys/{made['id']}", body)
        assert code_of(gone) == (404, "not_found")
    # Its name is free again.
    assert (await client.post("/keys", {"name": "agent"})).status_code == 201


async def test_names_are_a_users_own(house: House) -> None:
    ada = await house.signed_in("ada", Role.ADMIN)
    grace = await house.signed_in("grace")
    assert (await ada.post("/keys", {"name": "agent"})).status_code == 201
    again = await ada.post("/keys", {"name": "agent"})
    assert (code_of(again), param_of(again)) == ((409, "already_exists"), "name")
    assert (await grace.post("/keys", {"name": "agent"})).status_code == 201


async def test_the_keys_of_others_are_not_there(house: House) -> None:
    ada = await house.signed_in("ada", Role.ADMIN)
    grace = await house.signed_in("grace")
    hers = (await ada.post("/keys", {"name": "agent"})).json()["id"]
    for key_id in (hers, NO_KEY, "x' OR '1'='1", "%00"):
        assert code_of(await grace.call("DELETE", f"/keys/{key_id}")) == (404, "not_found")
        answer = await grace.call("PATCH", f"/keys/{key_id}", {"capture_days": 1})
        assert code_of(answer) == (404, "not_found")
    assert (await grace.get("/keys")).json()["data"] == []
    refused = await grace.get("/keys?all=true")
    assert (code_of(refused), param_of(refused)) == ((403, "permission_denied"), "all")
    everybodys = (await ada.get("/keys?all=true")).json()["data"]
    assert [(key["id"], key["user_name"]) for key in everybodys] == [(hers, "ada")]


async def test_only_administrators_make_keys_for_administration(house: House) -> None:
    grace = await house.signed_in("grace")
    refused = await grace.post("/keys", {"name": "agent", "scopes": ["inference", "admin"]})
    assert (code_of(refused), param_of(refused)) == ((403, "permission_denied"), "scopes")
    assert await house.rows(ApiKey) == []


async def test_a_key_for_inference_manages_nothing(house: House) -> None:
    """It could else make itself another without limits."""
    client = await house.signed_in("ada", Role.ADMIN)
    made = (await client.post("/keys", {"name": "agent", "requests_per_minute": 1})).json()
    sent = {"x-api-key": made["key"]}
    for method, path, body in (
        ("GET", "/keys", None),
        ("POST", "/keys", {"name": "more"}),
        ("PATCH", f"/keys/{made['id']}", {"requests_per_minute": None}),
        ("DELETE", f"/keys/{made['id']}", None),
        ("GET", "/auth/sessions", None),
    ):
        answer = await house.client().call(method, path, body, headers=sent)
        assert code_of(answer) == (403, "permission_denied")
    assert (await house.client().call("GET", "/auth/me", headers=sent)).status_code == 200


async def test_any_printable_name_is_only_a_name(house: House) -> None:
    client = await house.signed_in("ada", Role.ADMIN)
    for name in ["it's", 'a "b"', "Robert'); DROP TABLE api_keys;--", "<script>", "ключ", "a  b"]:
        made = (await client.post("/keys", {"name": name})).json()
        assert [key["name"] for key in (await client.get("/keys")).json()["data"]] == [name]
        assert (await client.call("DELETE", f"/keys/{made['id']}")).status_code == 204
    assert len(await house.rows(ApiKey)) == 6


async def test_a_key_that_is_none_changes_nothing(house: House) -> None:
    client = await house.signed_in("ada", Role.ADMIN)
    await client.post("/keys", {"name": "agent"})
    before = await house.rows(ApiKey)
    for sent in [
        "' OR '1'='1",
        "sk-mlx-'; DROP TABLE api_keys;--",
        'sk-mlx-"',
        "sk-mlx-",
        "sk-mlx-%00",
        "é".encode(),
    ]:
        request: Any = {"x-api-key": sent}
        answer = await house.client().call("GET", "/keys", headers=request)
        assert code_of(answer) == (401, "invalid_api_key"), sent
    assert await house.rows(ApiKey) == before


async def test_a_bad_field_is_named(house: House) -> None:
    client = house.client()
    for field, value in BAD_FIELDS:
        answer = await client.post("/keys", {"name": "agent", field: value})
        assert code_of(answer) == (400, "invalid_request"), (field, value)
        assert (param_of(answer) or "").split(".")[0] == field, (field, value)
    assert await house.rows(ApiKey) == []


async def test_one_expiry_is_enough(house: House) -> None:
    body = {"name": "agent", "expires_at": "2999-01-01T00:00:00Z", "expires_in_days": 1}
    assert code_of(await house.client().post("/keys", body))[0] == 400


async def test_a_disabled_users_keys_come_back(house: House) -> None:
    """They are not revoked: see the users' tests for how at once they stop."""
    admin = await house.signed_in("ada", Role.ADMIN)
    grace = await house.signed_in("grace")
    made = (await grace.post("/keys", {"name": "agent"})).json()
    await admin.post(f"/users/{made['user_id']}/disable")
    (row,) = await house.rows(ApiKey)
    assert row.revoked_at is None
    assert UserStatus.DISABLED in (await admin.get("/users")).text
