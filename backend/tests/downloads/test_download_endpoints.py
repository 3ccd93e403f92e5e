"""What may be asked of downloads, by whom, and what is refused at once. The queue does not run here."""

import json
from typing import Any

from mlx_manager.core.security.principal import Role
from mlx_manager.db.tables import Download, DownloadFile, DownloadStatus
from mlx_manager.downloads import service
from tests.accounts import code_of, param_of
from tests.downloads.desk import Desk
from tests.hub_stand_in import HubStandIn, Kind, Repository, small_repository

STATES = list(DownloadStatus)
QUEUED, RUNNING, PAUSED, WAITING, FAILED, COMPLETED, CANCELLED = STATES
PICKLED = {"pytorch_model.bin": b"\x80\x04."}
BAD_REQUESTS: list[tuple[dict[str, Any], str]] = [
    ({}, "repo_id"),
    ({"repo_id": 5}, "repo_id"),
    ({"repo_id": "x" * 300}, "repo_id"),
    ({"repo_id": "noslash"}, "repo_id"),
    ({"repo_id": "../../etc"}, "repo_id"),
    ({"repo_id": "a/b/c"}, "repo_id"),
    ({"repo_id": "a/.."}, "repo_id"),
    ({"repo_id": "a/b\x00"}, "repo_id"),
    ({"repo_id": "a/b?x=1"}, "repo_id"),
    ({"repo_id": "a/b", "revision": "../main"}, "revision"),
    ({"repo_id": "a/b", "revision": ""}, "revision"),
    ({"repo_id": "a/b", "revision": "/x"}, "revision"),
    ({"repo_id": "a/b", "allow_code": "perhaps"}, "allow_code"),
    ({"repo_id": "a/b", "path": "/tmp"}, "path"),
]
# What becomes of a download in each state; anything else is refused.
ACTIONS: dict[str, dict[DownloadStatus, DownloadStatus]] = {
    "pause": {QUEUED: PAUSED, RUNNING: PAUSED, WAITING: PAUSED},
    "resume": {PAUSED: QUEUED},
    "retry": {FAILED: QUEUED, WAITING: QUEUED, CANCELLED: QUEUED},
    "cancel": dict.fromkeys((QUEUED, RUNNING, PAUSED, WAITING, FAILED), CANCELLED),
    "first": {QUEUED: QUEUED, WAITING: WAITING, PAUSED: PAUSED},
}


async def test_what_can_be_done_in_each_state(desk: Desk, model: Repository) -> None:
    download_id = await desk.start(model)
    for state in STATES:
        for action, outcomes in ACTIONS.items():
            async with desk.house.accounts.database.session() as session:
                service.set_status(session, await service.find(session, download_id), state)
            response = await desk.client.post(f"/downloads/{download_id}/{action}")
            if state in outcomes:
                assert response.status_code == 200, (state, action)
                assert response.json()["status"] == outcomes[state]
            else:
                assert code_of(response) == (409, "conflict"), (state, action)
                assert (await desk.row(download_id)).status == state
    for state in STATES:
        async with desk.house.accounts.database.session() as session:
            service.set_status(session, await service.find(session, download_id), state)
        response = await desk.client.call("DELETE", f"/downloads/{download_id}")
        if state in (QUEUED, RUNNING, PAUSED, WAITING):
            assert code_of(response) == (409, "conflict")
            continue
        assert response.status_code == 204
        assert await desk.house.rows(DownloadFile) == []
        download_id = await desk.start(model)


async def test_first_comes_before_all_others(desk: Desk, hub: HubStandIn) -> None:
    ids = [await desk.start(hub.add(small_repository(f"a/M{number}-4bit"))) for number in range(3)]
    for chosen in (ids[2], ids[1], ids[1]):
        await desk.act(chosen, "first")
        listed = (await desk.client.get("/downloads")).json()["data"]
        assert listed[0]["id"] == chosen
    assert [each["id"] for each in listed] == [ids[1], ids[2], ids[0]]


async def test_unsafe_models_are_refused_unless_they_are_allowed(desk: Desk, hub: HubStandIn) -> None:
    hub.add(small_repository("a/Pickled", more=PICKLED, without=("model.safetensors",)))
    hub.add(small_repository("a/Code", more={"modeling_x.py": b"1"}))
    mapped = {"auto_map": {"AutoModel": "x.Model"}, "model_type": "x"}
    hub.add(small_repository("a/Mapped", more={"config.json": json.dumps(mapped).encode()}))
    hub.add(small_repository("a/Tokenizer", more={"tokenizer_config.json": json.dumps(mapped).encode()}))
    hub.add(small_repository("a/Out", more={"../../../evil.json": b"{}"}))
    for repo_id in ("a/Pickled", "a/Code", "a/Mapped", "a/Tokenizer", "a/Out"):
        response = await desk.ask(repo_id)
        assert code_of(response) == (400, "unsafe_model")
        assert repo_id in response.json()["error"]["message"]
    assert code_of(await desk.ask("a/Pickled", allow_code=True)) == (400, "unsafe_model")
    assert code_of(await desk.ask("a/Code", allow_pickle=True)) == (400, "unsafe_model")
    assert code_of(await desk.ask("a/Out", allow_pickle=True, allow_code=True)) == (400, "unsafe_model")
    assert await desk.house.rows(Download) == []
    pickled = (await desk.ask("a/Pickled", allow_pickle=True)).json()
    assert "pytorch_model.bin" in [file["path"] for file in pickled["files"]]
    code = (await desk.ask("a/Code", allow_code=True)).json()
    assert "modeling_x.py" in [file["path"] for file in code["files"]]
    assert (code["allow_code"], code["allow_pickle"]) == (True, False)


async def test_what_is_known_at_once_is_refused_at_once(desk: Desk, hub: HubStandIn) -> None:
    hub.add(small_repository("a/Gated-4bit", gated="auto", granted_to={"hf_good"}))
    hub.add(small_repository("a/GGUF", more={"model.gguf": b"x"}, without=("model.safetensors",)))
    hub.add(small_repository("a/NoHash-4bit", has_hashes=False))
    assert code_of(await desk.ask("nobody/nothing")) == (404, "hub_not_found")
    assert code_of(await desk.ask("a/Gated-4bit", revision="v9")) == (404, "hub_not_found")
    assert code_of(await desk.ask("a/Gated-4bit")) == (403, "hub_access_denied")
    assert code_of(await desk.ask("a/GGUF")) == (400, "invalid_request")
    assert code_of(await desk.ask("a/NoHash-4bit")) == (503, "hub_unavailable")
    desk.environ["HF_TOKEN"] = "hf_good"
    assert (await desk.ask("a/Gated-4bit")).status_code == 201
    hub.fail(Kind.STATUS, "/api/models/*", status=429, headers={"Retry-After": "5"})
    response = await desk.ask("a/Gated-4bit")
    assert code_of(response) == (429, "hub_rate_limited")
    assert response.headers["retry-after"] == "5"


async def test_without_room_nothing_begins(desk: Desk, model: Repository, hub: HubStandIn) -> None:
    desk.settings.disk_floor_gb = 10_000_000.0
    response = await desk.ask(model.repo_id)
    assert code_of(response) == (507, "insufficient_disk")
    assert str(10_000_000 * 2**30) in response.json()["error"]["message"]
    desk.settings.disk_floor_gb = 0
    await desk.start(model)
    desk.settings.disk_floor_gb = 10_000_000.0
    async with desk.opened():
        (row,) = await desk.house.rows(Download)
        failed = await desk.until(row.id, FAILED)
    assert failed["error"]["code"] == "insufficient_disk"
    assert hub.gets("model.safetensors") == []


async def test_bad_requests_name_the_field(desk: Desk) -> None:
    for body, param in BAD_REQUESTS:
        response = await desk.client.post("/downloads", body)
        assert code_of(response) == (400, "invalid_request")
        assert param_of(response) == param
    assert desk.hub.asked == []


async def test_everybody_looks_and_administrators_change(desk: Desk, model: Repository) -> None:
    download_id = await desk.start(model)
    user = await desk.house.signed_in("bob", Role.USER)
    for path in ("/downloads", f"/downloads/{download_id}"):
        assert (await user.get(path)).status_code == 200
        assert code_of(await desk.house.client().get(path))[0] == 401
    refused = [await user.post("/downloads", {"repo_id": model.repo_id})]
    refused += [await user.post(f"/downloads/{download_id}/{action}") for action in ACTIONS]
    refused.append(await user.call("DELETE", f"/downloads/{download_id}"))
    assert {code_of(response) for response in refused} == {(403, "permission_denied")}
    assert (await desk.row(download_id)).status == QUEUED


async def test_what_is_not_there(desk: Desk) -> None:
    for download_id in ("dl_" + "0" * 32, "x", "dl_" + "g" * 32):
        for method, action in [("GET", ""), ("DELETE", ""), *(("POST", f"/{each}") for each in ACTIONS)]:
            response = await desk.client.call(method, f"/downloads/{download_id}{action}")
            assert response.status_code == 404
