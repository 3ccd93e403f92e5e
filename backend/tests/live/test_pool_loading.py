"""Models come into memory when they are asked for, and go when they are told to; looking loads nothing."""

import json
import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

import httpx
import pytest
from jsonschema import Draft202012Validator
from pydantic import BaseModel

from mlx_manager.mlx_server.admin.request_schemas import RequestDetail, RequestView, RequestViews
from mlx_manager.mlx_server.admin.schemas import (
    ListedModel,
    MemoryView,
    ModelView,
    ModelViews,
    ReloadedSettings,
    SettingsView,
    SettingViews,
    StateEvent,
    UnusableModelView,
)
from tests.live.conftest import StartServer
from tests.live.inspecting import asked, cancel
from tests.live.pool_server import ALPHA, BETA, GAMMA, Events, Pool, chat_body, text_body
from tests.live.server import DEADLINE_S, is_running, wait_until

Shape = TypeVar("Shape", bound=BaseModel)
LOOKING = (
    "/health",
    "/ready",
    "/health/engine",
    "/v1/models",
    f"/v1/models/{ALPHA}",
    f"/v1/models/{GAMMA}",
    "/admin/models",
    "/admin/memory",
    "/admin/settings",
)


def test_looking_never_loads(pool: Pool) -> None:
    pool.only()
    with Events(pool.server) as events:
        before = pool.server.workers()
        for _ in range(3):
            for path in LOOKING:
                assert pool.server.client.get(path).status_code == 200, path
        assert pool.server.client.get("/v1/models/nothing").status_code == 404
        assert {view["status"] for view in pool.models().values()} == {"unloaded"}
        # A change that somebody made is the next that is told of, so nothing was told of before it.
        pool.do(ALPHA, "pin")
        wait_until(lambda: events.of("state"), "the pin is told of")
        assert events.states(ALPHA) == ["unloaded"]
        assert {body["id"] for body in events.of("state")} == {ALPHA}
        assert pool.server.workers() == before


def test_answers_are_what_the_document_says(pool: Pool, three_models: Path) -> None:
    """Every key that the server sends is in the model that documents it, and every key of that is sent."""
    unusable = three_models / "unusable"
    shutil.copytree(three_models / ALPHA, unusable)
    (unusable / "model.safetensors").unlink()
    index = {"weight_map": {"w": "model-00001-of-00001.safetensors"}}
    (unusable / "model.safetensors.index.json").write_text(json.dumps(index))
    try:
        with Events(pool.server) as events:
            pool.only()
            pool.do(ALPHA, "load")
            pool.answer(ALPHA)
            wait_until(lambda: unusable.name in pool.models(), "the folder is seen")
            listed = check_shape(ModelViews, pool.get("/admin/models"))
            assert {type(view) for view in listed.data} == {ListedModel, UnusableModelView}
            wait_until(lambda: pool.memory()["real"], "real memory has been looked at")
            memory = check_shape(MemoryView, pool.get("/admin/memory"))
            assert memory.real is not None
            assert [model.id for model in memory.models] == [ALPHA]
            [newest, *_] = check_shape(RequestViews, pool.get("/admin/requests")).data
            shown = check_shape(RequestDetail, pool.get(f"/admin/requests/{newest.row_id}"))
            assert shown.cache is not None
            assert shown.cache.prompt_tokens == newest.prompt_tokens == 3
            check_shape(SettingsView, pool.get("/admin/settings"))
            check_shape(SettingsView, pool.change(max_models=4))
            check_shape(SettingViews, pool.get("/admin/settings/all"))
            reloaded = pool.server.client.post("/admin/settings/reload")
            check_shape(ReloadedSettings, reloaded.json())
            for command in ("pin", "unpin", "unload"):
                check_shape(ModelView, pool.do(ALPHA, command))
            kinds = {"state": StateEvent, "model": ModelView, "request": RequestView, "memory": MemoryView}
            for kind, model in kinds.items():
                for body in wait_until(lambda kind=kind: events.of(kind), f"{kind} is told of"):
                    check_shape(model, body)
    finally:
        shutil.rmtree(unusable)
        wait_until(lambda: unusable.name not in pool.models(), "it is gone")


def check_shape(model: type[Shape], body: Any) -> Shape:
    """Read a body by the model that documents it, and see that nothing was left over or made up."""
    read = model.model_validate_json(json.dumps(body), strict=True)
    assert read.model_dump(mode="json") == body
    assert all(field.is_required() for field in model.model_fields.values()) or model is SettingsView
    return read


def test_the_document_names_what_clients_are_made_from(pool: Pool) -> None:
    document = pool.get("/openapi.json")
    operations = [
        (path, operation)
        for path, methods in document["paths"].items()
        for operation in methods.values()
        if path.startswith("/admin")
    ]
    names = [operation["operationId"] for _, operation in operations]
    assert len(names) == len(set(names)) == 14
    for path, operation in operations:
        assert operation["tags"] == ["admin"]
        assert operation["description"]
        assert "422" not in operation["responses"]
        [content] = operation["responses"]["200"]["content"].items()
        kind = "text/event-stream" if path == "/admin/events" else "application/json"
        assert content[0] == kind
        assert content[1]["schema"]
    watch = document["paths"]["/admin/events"]["get"]
    for name in ("StateEvent", "ModelView", "RequestView", "MemoryView"):
        assert name in document["components"]["schemas"]
        assert f"`{name}`" in watch["description"]
    referred = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(document)))
    assert referred <= document["components"]["schemas"].keys()
    assert "$defs" not in json.dumps(document)
    listed = document["paths"]["/v1/models"]["get"]["responses"]["200"]["content"]["application/json"]
    assert {"$ref": "#/components/schemas/ModelList"} in listed["schema"]["anyOf"]
    models = Draft202012Validator(document | {"$ref": "#/components/schemas/ModelList"})
    models.validate(pool.get("/v1/models"))


@pytest.mark.sample(1)
@pytest.mark.parametrize("is_chat", [True, False], ids=["chat", "completion"])
def test_a_request_loads_its_model(pool: Pool, is_chat: bool) -> None:
    pool.only(BETA)
    assert pool.model(ALPHA)["status"] == "unloaded"
    path, body = ("chat/completions", chat_body(ALPHA)) if is_chat else ("completions", text_body(ALPHA))
    response = pool.server.post(f"/v1/{path}", body)
    assert response.status_code == 200, response.text
    assert response.json()["usage"]["completion_tokens"] == 4
    view = pool.model(ALPHA)
    assert (view["status"], view["leases"], view["waiting"]) == ("loaded", 0, 0)
    pids = {worker.pid for worker in pool.server.workers() if is_running(worker)}
    assert set(pool.loaded().values()) <= pids
    assert pool.loaded().keys() == {ALPHA, BETA}
    assert len(set(pool.loaded().values())) == 2
    for part in ("estimated", "footprint", "active"):
        assert view["bytes"][part] > 0, part
    check_memory(pool)


def check_memory(pool: Pool) -> None:
    """The ledger adds up, and knows the models that are loaded."""
    memory = pool.memory()
    assert sum(model["reserved"]["total"] for model in memory["models"]) == memory["reserved"]
    assert memory["reserved"] + memory["free"] == memory["budget"]
    assert {model["id"] for model in memory["models"]} == set(pool.loaded())
    for model in memory["models"]:
        parts = ("weights", "kv", "prefixes")
        assert sum(model["reserved"][part] for part in parts) == model["reserved"]["total"]
        assert model["footprint"] > 0
    real = wait_until(lambda: pool.memory()["real"], "real memory has been looked at")
    assert real["budget_bytes"] == memory["budget"]


def test_a_load_and_its_end_are_told_of(pool: Pool) -> None:
    pool.only(BETA)
    with Events(pool.server) as events:
        with ThreadPoolExecutor(1) as threads:
            loading = threads.submit(pool.do, ALPHA, "load")
            pool.wait_waiting(ALPHA)
            view = pool.wait_status(ALPHA, "loading")
            assert 0 <= view["progress"] <= 1
            assert view["pid"] is None
            assert loading.result(DEADLINE_S)["status"] == "loaded"
        stream = pool.flowing(ALPHA, chat=True)
        pid = pool.pid(ALPHA)
        wait_until(lambda: writing(events), "the stream's speed is told of")
        wait_until(
            lambda: any(body["id"] == ALPHA and body["leases"] == 1 for body in events.of("model")),
            "the lease is told of",
        )
        with ThreadPoolExecutor(1) as threads:
            unloading = threads.submit(pool.do, ALPHA, "unload")
            assert pool.wait_status(ALPHA, "draining")["leases"] == 1
            stream.wait_flowing(stream.num_lines + 20)  # it goes on
            assert not unloading.done()
            stream.leave()
            assert unloading.result(DEADLINE_S)["status"] == "unloaded"
        pool.wait_gone(pid)
        events.wait_states(ALPHA, ["loading", "loaded", "draining", "unloaded"])
        steps = [body["progress"] for body in events.of("state") if body["status"] == "loading"]
        assert steps == sorted(steps)
        assert any(0 < step <= 1 for step in steps)
        assert (ALPHA, pid) in events.loads()
        wait_until(
            lambda: any(body["phase"] == "cancelled" for body in events.of("request")), "its end is told of"
        )
        assert {body["status"] for body in events.of("model") if body["id"] == BETA} == {"loaded"}
        assert events.of("memory")[-1]["budget"] == pool.memory()["budget"]


def writing(events: Events) -> bool:
    """Whether a request is said to write so and so many tokens a second."""
    return any(
        body["phase"] == "writing" and body["model"] == ALPHA and (body["tokens_per_second"] or 0) > 0
        for body in events.of("request")
    )


def test_reading_a_long_prompt_is_told_of(pool: Pool) -> None:
    pool.only(ALPHA)
    with Events(pool.server) as events:
        pool.answer(ALPHA, prompt="w5 " * 5_000, max_tokens=1, cache_salt="read")

        def read() -> list[int]:
            mine = [body for body in events.of("request") if body["prompt_tokens"] == 5_000]
            return [body["read_tokens"] for body in mine]

        # The last token is read with the first one that is drawn.
        wait_until(lambda: read() and read()[-1] >= 4_999, "the whole prompt is read")
        assert any(0 < count < 4_999 for count in read())
        assert read() == sorted(read())


@pytest.mark.parametrize("streaming", [False, True], ids=["whole", "stream"])
def test_a_request_that_waits_for_a_model_can_be_cancelled(pool: Pool, streaming: bool) -> None:
    pool.only(ALPHA)
    pool.change(max_models=1)
    holder = pool.flowing(ALPHA)
    path, body = "/v1/chat/completions", chat_body(BETA)
    if not streaming:
        path, body = "/v1/responses", {"model": BETA, "input": "w1", "store": False}
    late = asked(pool.server, path, body, f"waits-{streaming}", stream=streaming)
    pool.wait_waiting(BETA)
    assert late.wait_phase("waiting")["cache_unknown"] == "its model's engine has not begun with it"
    assert late.cancel()["status"] == 409
    late.check_error(409)
    assert late.view()["cache_unknown"] == "it ended before its model's engine began with it"
    pool.wait_waiting(BETA, 0)
    assert cancel(pool.server, late.request_id).status_code == 409
    holder.wait_flowing(holder.num_lines + 20)
    assert pool.loaded().keys() == {ALPHA}
    assert pool.ask(ALPHA).status_code == 200


@pytest.mark.full
def test_requests_wait_for_a_model_that_drains(pool: Pool) -> None:
    pool.only(ALPHA)
    stream = pool.flowing(ALPHA)
    before = pool.pid(ALPHA)
    with ThreadPoolExecutor(2) as threads:
        unloading = threads.submit(pool.command, ALPHA, "unload")
        pool.wait_status(ALPHA, "draining")
        late = threads.submit(pool.ask, ALPHA)
        pool.wait_waiting(ALPHA)
        stream.leave()
        assert unloading.result(DEADLINE_S).status_code == 200
        assert late.result(DEADLINE_S).status_code == 200
    assert pool.pid(ALPHA) != before


def test_force_ends_what_runs(pool: Pool) -> None:
    pool.only(ALPHA, BETA)
    stream, other = pool.flowing(ALPHA, chat=True), pool.flowing(BETA)
    pid = pool.pid(ALPHA)
    assert pool.do(ALPHA, "unload", force=True)["status"] == "unloaded"
    ended = stream.wait()
    assert ended.error is not None
    assert ended.error["code"] in ("worker_died", "model_unloaded")
    assert not ended.done
    pool.wait_gone(pid)
    other.wait_flowing(other.num_lines + 20)
    # It is not taken for a death: nothing is to be forgotten, and the next request loads.
    assert pool.model(ALPHA)["reason"] is None
    assert pool.ask(ALPHA).status_code == 200


def test_a_load_can_be_stopped(pool: Pool) -> None:
    pool.only()
    with ThreadPoolExecutor(2) as threads:
        loading = threads.submit(pool.command, ALPHA, "load")
        asked = threads.submit(pool.ask, ALPHA)
        pool.wait_waiting(ALPHA, 2)
        pool.wait_status(ALPHA, "loading")
        assert pool.do(ALPHA, "unload", force=True)["status"] == "unloaded"
        for waiter in (loading, asked):
            assert waiter.result(DEADLINE_S).status_code == 503
    view = pool.model(ALPHA)
    assert (view["status"], view["reason"]) == ("unloaded", None)
    wait_until(lambda: not pool.server.workers(), "its worker ends")
    assert pool.memory()["reserved"] == 0


def test_a_pin_is_seen_and_ends(pool: Pool) -> None:
    assert pool.do(GAMMA, "pin")["pinned"] is True
    assert pool.model(GAMMA)["pinned"] is True
    assert pool.get("/admin/settings")["pinned"] == [GAMMA]
    assert pool.do(GAMMA, "pin")["pinned"] is True
    assert pool.get("/admin/settings")["pinned"] == [GAMMA]
    assert pool.do(GAMMA, "unpin")["pinned"] is False
    assert pool.get("/admin/settings")["pinned"] == []


def test_ids_with_a_slash(pool: Pool) -> None:
    pool.only()
    for spelt in (GAMMA, quote(GAMMA, safe="")):
        assert pool.get(f"/v1/models/{spelt}")["id"] == GAMMA
        assert pool.do(spelt, "pin")["id"] == GAMMA
        assert pool.do(spelt, "unpin")["id"] == GAMMA
    encoded = quote(GAMMA, safe="")
    assert pool.do(encoded, "load")["status"] == "loaded"
    assert pool.get(f"/v1/models/{encoded}")["status"] == "loaded"
    assert pool.do(GAMMA, "unload")["status"] == "unloaded"
    assert pool.do(encoded, "unload")["status"] == "unloaded"  # once more, which changes nothing


@pytest.mark.parametrize("command", ["load", "unload", "pin", "unpin"])
def test_a_foreign_page_commands_nothing(pool: Pool, command: str) -> None:
    headers = {"Origin": "https://example.com", "Content-Type": "text/plain"}
    status, _, body = pool.server.raw("POST", f"/admin/models/{ALPHA}/{command}", headers, b"")
    assert status == 403, body
    assert b"origin_not_allowed" in body


@pytest.mark.parametrize("command", ["load", "unload", "pin", "unpin"])
def test_commands_for_no_model(pool: Pool, command: str) -> None:
    for name in ("nothing", "org/nothing", "org%2Fnothing"):
        response = pool.command(name, command)
        assert response.status_code == 404
        assert response.json()["error"]["code"] == "model_not_found"


def test_every_model_is_described(pool: Pool) -> None:
    listed = {model["id"]: model for model in pool.get("/v1/models")["data"]}
    assert list(listed) == ["demo", ALPHA, BETA, GAMMA]
    for model in listed.values():
        assert (model["object"], model["owned_by"], model["family"]) == ("model", "local", "llama")
        assert model["size_bytes"] > 0
        assert model["resident_bytes"] > 0
        assert model["parameters"] > 0
        assert model["has_chat_template"] is True
        assert "chat" in model["capabilities"]
    assert listed["demo"]["context_length"] == 4096
    assert listed["demo"]["license"]
    assert listed[GAMMA]["context_length"] == 1_000_000
    for view in pool.models().values():
        assert Path(view["path"]).is_dir()
        assert view["duplicates"] == []


@pytest.mark.full
def test_preload_takes_what_fits(start_server: StartServer, three_models: Path, pool_server: Pool) -> None:
    """Three are to be loaded and two fit: the third is reported, and nothing goes for it."""
    server = start_server(
        {
            "MLX_SERVER_MODEL_DIRS": json.dumps([str(three_models)]),
            "MLX_SERVER_MAX_MEMORY_GB": str(pool_server.room_gb(2)),
            "MLX_SERVER_PRELOAD": json.dumps([ALPHA, GAMMA, BETA]),
        },
        wait_ready=False,
    )
    wait_until(lambda: server.ready()[1]["status"] != "loading", "the preload ends")
    status, body = server.ready()
    assert (status, body["status"]) == (503, "failed")
    assert sorted(body["models"]) == sorted([ALPHA, GAMMA])
    assert BETA in body["error"]
    assert "MB" in body["error"]
    own = Pool(server)
    assert sorted(own.loaded()) == sorted([ALPHA, GAMMA])


@pytest.mark.full
def test_a_load_that_its_client_leaves_goes_on_for_others(pool: Pool) -> None:
    pool.only()
    with Events(pool.server) as events, ThreadPoolExecutor(1) as threads:
        leaver = pool.stream(ALPHA)
        pool.wait_waiting(ALPHA)
        stays = threads.submit(pool.ask, ALPHA)
        pool.wait_waiting(ALPHA, 2)
        leaver.leave()
        answer: httpx.Response = stays.result(DEADLINE_S)
        assert answer.status_code == 200
        events.wait_states(ALPHA, ["loading", "loaded"])
    assert len(events.loads()) == 1
