"""Settings that are changed in the manager and seen in what it and the server do."""

import json
import re
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.live.accounts import bearer, make_key
from tests.live.manager import Manager
from tests.live.pool_server import ALPHA, BETA, write_tiny
from tests.live.server import BACKEND, Server, wait_until

LONG = " ".join(f"w{number % 7}" for number in range(300))
GAMMA = "org/gamma"


class Both:
    """A manager and a server of one home; nobody has a name yet, so whoever is on this machine may do all."""

    def __init__(self, manager: Manager, server: Server, folder: Path) -> None:
        self.manager = manager
        self.server = server
        self.folder = folder

    def change(self, reset: Any = (), **values: Any) -> dict[str, dict[str, Any]]:
        """Change settings by their names without `MLX_`; returns every view by its whole name."""
        body = {
            "set": {f"MLX_{name}": value for name, value in values.items()},
            "reset": [f"MLX_{name}" for name in reset],
        }
        response = self.manager.client.patch("/api/v1/settings", json=body)
        assert response.status_code == 200, response.text
        views = {view["name"]: view for view in response.json()["data"]}
        assert {views[f"MLX_{name}"]["source"] for name in values} <= {"database"}
        assert not [name for name in values if views[f"MLX_{name}"]["needs_restart"]]
        return views

    def views(self) -> dict[str, dict[str, Any]]:
        return self.change()

    def complete(self, prompt: str = "w1 w2", *, key: str = "", **fields: Any) -> httpx.Response:
        body = {"model": ALPHA, "prompt": prompt, "max_tokens": 2, "temperature": 0} | fields
        sent = {name: value for name, value in body.items() if value is not None}
        return self.server.post("/v1/completions", sent, headers=bearer(key) if key else {})

    def cached(self, salt: str, key: str = "") -> int:
        """Tokens of a long prompt that had been read before."""
        response = self.complete(LONG, key=key, cache_salt=salt)
        assert response.status_code == 200, response.text
        num_tokens: int = response.json()["usage"]["prompt_tokens_details"]["cached_tokens"]
        return num_tokens

    def reload(self) -> None:
        """Unload the model and load it again."""
        for command in ("unload", "load"):
            assert self.server.client.post(f"/admin/models/{ALPHA}/{command}").status_code == 200

    def models(self) -> set[str]:
        return {model["id"] for model in self.server.client.get("/v1/models").json()["data"]}


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    """The server starts after its settings have been stored."""
    folder = tmp_path_factory.mktemp("settings")
    write_tiny(folder / "models" / ALPHA)
    write_tiny(folder / "more" / BETA)
    snapshot = folder / "hub" / "models--org--gamma" / "snapshots" / "abc"
    write_tiny(snapshot)
    refs = snapshot.parents[1] / "refs"
    refs.mkdir()
    (refs / "main").write_text("abc")
    server = Server(
        folder, {"MLX_SERVER_MAX_MODELS": "3", "HF_HUB_CACHE": str(folder / "hub")}, ["--kv-concurrency", "2"]
    )
    with Manager(folder, server.home) as manager:
        before = Both(manager, server, folder)
        before.change(
            SERVER_MODEL_DIRS=[str(folder / "models")],
            SERVER_PRELOAD=[ALPHA],
            SERVER_USE_HF_CACHE=False,
            SERVER_MAX_MODELS=2,
            SERVER_KV_CONCURRENCY=3,
            SERVER_PREFIX_CACHE_PER_TENANT=True,
            SERVER_PREFIX_CACHE_DISK_GB=0,
            SERVER_PREFIX_CACHE_DISK_FLOOR_GB=0,
        )
        with server:
            yield Both(manager, server, folder)
            server.wait_idle()


def test_what_was_stored_counts_in_a_server_that_starts_afterwards(both: Both) -> None:
    assert both.models() == {"demo", ALPHA}
    listed = both.server.client.get("/admin/models").json()["data"]
    assert [model["id"] for model in listed if model["pid"]] == [ALPHA]
    views = both.views()
    for name in ("MODEL_DIRS", "PRELOAD", "PREFIX_CACHE_PER_TENANT"):
        view = views[f"MLX_SERVER_{name}"]
        assert (view["source"], view["needs_restart"]) == ("database", False), name
        assert view["value"] == view["stored"] != view["default"]
    view = views["MLX_SERVER_MAX_MODELS"]
    assert (view["value"], view["source"], view["stored"]) == (3, "environment", 2)
    view = views["MLX_SERVER_KV_CONCURRENCY"]
    assert (view["value"], view["source"], view["stored"]) == (2, "flag", 3)
    assert both.server.client.get("/admin/memory").json()["max_models"] == 3


def test_prefix_cache_per_tenant(both: Both) -> None:
    """Two keys share nothing, and each finds its own again."""
    ada, grace = (str(make_key(both.server.home, uuid.uuid4().hex)["key"]) for _ in range(2))
    assert both.cached("same", ada) == 0
    assert both.cached("same", grace) == 0
    assert both.cached("same", ada) > 200
    assert both.cached("same", grace) > 200


def test_names_and_folders(both: Both) -> None:
    """aliases, model_dirs and use_hf_cache count from the next request on."""
    assert both.complete(model="fast").status_code == 404
    both.change(SERVER_ALIASES={"fast": ALPHA})
    assert both.complete(model="fast").status_code == 200
    both.change(SERVER_ALIASES={"quick": ALPHA})
    assert (both.complete(model="fast").status_code, both.complete(model="quick").status_code) == (404, 200)
    folders = [str(both.folder / "models"), str(both.folder / "more")]
    both.change(SERVER_MODEL_DIRS=folders, SERVER_USE_HF_CACHE=True)
    assert both.models() == {"demo", ALPHA, BETA, GAMMA}
    assert both.complete(model=BETA).status_code == 200
    both.change(SERVER_MODEL_DIRS=folders[:1], SERVER_USE_HF_CACHE=False)
    assert both.models() == {"demo", ALPHA}
    views = both.change(reset=["SERVER_ALIASES"])
    assert (views["MLX_SERVER_ALIASES"]["value"], views["MLX_SERVER_ALIASES"]["source"]) == ({}, "default")
    assert both.complete(model="quick").status_code == 404


def test_limits_of_a_request(both: Both) -> None:
    """default_max_tokens, request_timeout_s and max_request_body_mb count from the next request on."""
    both.change(SERVER_DEFAULT_MAX_TOKENS=5)
    answer = both.complete(max_tokens=None).json()
    assert (answer["usage"]["completion_tokens"], answer["choices"][0]["finish_reason"]) == (5, "length")
    both.change(SERVER_DEFAULT_MAX_TOKENS=40_000, SERVER_REQUEST_TIMEOUT_S=0.3)
    response = both.complete(max_tokens=None)
    assert (response.status_code, response.json()["error"]["code"]) == (504, "deadline_exceeded")
    both.change(reset=["SERVER_DEFAULT_MAX_TOKENS", "SERVER_REQUEST_TIMEOUT_S"])
    assert both.complete(LONG).status_code == 200
    both.change(SERVER_MAX_REQUEST_BODY_MB=0.0005)
    response = both.complete(LONG)
    assert (response.status_code, response.json()["error"]["code"]) == (413, "body_too_large")
    both.change(reset=["SERVER_MAX_REQUEST_BODY_MB"])
    assert both.complete(LONG).status_code == 200


@pytest.mark.full
def test_prefix_caches(both: Both) -> None:
    """prefix_cache_gb, prefix_cache_disk_gb and prefix_cache_disk_floor_gb count from the next load on."""
    salt = uuid.uuid4().hex
    files_before = written_files(both)

    def new_files() -> set[Path]:
        return written_files(both) - files_before

    both.cached(salt)
    assert both.cached(salt) > 200
    both.change(SERVER_PREFIX_CACHE_GB=0)
    both.reload()
    assert [both.cached(salt), both.cached(salt)] == [0, 0]
    assert not new_files()
    # More than there is free: nothing is written.
    both.change(
        SERVER_PREFIX_CACHE_GB=1, SERVER_PREFIX_CACHE_DISK_GB=1, SERVER_PREFIX_CACHE_DISK_FLOOR_GB=10**6
    )
    both.reload()
    assert both.cached(salt) == 0
    both.change(SERVER_PREFIX_CACHE_DISK_FLOOR_GB=0)
    both.reload()
    assert not new_files()
    assert both.cached(salt) == 0
    both.reload()
    assert new_files()
    wait_until(lambda: both.cached(salt) > 200, "what is on disk is found")
    both.change(SERVER_PREFIX_CACHE_DISK_GB=0)
    both.reload()
    assert both.cached(salt) == 0


def written_files(both: Both) -> set[Path]:
    return set((both.server.home / "kv-cache").rglob("*.safetensors"))


def test_log_level_silences_either_program(both: Both) -> None:
    """What is said of one request is not there and of a later one is, by when the first would be, too."""
    both.change(SERVER_LOG_LEVEL="error")
    silent = both.complete().headers["x-request-id"]
    both.change(SERVER_LOG_LEVEL="info")
    told = both.complete().headers["x-request-id"]
    wait_until(lambda: told in both.server.log, "the server tells of a request")
    assert silent not in both.server.log
    both.change(MANAGER_LOG_LEVEL="debug")
    wait_until(lambda: "DEBUG" in both.manager.log, "the manager tells of everything")
    both.change(MANAGER_LOG_LEVEL="error")
    num_lines = len(both.manager.log.splitlines())
    both.change(MANAGER_DOWNLOAD_RETRIES=3)
    both.change(reset=["MANAGER_DOWNLOAD_RETRIES"])
    assert len(both.manager.log.splitlines()) == num_lines
    both.change(reset=["MANAGER_LOG_LEVEL"])


def test_who_may_call_either_program(both: Both) -> None:
    """allowed_hosts and allowed_origins count from the next request on."""
    headers = {"Host": "box.example.org", "Origin": "https://chat.example.org"}

    def ask() -> list[tuple[int, str | None]]:
        found = []
        for url in (both.server.base_url, both.manager.base_url):
            response = httpx.get(f"{url}/health", headers=headers, trust_env=False)
            found.append((response.status_code, response.headers.get("access-control-allow-origin")))
        return found

    assert ask() == [(403, None)] * 2
    hosts, origins = ["box.example.org"], ["https://chat.example.org"]
    both.change(
        SERVER_ALLOWED_HOSTS=hosts,
        SERVER_ALLOWED_ORIGINS=origins,
        MANAGER_ALLOWED_HOSTS=hosts,
        MANAGER_ALLOWED_ORIGINS=origins,
    )
    assert ask() == [(200, "https://chat.example.org")] * 2
    both.change(reset=["SERVER_ALLOWED_HOSTS", "MANAGER_ALLOWED_ORIGINS"])
    assert ask() == [(403, None)] * 2
    both.change(reset=["SERVER_ALLOWED_ORIGINS", "MANAGER_ALLOWED_HOSTS"])


def test_the_example_of_the_documentation(both: Both) -> None:
    """It is what comes where the environment says `MLX_SERVER_MAX_MODELS=3`."""
    text = (BACKEND.parent / "docs" / "settings.md").read_text()
    found = re.search(r"-d '\s*(\{.*?\})' \|\s+jq .*?\n(\{.*?)```", text, re.DOTALL)
    assert found is not None
    body, lines = json.loads(found[1]), [json.loads(line) for line in found[2].splitlines()]
    assert {line["name"] for line in lines} == body["set"].keys()
    answer = both.manager.client.patch("/api/v1/settings", json=body)
    views = [view for view in answer.json()["data"] if view["name"] in body["set"]]
    assert [{name: view[name] for name in lines[0]} for view in views] == lines
    both.change(reset=["MANAGER_ROOT_PATH", "SERVER_LOAD_WAIT_S"])


def test_a_pin_outlives_a_change_of_something_else(both: Both) -> None:
    assert both.server.client.post(f"/admin/models/{ALPHA}/pin").status_code == 200
    view = both.change(SERVER_LOAD_WAIT_S=7)["MLX_SERVER_PINNED"]
    assert (view["value"], view["source"], view["needs_restart"]) == ([ALPHA], "running", False)
    # Also where it is stored as it was.
    for _ in range(2):
        view = both.change(SERVER_PINNED=[])["MLX_SERVER_PINNED"]
        assert (view["value"], view["source"]) == ([], "database")
        assert both.server.client.post(f"/admin/models/{ALPHA}/pin").status_code == 200
    both.change(reset=["SERVER_PINNED"])
    listed = both.server.client.get("/admin/models").json()["data"]
    assert not [model for model in listed if model["pinned"]]


class WithoutPort(Manager):
    """A manager whose environment names no port."""

    def __init__(self, folder: Path, home: Path) -> None:
        super().__init__(folder, home)
        del self._env["MLX_MANAGER_PORT"]


@pytest.mark.full
def test_the_manager_starts_with_what_is_stored(tmp_path: Path) -> None:
    """Its port and require_auth wait for that, and it says so."""
    home = tmp_path / "home"
    with Manager(tmp_path, home) as manager:
        body = {"set": {"MLX_MANAGER_REQUIRE_AUTH": True, "MLX_MANAGER_PORT": 0}}
        answer = manager.client.patch("/api/v1/settings", json=body)
        views = {view["name"]: view for view in answer.json()["data"]}
        view = views["MLX_MANAGER_REQUIRE_AUTH"]
        assert (view["value"], view["source"], view["needs_restart"]) == (None, "default", True)
        assert views["MLX_MANAGER_PORT"]["source"] == "environment"
        assert manager.client.get("/api/v1/settings").status_code == 200
    with WithoutPort(tmp_path, home) as manager:
        # By default it would be 8080.
        assert not manager.base_url.endswith(":8080")
        assert manager.client.get("/api/v1/settings").status_code == 401
