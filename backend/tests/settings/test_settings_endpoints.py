"""`/api/v1/settings`: what counts and why, and changing it: all of a change or nothing."""

import asyncio
import json
import logging
from pathlib import Path
from typing import Any

import pytest

from mlx_manager.core.security.principal import Role
from mlx_manager.db.tables import StoredSetting
from mlx_manager.settings.catalogue import SETTINGS
from tests.accounts import code_of, param_of
from tests.settings.conftest import Room

MAX_MODELS = "MLX_SERVER_MAX_MODELS"
IDLE = "MLX_SERVER_IDLE_UNLOAD_S"
RETRIES = "MLX_MANAGER_DOWNLOAD_RETRIES"
PORT = "MLX_MANAGER_PORT"
CERTIFICATE = "MLX_MANAGER_TLS_CERTIFICATE"
KEY = "MLX_MANAGER_TLS_KEY"


def word(view: dict[str, Any]) -> tuple[Any, str, bool, Any, bool]:
    return view["value"], view["source"], view["is_stored"], view["stored"], view["needs_restart"]


async def test_every_setting_is_listed_with_what_counts(room: Room) -> None:
    views = await room.all()
    assert views.keys() == SETTINGS.keys()
    view = views[MAX_MODELS]
    assert word(view) == (4, "default", False, None, False)
    assert (view["program"], view["default"], view["is_live"], view["is_storable"]) == (
        "server",
        4,
        True,
        True,
    )
    assert view["description"] == "Most models in memory at once."
    assert view["value_schema"]["minimum"] == 1
    assert all(view["description"] for view in views.values())
    assert "$defs" in views["MLX_SERVER_MODEL_OPTIONS"]["value_schema"]


async def test_a_change_is_stored_and_shown(room: Room) -> None:
    views = await room.change({MAX_MODELS: 2, RETRIES: 3, "MLX_SERVER_MODEL_DIRS": ["/a", "/b"]})
    assert word(views[MAX_MODELS]) == (2, "database", True, 2, False)
    assert word(views[RETRIES]) == (3, "database", True, 3, False)
    assert room.manager.download_retries == 3
    assert views == await room.all()
    assert await room.stored() == {MAX_MODELS: 2, RETRIES: 3, "MLX_SERVER_MODEL_DIRS": ["/a", "/b"]}
    assert {row.updated_by for row in await room.house.rows(StoredSetting)} != {None}
    views = await room.change({MAX_MODELS: 5}, [RETRIES])
    assert word(views[MAX_MODELS]) == (5, "database", True, 5, False)
    assert word(views[RETRIES]) == (8, "default", False, None, False)
    assert room.manager.download_retries == 8
    await room.restart()
    assert views == await room.all()


async def test_null_is_a_value(room: Room) -> None:
    assert word((await room.change({IDLE: 5}))[IDLE]) == (5.0, "database", True, 5.0, False)
    assert word((await room.change({IDLE: None}))[IDLE]) == (None, "database", True, None, False)
    assert word((await room.change(reset=[IDLE]))[IDLE]) == (None, "default", False, None, False)
    # What is not stored may be reset all the same.
    assert word((await room.change(reset=[IDLE, IDLE]))[IDLE]) == (None, "default", False, None, False)


async def test_the_environment_wins_and_the_view_says_so(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(MAX_MODELS, "7")
    monkeypatch.setenv(PORT, "7777")
    await room.restart()
    views = await room.change({MAX_MODELS: 2, PORT: 8888})
    assert word(views[MAX_MODELS]) == (7, "environment", True, 2, False)
    assert word(views[PORT]) == (7777, "environment", True, 8888, False)
    monkeypatch.delenv(MAX_MODELS)
    await room.restart()
    assert word((await room.all())[MAX_MODELS]) == (2, "database", True, 2, False)


async def test_what_is_not_live_waits_for_a_start(room: Room) -> None:
    views = await room.change({PORT: 8888})
    assert word(views[PORT]) == (8080, "default", True, 8888, True)
    assert not views[PORT]["is_live"]
    assert not (await room.change({PORT: 8080}))[PORT]["needs_restart"]
    await room.change({PORT: 8888})
    await room.restart()
    views = await room.all()
    assert word(views[PORT]) == (8888, "database", True, 8888, False)
    views = await room.change(reset=[PORT])
    assert word(views[PORT]) == (8888, "database", False, None, True)
    await room.restart()
    assert word((await room.all())[PORT]) == (8080, "default", False, None, False)


async def test_what_is_stored_and_at_fault_is_told_once(room: Room, caplog: pytest.LogCaptureFixture) -> None:
    async with room.house.accounts.database.session() as session:
        session.add(StoredSetting(name=MAX_MODELS, value="many"))
        session.add(StoredSetting(name=PORT, value=-1))
        session.add(StoredSetting(name="MLX_SERVER_OF_LATER", value=1))
    with caplog.at_level(logging.WARNING):
        await room.restart()
        views = await room.change({RETRIES: 3})
    lines = [record.getMessage() for record in caplog.records]
    assert [line.partition(" ")[0] for line in lines] == [MAX_MODELS]
    # Its default counts now and after the next start, so there is nothing to wait for.
    assert word(views[MAX_MODELS]) == (4, "default", True, "many", False)
    assert word(views[PORT]) == (8080, "default", True, -1, False)
    assert (await room.change({MAX_MODELS: 3}))[MAX_MODELS]["value"] == 3


REFUSED: list[tuple[Any, Any, str]] = [
    ({"MLX_SERVER_NOTHING": 1}, None, "MLX_SERVER_NOTHING"),
    ({"max_models": 1}, None, "max_models"),
    ({"": 1}, None, ""),
    (None, ["MLX_SERVER_NOTHING"], "MLX_SERVER_NOTHING"),
    ({MAX_MODELS: 0}, None, MAX_MODELS),
    ({MAX_MODELS: "many"}, None, MAX_MODELS),
    ({MAX_MODELS: None}, None, MAX_MODELS),
    ({MAX_MODELS: 10**30}, None, MAX_MODELS),
    ({MAX_MODELS: [1]}, None, MAX_MODELS),
    ({IDLE: -1}, None, IDLE),
    ({"MLX_SERVER_MODEL_OPTIONS": {"demo": {"kv_bits": 3}}}, None, "MLX_SERVER_MODEL_OPTIONS.demo.kv_bits"),
    ({"MLX_SERVER_MODEL_OPTIONS": {"demo": {"idle_unload_s": 1, "x": 1}}}, None, "MLX_SERVER_MODEL_OPTIONS."),
    ({"MLX_SERVER_ALIASES": {"a": 1}}, None, "MLX_SERVER_ALIASES.a"),
    ({"MLX_SERVER_LOG_LEVEL": "LOUD"}, None, "MLX_SERVER_LOG_LEVEL"),
    ({"MLX_MANAGER_HUB_ENDPOINT": "file:///etc"}, None, "MLX_MANAGER_HUB_ENDPOINT"),
    ({"MLX_MANAGER_ALLOWED_ORIGINS": ["*"]}, None, "MLX_MANAGER_ALLOWED_ORIGINS"),
    ({CERTIFICATE: "/nowhere.pem"}, None, CERTIFICATE),
    ({KEY: __file__}, None, KEY),
    ({"MLX_MANAGER_ROOT_PATH": "/a b"}, None, "MLX_MANAGER_ROOT_PATH"),
    # The program would not start with both.
    ({"MLX_MANAGER_HOST": "0.0.0.0", "MLX_MANAGER_REQUIRE_AUTH": False}, None, "MLX_MANAGER_HOST"),
    # All of it or nothing, whichever comes first and whosever it is.
    ({RETRIES: 3, MAX_MODELS: 0}, None, MAX_MODELS),
    ({MAX_MODELS: 2, RETRIES: -1}, None, RETRIES),
    ({MAX_MODELS: 2}, ["nothing"], "nothing"),
    ({MAX_MODELS: 2}, [MAX_MODELS], f"reset.{MAX_MODELS}"),
    # They are in no database.
    ({"MLX_SERVER_LOGFIRE_TOKEN": "s3cret"}, None, "MLX_SERVER_LOGFIRE_TOKEN"),
    ({"MLX_MANAGER_DATABASE_URL": "postgresql://u:s3cret@h/n"}, None, "MLX_MANAGER_DATABASE_URL"),
    ({"MLX_MANAGER_HOME": "/s3cret"}, None, "MLX_MANAGER_HOME"),
    (None, ["MLX_MANAGER_HOME"], "MLX_MANAGER_HOME"),
]


async def test_what_is_refused_names_the_setting_and_changes_nothing(room: Room) -> None:
    await room.change({"MLX_SERVER_LOAD_WAIT_S": 5, RETRIES: 1})
    before = await room.all(), await room.stored()
    for values, reset, named in REFUSED:
        response = await room.patch(values, reset)
        assert code_of(response) == (400, "invalid_request"), (values, reset, response.text)
        param = param_of(response)
        assert param == named or (named.endswith(".") and str(param).startswith(named)), (values, param)
        assert named in response.json()["error"]["message"] or named.startswith("reset.")
        assert "s3cret" not in response.text
    assert (await room.all(), await room.stored()) == before
    assert room.manager.download_retries == 1


NO_CHANGE = (
    "[]",
    "null",
    '"x"',
    "{",
    '{"set": []}',
    '{"set": {"MLX_SERVER_MAX_MODELS": 2}, "more": 1}',
    '{"reset": "MLX_SERVER_MAX_MODELS"}',
    '{"reset": [1]}',
    '{"set": {"MLX_SERVER_IDLE_UNLOAD_S": Infinity}}',
    '{"set": {"MLX_SERVER_IDLE_UNLOAD_S": NaN}}',
    '{"set": {"MLX_SERVER_MODEL_OPTIONS": {"demo": {"idle_unload_s": Infinity}}}}',
    '{"set": {"MLX_SERVER_IDLE_UNLOAD_S": 1e999}}',
    '{"set": {"MLX_SERVER_ALIASES": {"\\ud800": "demo"}}}',
    '{"set": {"MLX_SERVER_ALIASES": {"a": "\\ud800"}}}',
    '{"set": {"\\ud800": 1}}',
    '{"reset": ["\\ud800"]}',
    '{"set": {"MLX_SERVER_ALIASES": ' + "[" * 60_000 + "}}",
    '{"set": {"MLX_SERVER_MAX_MODELS": ' + "9" * 5000 + "}}",
)


async def test_what_is_no_change(room: Room) -> None:
    for body in NO_CHANGE:
        response = await room.admin.http.patch(
            "/api/v1/settings", content=body, headers={"Content-Type": "application/json"}
        )
        assert response.status_code == 400, (body[:80], response.text)
        assert response.json().keys() == {"error"}
    assert await room.stored() == {}


async def test_what_says_nothing_changes_nothing(room: Room) -> None:
    before = await room.all()
    assert await room.change() == before
    assert await room.change({}, []) == before


async def test_any_text_is_kept_as_it_is(room: Room) -> None:
    aliases = {"größe \u0000 \u2028 '\"--": "demo", "x" * 1000: "demo", "": "demo"}
    views = await room.change({"MLX_SERVER_ALIASES": aliases})
    assert views["MLX_SERVER_ALIASES"]["value"] == aliases
    assert await room.stored() == {"MLX_SERVER_ALIASES": aliases}


async def test_secrets_are_never_shown(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLX_SERVER_LOGFIRE_TOKEN", "s3cret")
    monkeypatch.setenv("MLX_MANAGER_DATABASE_URL", "postgresql://u:s3cret@h/n")
    await room.restart()
    response = await room.admin.get("/settings")
    assert response.status_code == 200
    assert "s3cret" not in response.text
    views = await room.all()
    for name in ("MLX_SERVER_LOGFIRE_TOKEN", "MLX_MANAGER_DATABASE_URL"):
        assert word(views[name]) == (None, "environment", False, None, False)
        assert not views[name]["is_storable"]


async def test_for_administrators_only(room: Room) -> None:
    key = (await room.admin.post("/keys", {"name": "agent"})).json()["key"]
    user = await room.house.signed_in("grace", Role.USER)
    for method, body in (("GET", None), ("PATCH", {"set": {MAX_MODELS: 2}})):
        assert code_of(await user.call(method, "/settings", body)) == (403, "permission_denied")
        by_key = await room.house.client().call(method, "/settings", body, headers={"x-api-key": key})
        assert code_of(by_key) == (403, "permission_denied")
        stranger = await room.house.client().call(method, "/settings", body)
        assert code_of(stranger) == (401, "authentication_required")
    assert await room.stored() == {}


async def test_what_belongs_together_may_be_stored_one_after_the_other(room: Room, tmp_path: Path) -> None:
    """Neither counts before the next start, so each is looked at beside what is stored."""
    certificate, key = tmp_path / "a.pem", tmp_path / "b.pem"
    certificate.touch()
    key.touch()
    await room.change({CERTIFICATE: str(certificate)})
    views = await room.change({KEY: str(key)})
    assert word(views[KEY]) == (None, "default", True, str(key), True)
    # The key would be left without its certificate.
    for change in ({"reset": [CERTIFICATE]}, {"set": {CERTIFICATE: None}}):
        refused = await room.patch(**change)
        assert (code_of(refused), param_of(refused)) == ((400, "invalid_request"), CERTIFICATE)
    await room.restart()
    assert (room.manager.tls_certificate, room.manager.tls_key) == (certificate, key)
    await room.change(reset=[CERTIFICATE, KEY])
    assert await room.stored() == {}


async def test_changes_at_once_are_all_there(room: Room) -> None:
    """What each answers has its own change in it, and in the end the last stored counts."""

    async def one(number: int) -> tuple[int, Any]:
        views = await room.change({RETRIES: number, f"MLX_SERVER_{FIELDS[number]}": number})
        return number, views[f"MLX_SERVER_{FIELDS[number]}"]["value"]

    answers = await asyncio.gather(*(one(number) for number in FIELDS))
    assert all(number == value for number, value in answers)
    stored = await room.stored()
    assert {name: stored[f"MLX_SERVER_{field}"] for name, field in FIELDS.items()} == {n: n for n in FIELDS}
    assert room.manager.download_retries == stored[RETRIES] == (await room.all())[RETRIES]["value"]


FIELDS = {
    1: "MAX_MODELS",
    2: "KV_CONCURRENCY",
    3: "LOAD_WAIT_S",
    4: "DEFAULT_MAX_TOKENS",
    5: "AUDIT_MAX_ROWS",
    6: "AUDIT_DAYS",
}


async def test_values_may_be_written_as_in_the_environment(room: Room) -> None:
    views = await room.change({"MLX_MANAGER_ALLOWED_HOSTS": "a.test, b.test", MAX_MODELS: "2"})
    assert views["MLX_MANAGER_ALLOWED_HOSTS"]["stored"] == ["a.test", "b.test"]
    assert views[MAX_MODELS]["stored"] == 2
    views = await room.change({"MLX_MANAGER_LOG_LEVEL": "info"})
    assert json.dumps(views["MLX_MANAGER_LOG_LEVEL"]["stored"]) == '"INFO"'
