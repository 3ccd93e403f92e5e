"""The one stream of a real manager with a real server: who sees what, and how it goes on."""

import contextlib
import json
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from mlx_manager import __version__
from mlx_manager.live.schemas import LiveEvents
from tests.hub_stand_in import HubStandIn, demo_repository
from tests.live.pool_server import write_tiny
from tests.live.server import DEADLINE_S, wait_until
from tests.live.supervised import Supervised

EVENTS = "/api/v1/events"
PASSWORD = "correct horse battery staple"
TINY = "tiny"
SERVER_SIDE = {"model", "memory", "request"}
Event = tuple[str, dict[str, Any]]


class Listener:
    """Reads the stream on a thread, as a page does."""

    def __init__(self, browser: httpx.Client, *topics: str) -> None:
        self.events: list[Event] = []
        self.status = 0
        self._browser = browser
        self._thread = threading.Thread(target=self._read, args=(topics,), daemon=True)
        self._thread.start()
        wait_until(lambda: self.status, "the stream has begun")
        assert self.status == 200

    def find(self, name: str, what: Callable[[dict[str, Any]], bool], after: int = 0) -> int:
        """The place of the first event that is so, once it has come."""

        def found() -> list[int]:
            seen = list(enumerate(self.events))[after:]
            return [at + 1 for at, (kind, data) in seen if kind == name and what(data)]

        places: list[int] = wait_until(found, f"{name} comes")
        return places[0] - 1

    def names(self) -> set[str]:
        return {name for name, _ in list(self.events)}

    def wait_end(self) -> None:
        """Wait until the manager has ended it."""
        self._thread.join(DEADLINE_S)
        assert not self._thread.is_alive()

    def leave(self) -> None:
        """Go away, also while nothing comes."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self.wait_end()

    def _read(self, topics: tuple[str, ...]) -> None:
        with (
            contextlib.suppress(httpx.TransportError),
            self._browser.stream("GET", EVENTS, params={"topics": topics}) as response,
        ):
            self._socket: socket.socket = response.extensions["network_stream"].get_extra_info("socket")
            self.status = response.status_code
            name = ""
            for line in response.iter_lines():
                if line.startswith("event: "):
                    name = line.removeprefix("event: ")
                elif line.startswith("data: "):
                    self.events.append((name, json.loads(line.removeprefix("data: "))))


class Place:
    """A manager with its server, an administrator and two users."""

    def __init__(self, manager: Supervised, hub: HubStandIn) -> None:
        self.manager = manager
        self.hub = hub
        self.admin = manager.client
        self.ada = self.user("ada")
        self.bob = self.user("bob")

    def user(self, name: str) -> httpx.Client:
        """The browser of a new user."""
        body = {"name": name, "password": PASSWORD, "role": "user"}
        made = self.admin.post("/api/v1/users", json=body)
        assert made.status_code == 201, made.text
        browser = self.manager.browser()
        answer = browser.post("/api/v1/auth/sign-in", json={"name": name, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        return browser

    def load(self, model_id: str, action: str = "load") -> None:
        answer = self.admin.post(f"/admin/models/{model_id}/{action}")
        assert answer.status_code == 200, answer.text

    @contextlib.contextmanager
    def listening(self, browser: httpx.Client, *topics: str) -> Iterator[Listener]:
        """A stream for as long as that."""
        listener = Listener(browser, *topics)
        try:
            yield listener
        finally:
            listener.leave()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("events")
    write_tiny(folder / "models" / TINY)
    with HubStandIn([demo_repository()]) as hub:
        env = {
            "MLX_SERVER_MODEL_DIRS": json.dumps([str(folder / "models")]),
            "MLX_SERVER_PRELOAD": json.dumps([TINY]),
            "MLX_SERVER_PREFIX_CACHE_DISK_GB": "0",
            "MLX_MANAGER_HUB_ENDPOINT": hub.url,
            "MLX_MANAGER_DISK_FLOOR_GB": "0",
            "HF_HUB_CACHE": str(folder / "cache"),
            "HF_HOME": str(folder / "huggingface"),
            "HF_TOKEN": "",
        }
        with Supervised(folder / "both", env) as manager:
            setup = {"name": "first", "password": PASSWORD}
            assert manager.client.post("/api/v1/auth/setup", json=setup).status_code == 201
            manager.wait_ready()
            yield Place(manager, hub)


def test_a_user_sees_a_load_and_no_requests(place: Place) -> None:
    with place.listening(place.ada) as ada, place.listening(place.admin, "requests") as admin:
        ada.find("inference", lambda data: data["is_connected"])
        ada.find("model", lambda data: data["id"] == TINY and data["status"] == "loaded")
        ada.find("memory", lambda data: data["budget"] > 0)
        ada.find("server", lambda data: data["state"] == "running" and data["readiness"] is not None)
        ada.find("chat_resync", lambda data: data == {})
        place.load(TINY, "unload")
        away = ada.find("model", lambda data: data["id"] == TINY and data["status"] == "unloaded")
        place.load(TINY)
        there = ada.find("model", lambda data: data["id"] == TINY and data["status"] == "loaded", after=away)
        body = {"model": TINY, "prompt": "w1 w2", "max_tokens": 4}
        request_id = "one-of-ada-s"
        asked = place.ada.post("/v1/completions", json=body, headers={"X-Request-Id": request_id})
        assert asked.status_code == 200, asked.text
        at = admin.find("request", lambda data: data["id"] == request_id and data["phase"] == "finished")
        assert admin.events[at][1]["completion_tokens"] == 4
        assert admin.names() == {"inference", "request"}
        # By when this is told to both, what the one is not told was passed over.
        place.load(TINY, "unload")
        ada.find("model", lambda data: data["id"] == TINY and data["status"] == "unloaded", after=there)
        assert ada.names() == {"server", "inference", "model", "memory", "chat_resync"}
        fields = LiveEvents.model_fields
        for name, data in [*ada.events, *admin.events]:
            kind = fields[name].annotation
            assert kind is not None
            kind.model_validate(data)


def test_requests_are_for_administrators(place: Place) -> None:
    refused = place.ada.get(EVENTS, params={"topics": ["server", "requests"]})
    assert refused.status_code == 403
    error = refused.json()["error"]
    assert (error["code"], error["param"]) == ("permission_denied", "topics")
    unknown = place.ada.get(EVENTS, params={"topics": "nothing"})
    assert unknown.status_code == 400
    key = place.ada.post("/api/v1/keys", json={"name": "for inference"}).json()["key"]
    bearer = {"Authorization": f"Bearer {key}"}
    with place.manager.browser() as nobody:
        assert nobody.get(EVENTS).status_code == 401
        chats = nobody.get(EVENTS, params={"topics": "chats"}, headers=bearer)
        assert (chats.status_code, chats.json()["error"]["code"]) == (403, "permission_denied")
        nobody.headers.update(bearer)
        with place.listening(nobody) as listener:
            listener.find("server", lambda data: True)
            listener.find("memory", lambda data: True)
            assert not listener.names() & {"request", "chat_resync"}


def test_another_users_chats_are_not_seen(place: Place) -> None:
    with place.listening(place.ada, "chats") as ada, place.listening(place.bob, "chats") as bob:
        ada.find("chat_resync", lambda data: True)
        bob.find("chat_resync", lambda data: True)
        mine = place.ada.post("/api/v1/chats", json={"model": "demo"}).json()["id"]
        ada.find("chat", lambda data: data["chat_id"] == mine and data["kind"] == "chat_changed")
        his = place.bob.post("/api/v1/chats", json={"model": "demo"}).json()["id"]
        bob.find("chat", lambda data: data["chat_id"] == his)
        place.ada.delete(f"/api/v1/chats/{mine}")
        ada.find("chat", lambda data: data["kind"] == "chat_deleted")
        assert {data.get("chat_id") for _, data in ada.events} == {None, mine}
        assert {data.get("chat_id") for _, data in bob.events} == {None, his}


def test_a_download_and_what_the_library_makes_of_it(place: Place) -> None:
    library, downloads = "/api/v1/library/models", "/api/v1/downloads"
    repo_id = demo_repository().repo_id
    with place.listening(place.ada, "downloads", "library") as ada:
        started = place.admin.post(downloads, json={"repo_id": repo_id})
        assert started.status_code == 201, started.text
        download_id = started.json()["id"]
        ada.find("download", lambda data: data["id"] == download_id and data["status"] == "completed")
        seen = [data["status"] for name, data in ada.events if name == "download"]
        assert seen == sorted(seen, key=["queued", "running", "completed"].index)
        place_of = ada.find("library", lambda data: data["model_id"] == repo_id)
        assert place.ada.get(f"{library}/{repo_id}").status_code == 200
        place.admin.post(f"{library}/{repo_id}/verify")
        place_of = ada.find("library", lambda data: data["model_id"] == repo_id, after=place_of + 1)
        assert place.admin.delete(f"{library}/{repo_id}").status_code == 200
        ada.find("library", lambda data: data["model_id"] == repo_id, after=place_of + 1)
        assert place.admin.delete(f"{downloads}/{download_id}").status_code == 204
        ada.find("download_removed", lambda data: data == {"id": download_id})


def test_after_a_restart_of_the_server_everything_comes_anew(place: Place) -> None:
    with place.listening(place.admin) as admin:
        admin.find("inference", lambda data: data["is_connected"])
        admin.find("request", lambda data: True)
        before = place.manager.view()["pid"]
        assert place.admin.post("/api/v1/server/restart").status_code == 200
        lost = admin.find("inference", lambda data: not data["is_connected"])
        back = admin.find("inference", lambda data: data["is_connected"], after=lost)
        between = {name for name, _ in admin.events[lost + 1 : back]}
        assert not between & SERVER_SIDE, "what is not known is not told"
        admin.find("memory", lambda data: True, after=back)
        admin.find("model", lambda data: data["status"] == "loaded", after=back)
        admin.find("server", lambda data: data["pid"] != before and data["is_answering"], after=lost)
        # The requests of the server that ended are not the new one's.
        assert "request" not in {name for name, _ in admin.events[back:]}


def test_everybody_sees_what_this_is_and_nobody_a_secret(place: Place) -> None:
    about = place.ada.get("/api/v1/about").json()
    assert about["versions"]["server"] == about["versions"]["manager"] == __version__
    assert about["database"] == "sqlite"
    assert about["home"] == str(place.manager.home)
    assert "fastapi" in {licence["name"] for licence in about["licences"]}
    for method in ("GET", "POST"):
        refused = place.ada.request(method, "/api/v1/about/doctor")
        assert (refused.status_code, refused.json()["error"]["code"]) == (403, "permission_denied")


@pytest.mark.full
def test_the_doctor_looks_at_the_running_installation(place: Place) -> None:
    report = place.admin.get("/api/v1/about/doctor").json()
    levels = {finding["check"]: finding["level"] for finding in report["findings"]}
    assert levels["device"] == levels["database"] == levels["model demo"] == "ok"
    assert place.admin.get("/api/v1/about/doctor").json() == report, "it is kept"


def test_who_is_no_administrator_any_more_sees_no_more_requests(place: Place) -> None:
    browser = place.user("dora")
    [dora] = [user for user in place.admin.get("/api/v1/users").json()["data"] if user["name"] == "dora"]
    for role in ("admin", "user"):
        listener = Listener(browser)
        listener.find("memory", lambda data: True)
        changed = place.admin.patch(f"/api/v1/users/{dora['id']}", json={"role": role})
        assert changed.status_code == 200
        if role == "admin":
            # More than before harms nobody.
            listener.leave()
    listener.wait_end()
    assert browser.get(EVENTS, params={"topics": "requests"}).status_code == 403


def test_it_ends_with_the_session(place: Place) -> None:
    browser = place.user("carol")
    listener = Listener(browser)
    listener.find("server", lambda data: True)
    with place.manager.browser() as other:
        other.cookies.update(browser.cookies)
        assert other.post("/api/v1/auth/sign-out").status_code == 204
    listener.wait_end()


def test_it_ends_with_the_program(place: Place) -> None:
    listener = Listener(place.ada)
    listener.find("memory", lambda data: True)
    place.manager.process.terminate()
    listener.wait_end()
