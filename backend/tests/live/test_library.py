"""The library beside a running server: what is loaded, what is deleted while it is used, what is damaged."""

import hashlib
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from mlx_manager.mlx_server.config import GB
from tests.live.manager import Manager
from tests.live.pool_server import Pool, write_tiny
from tests.live.server import Server, wait_until

LIBRARY = "/api/v1/library/models"
# The first tests share it, in their order: loading it once takes seconds.
TINY = "owner/tiny"


class House:
    """A server and a manager of one home, with one folder of models."""

    def __init__(self, models: Path, server: Server, manager: Manager) -> None:
        self.models = models
        self.pool = Pool(server)
        self.manager = manager

    def add(self, name: str) -> Path:
        """A tiny model that can be loaded."""
        return write_tiny(self.models / name)

    def model(self, name: str, query: str = "") -> dict[str, Any]:
        """What the library says of a model."""
        answer = self.manager.client.get(f"{LIBRARY}/{name}{query}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def delete(self, name: str, query: str = "") -> httpx.Response:
        """Ask for it."""
        return self.manager.client.delete(f"{LIBRARY}/{name}{query}")

    def code(self, response: httpx.Response) -> tuple[int, str]:
        """An error's."""
        return response.status_code, response.json()["error"]["code"]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Both programs, and an empty folder of models."""
    folder = tmp_path_factory.mktemp("library")
    models = folder / "models"
    models.mkdir()
    env = {
        "MLX_SERVER_MODEL_DIRS": f'["{models}"]',
        "HF_HUB_CACHE": str(folder / "hub"),
        "MLX_MANAGER_HUB_ENDPOINT": "http://127.0.0.1:9",  # nobody listens there
        "MLX_SERVER_MAX_MEMORY_GB": "3",
        "MLX_SERVER_PREFIX_CACHE_GB": "0.01",
    }
    with Server(folder, env) as server, Manager(folder, server.home, env) as manager:
        made = House(models, server, manager)
        wait_until(lambda: made.model("demo")["status"] == "loaded", "the manager has found the server")
        yield made


def test_a_budget_that_was_changed_counts_at_once(house: House) -> None:
    """What the server refuses does not fit, and what it loads does, if not with everything asked for."""
    house.add(TINY)
    before = house.model(TINY)
    assert (before["status"], before["can_delete"], before["leases"]) == ("unloaded", True, 0)
    memory = before["memory"]
    assert memory["verdict"] == "fits"
    estimated = house.pool.model(TINY)["bytes"]["estimated"]
    assert memory["weights_bytes"] + memory["process_bytes"] == estimated
    try:
        house.pool.change(max_memory_gb=(memory["least_bytes"] - 4096) / GB)
        assert house.model(TINY)["memory"]["verdict"] == "does_not_fit"
        assert house.pool.ask(TINY).status_code == 503
        house.pool.change(max_memory_gb=(memory["least_bytes"] + 2**25) / GB)
        fit = house.model(TINY, "?context_tokens=1000000&concurrency=64")["memory"]
        assert (fit["verdict"], "context" in fit["gives_way"]) == ("tight", True)
        assert house.pool.ask(TINY).status_code == 200
    finally:
        house.pool.change(max_memory_gb=3)


def test_what_is_loaded_is_told_with_the_servers_own_numbers(house: House) -> None:
    house.pool.do(TINY, "load")
    server, tiny = house.pool.model(TINY), house.model(TINY)
    assert (tiny["status"], tiny["can_delete"], tiny["kept_by_code"]) == ("loaded", False, "model_in_use")
    memory, said = tiny["memory"], house.pool.memory()
    assert memory["weights_bytes"] + memory["process_bytes"] == server["bytes"]["estimated"]
    assert memory["other_models_bytes"] == said["reserved"] - server["bytes"]["reserved"]["total"]
    assert tiny["machine"]["budget_bytes"] == memory["budget_bytes"] == said["budget"]
    wait_until(lambda: house.model(TINY)["last_used_at"], "the record has the request")


def test_what_is_in_memory_is_kept_until_it_is_unloaded(house: House) -> None:
    folder = house.models / TINY
    house.pool.do(TINY, "load")
    refused = house.delete(TINY)
    assert house.code(refused) == (409, "model_in_use")
    assert "unload=true" in refused.json()["error"]["message"]
    stream = house.pool.flowing(TINY)
    try:
        # Whoever uses it is not disturbed.
        assert house.code(house.delete(TINY, "?unload=true")) == (409, "model_in_use")
        assert stream.is_running
        assert folder.is_dir()
    finally:
        house.pool.leave_all()
    wait_until(lambda: house.pool.model(TINY)["leases"] == 0, "nobody uses it")
    assert house.delete(TINY, "?unload=true").status_code == 200
    assert not folder.exists()
    assert TINY not in house.pool.models()
    assert house.pool.ask(TINY).status_code == 404


@pytest.mark.full
def test_a_model_is_replaced_by_one_of_the_same_name(house: House) -> None:
    house.add("again")
    first = house.pool.answer("again")
    assert house.delete("again", "?unload=true").status_code == 200
    write_tiny(house.models / "again", seed=5)
    wait_until(lambda: house.pool.ask("again").status_code == 200, "the new one answers")
    assert house.pool.answer("again") != first
    assert house.delete("again", "?unload=true").status_code == 200


@pytest.mark.timeout(900)  # each try starts a worker or two
@pytest.mark.parametrize("num_tries", [2, pytest.param(12, marks=pytest.mark.full)])
def test_a_deletion_and_a_load_that_race(house: House, num_tries: int) -> None:
    """One of them wins, and nothing is left half: the model is whole and answers, or it is gone."""
    original = write_tiny(house.models.parent / f"original-{num_tries}")
    outcomes = []
    for number in range(num_tries):
        name = f"racing-{num_tries}-{number}"
        folder = house.models / name
        shutil.copytree(original, folder)
        start = threading.Barrier(2)
        loads: list[int] = []

        def load(name: str = name, start: threading.Barrier = start, loads: list[int] = loads) -> None:
            with httpx.Client(base_url=house.pool.server.base_url, timeout=60) as client:
                start.wait()
                loads.append(client.post(f"/admin/models/{name}/load").status_code)

        thread = threading.Thread(target=load)
        thread.start()
        start.wait()
        # Later each time, so that each moment of a load is met.
        thread.join(timeout=number * 0.004)
        deleted = house.delete(name)
        thread.join(60)
        (loaded,) = loads
        outcomes.append((deleted.status_code, loaded))
        if deleted.status_code == 200:
            assert not folder.exists()
            assert loaded in (404, 503), "it cannot be in memory"
            assert house.pool.ask(name).status_code == 404
        else:
            assert house.code(deleted) == (409, "model_in_use")
            house.pool.do(name, "load")
            assert house.pool.ask(name).status_code == 200
            assert house.delete(name, "?unload=true").status_code == 200
        assert not [entry for entry in house.models.iterdir() if entry.name.startswith(".")]
    assert len(outcomes) == num_tries


def test_a_flipped_byte_is_found(house: House) -> None:
    """In the cache, where the name of a blob is its hash, without the hub."""
    snapshot = _cache_model(house)
    assert house.model("owner/cached")["source"] == "huggingface"
    assert _verify(house, "owner/cached")["is_intact"] is True
    blob = (snapshot / "model.safetensors").resolve()
    content = bytearray(blob.read_bytes())
    content[-1] ^= 1
    blob.write_bytes(content)
    found = _verify(house, "owner/cached")
    assert (found["is_intact"], found["damaged"]) == (False, ["model.safetensors"])
    assert house.delete("owner/cached").status_code == 200
    assert not snapshot.exists()


@pytest.mark.full
def test_the_library_is_there_without_a_server(tmp_path: Path) -> None:
    write_tiny(tmp_path / "models" / "tiny")
    env = {"MLX_SERVER_MODEL_DIRS": f'["{tmp_path / "models"}"]', "HF_HUB_CACHE": str(tmp_path / "hub")}
    with Manager(tmp_path, tmp_path / "home", env) as manager:
        listed = manager.client.get(LIBRARY).json()
        assert {model["id"]: model["status"] for model in listed["data"]} == {
            "demo": "unknown",
            "tiny": "unknown",
        }
        assert listed["machine"]["held_bytes"] == 0
        assert listed["data"][1]["memory"]["verdict"] in ("fits", "tight")
        assert manager.client.delete(f"{LIBRARY}/tiny").status_code == 200
        assert not (tmp_path / "models" / "tiny").exists()


def _cache_model(house: House) -> Path:
    """A model as Hugging Face's programs cache it."""
    plain = write_tiny(house.models.parent / "plain")
    repo = house.models.parent / "hub" / "models--owner--cached"
    snapshot = repo / "snapshots" / ("a" * 40)
    snapshot.mkdir(parents=True)
    (repo / "blobs").mkdir()
    for file in plain.iterdir():
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        file.rename(repo / "blobs" / digest)
        (snapshot / file.name).symlink_to(Path("..", "..", "blobs", digest))
    return snapshot


def _verify(house: House, name: str) -> dict[str, Any]:
    started = house.manager.client.post(f"{LIBRARY}/{name}/verify")
    assert started.status_code == 202, started.text
    path = f"/api/v1/library/verifications/{started.json()['id']}"

    def ended() -> dict[str, Any] | None:
        found: dict[str, Any] = house.manager.client.get(path).json()
        return found if found["status"] != "running" else None

    found: dict[str, Any] = wait_until(ended, "the verification ends")
    assert found["status"] == "completed", found
    return found
