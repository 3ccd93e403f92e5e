"""Downloads by a real manager, which is killed in the middle: nothing that it has said is lost."""

import json
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from huggingface_hub import snapshot_download

from mlx_manager.mlx_server.pool.catalogue import Catalogue
from tests.hub_stand_in import Fault, HubStandIn, Kind, Repository, demo_repository
from tests.live.manager import Manager
from tests.live.server import DEADLINE_S, wait_until

WEIGHTS = "model.safetensors"
DOWNLOADS = "/api/v1/downloads"
# Read before a download is agreed to, too.
LOOKED_AT = ("config.json", "tokenizer_config.json")


@pytest.fixture
def model() -> Repository:
    return demo_repository(gated="auto", granted_to={"hf_good"})


@pytest.fixture
def hub(model: Repository) -> Iterator[HubStandIn]:
    with HubStandIn([model]) as running:
        yield running


class Machine:
    """A home and a cache, which outlive managers."""

    def __init__(self, folder: Path, hub: HubStandIn) -> None:
        self._folder = folder
        self.cache = folder / "cache"
        self.env = {
            "MLX_MANAGER_HUB_ENDPOINT": hub.url,
            "MLX_MANAGER_DISK_FLOOR_GB": "0",
            "HF_HUB_CACHE": str(self.cache),
            "HF_HOME": str(folder / "huggingface"),
            "HF_TOKEN": "",
            # None of these is to count.
            "HF_ENDPOINT": "http://127.0.0.1:1",
            "HF_HUB_OFFLINE": "1",
        }

    def manager(self) -> Manager:
        """One more manager of this home."""
        return Manager(self._folder, self._folder / "home", self.env)

    @property
    def offered(self) -> list[str]:
        """What a server of this machine would offer."""
        return [model.model_id for model in Catalogue([], hub=self.cache).list()]


@pytest.fixture
def machine(tmp_path: Path, hub: HubStandIn) -> Machine:
    return Machine(tmp_path, hub)


class Told:
    """Everything that a manager says of a download by its events, until it can say no more."""

    def __init__(self, manager: Manager) -> None:
        self.views: list[dict[str, Any]] = []
        self._client = manager.browser()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def end(self) -> None:
        self._thread.join(DEADLINE_S)
        assert not self._thread.is_alive()
        self._client.close()

    def _listen(self) -> None:
        try:
            with self._client.stream("GET", f"{DOWNLOADS}/events") as response:
                for line in response.iter_lines():
                    if line.startswith("data: "):
                        self.views.append(json.loads(line.removeprefix("data: ")))
        except httpx.TransportError:
            pass


def start(manager: Manager, model: Repository) -> str:
    put = manager.client.put("/api/v1/hub/token", json={"token": "hf_good"})
    assert put.status_code == 200, put.text
    asked = manager.client.post(DOWNLOADS, json={"repo_id": model.repo_id})
    assert asked.status_code == 201, asked.text
    return str(asked.json()["id"])


def view(manager: Manager, download_id: str) -> dict[str, Any]:
    body: dict[str, Any] = manager.client.get(f"{DOWNLOADS}/{download_id}").json()
    return body


def until_completed(manager: Manager, download_id: str) -> dict[str, Any]:
    def completed() -> dict[str, Any] | None:
        body = view(manager, download_id)
        assert body["status"] in ("queued", "running", "completed"), body
        return body if body["status"] == "completed" else None

    done: dict[str, Any] = wait_until(completed, "the download completes")
    return done


def workers(manager: Manager) -> list[psutil.Process]:
    return [
        child
        for child in psutil.Process(manager.process.pid).children()
        if "mlx_manager.downloads.worker" in child.cmdline()
    ]


def files_done(body: dict[str, Any]) -> set[str]:
    return {file["path"] for file in body["files"] if file["state"] == "done"}


def slow(hub: HubStandIn) -> Fault:
    return hub.fail(Kind.TRICKLE, f"/large/*{WEIGHTS}", times=None, num_bytes=1_000_000)


def in_the_middle(manager: Manager, download_id: str) -> dict[str, Any]:
    """The view once some files are verified and a good part of the weights is there."""

    def enough() -> dict[str, Any] | None:
        body = view(manager, download_id)
        partial = [file["done_bytes"] for file in body["files"] if file["state"] == "partial"]
        return body if partial and partial[0] > 300_000 and files_done(body) else None

    body: dict[str, Any] = wait_until(enough, "the weights come")
    return body


@pytest.mark.parametrize("kills_worker", [False, pytest.param(True, marks=pytest.mark.full)])
def test_killed_in_the_middle_nothing_that_was_said_is_lost(
    machine: Machine, hub: HubStandIn, model: Repository, kills_worker: bool
) -> None:
    fault = slow(hub)
    with machine.manager() as manager:
        download_id = start(manager, model)
        told = Told(manager)
        seen = in_the_middle(manager, download_id)
        (worker,) = workers(manager)
        assert machine.offered == ["demo"]
        if kills_worker:
            os.kill(worker.pid, signal.SIGKILL)
        manager.process.kill()
        manager.process.wait(DEADLINE_S)
        told.end()
        # Nobody goes on behind its back.
        wait_until(lambda: not worker.is_running() or worker.status() == psutil.STATUS_ZOMBIE, "it ends")
    last = told.views[-1]
    fault.released.set()
    with machine.manager() as manager:
        body = view(manager, download_id)
        assert files_done(seen) <= files_done(body)
        assert body["num_files_done"] >= last["num_files_done"]
        assert body["done_bytes"] >= max(seen["done_bytes"], last["done_bytes"])
        done = until_completed(manager, download_id)
        num_gets = {file["path"]: len(hub.gets(f"/{file['path']}", "hub")) for file in done["files"]}
        library = manager.client.get("/api/v1/library/models").json()["data"]
        page = manager.client.get(f"/api/v1/hub/models/{model.repo_id}").json()
    assert done["done_bytes"] == done["total_bytes"]
    # What was there was not fetched again: each verified file once, the weights from where they were.
    for path in files_done(seen):
        assert num_gets[path] == (2 if path in LOOKED_AT else 1), path
    first, second = hub.gets(WEIGHTS, "files")
    assert first.range is None
    position = int((second.range or "").removeprefix("bytes=").removesuffix("-"))
    assert position >= max(file["done_bytes"] for file in seen["files"] if file["path"] == WEIGHTS)
    assert position + second.num_sent == len(model.contents[WEIGHTS])
    # And it is what it should be, for huggingface_hub, for the server, and on its page.
    folder = Path(snapshot_download(model.repo_id, cache_dir=machine.cache, local_files_only=True))
    for file in done["files"]:
        assert (folder / file["path"]).read_bytes() == model.contents[file["path"]]
    assert machine.offered == ["demo", model.repo_id]
    assert model.repo_id in [each["id"] for each in library]
    assert page["is_installed"] is True
    assert page["memory_fit"]["verdict"] in ("fits", "tight")


@pytest.mark.full
def test_a_stop_in_the_middle_is_taken_up_and_no_token_is_shown(
    machine: Machine, hub: HubStandIn, model: Repository
) -> None:
    fault = slow(hub)
    with machine.manager() as manager:
        download_id = start(manager, model)
        told = Told(manager)
        in_the_middle(manager, download_id)
        (worker,) = workers(manager)
        commands = " ".join(worker.cmdline())
        environment = worker.environ()
        manager.end()  # as somebody listens
        told.end()
        assert manager.process.returncode == 0
        assert not worker.is_running() or worker.status() == psutil.STATUS_ZOMBIE
        logs = manager.log
    fault.released.set()
    with machine.manager() as manager:
        until_completed(manager, download_id)
        logs += manager.log
        said = manager.client.get(DOWNLOADS).text + manager.client.get("/api/v1/hub/token").text
    everything = logs + commands + said + "".join(environment.values()) + json.dumps(told.views)
    everything += "".join(path.read_text(errors="replace") for path in manager.home.glob("logs/*"))
    assert "hf_good" not in everything
    assert {asked.token for asked in hub.asked if asked.host == "files"} == {None}
    database = b"".join(path.read_bytes() for path in manager.home.glob("mlx-manager.db*"))
    assert b"hf_good" not in database
