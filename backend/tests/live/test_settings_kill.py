"""kill -9 in the middle of changes: what was acknowledged is there, whole, and counts in both programs."""

import itertools
import json
import random
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from tests.live.server import DEADLINE_S, wait_until
from tests.live.supervised import Supervised

RETRIES = "MLX_MANAGER_DOWNLOAD_RETRIES"
QUEUED = "MLX_SERVER_MAX_QUEUED_REQUESTS"
# Each change sets all of them to one number: of either program, and one that waits for a start.
NAMES = (RETRIES, QUEUED, "MLX_SERVER_AUDIT_MAX_ROWS", "MLX_MANAGER_ROOT_PATH")
NOTHING = {"MLX_SERVER_PRELOAD": "[]", "MLX_SERVER_USE_HF_CACHE": "false"}


def values(number: int) -> dict[str, Any]:
    return {name: f"/{number}" if name.endswith("PATH") else number for name in NAMES}


class Changes:
    """A client that makes one change after another, until it is told to stop or nobody answers."""

    def __init__(self, program: Supervised, first: int) -> None:
        self._program = program
        self._first = first
        self._is_over = threading.Event()
        self.tried = self.acknowledged = first - 1
        self.refused: list[str] = []
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def wait(self, more: int) -> None:
        """Until so many more have been acknowledged."""
        goal = self.acknowledged + more
        wait_until(lambda: self.acknowledged >= goal or self.refused, "changes are acknowledged")

    def end(self) -> None:
        self._is_over.set()
        self._thread.join(DEADLINE_S)
        assert not self._thread.is_alive()

    def _run(self) -> None:
        with self._program.browser() as client:
            for number in itertools.count(self._first):
                if self._is_over.is_set():
                    return
                self.tried = number
                try:
                    answer = client.patch("/api/v1/settings", json={"set": values(number)})
                except httpx.TransportError:
                    return
                if answer.status_code != 200:
                    self.refused.append(answer.text)
                    return
                self.acknowledged = number


class Home:
    """The manager and the server of one home, which are killed and come back."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.program = Supervised(folder, NOTHING).__enter__()
        self.server_pid = self.program.wait_ready()["pid"]
        self.last = 0

    def store_untold(self, name: str, value: int) -> None:
        """As a manager does that is killed before it tells the server."""
        with closing(sqlite3.connect(self._folder / "home" / "mlx-manager.db")) as connection, connection:
            connection.execute("DELETE FROM stored_settings WHERE name = ?", (name,))
            row = (name, json.dumps(value), "2026-01-01 00:00:00")
            connection.execute("INSERT INTO stored_settings (name, value, updated_at) VALUES (?, ?, ?)", row)

    def next_manager(self) -> None:
        self.program.client.close()
        self.program = Supervised(self._folder, NOTHING).__enter__()

    def close(self) -> None:
        self.program.view()
        self.program.__exit__()

    @contextmanager
    def changing(self) -> Iterator[Changes]:
        changes = Changes(self.program, self.last + 1)
        try:
            yield changes
        finally:
            changes.end()

    def views(self) -> dict[str, dict[str, Any]]:
        answer = self.program.client.get("/api/v1/settings")
        assert answer.status_code == 200, answer.text
        return {view["name"]: view for view in answer.json()["data"]}

    def check(self, changes: Changes) -> None:
        """See that a whole change is stored, no older one than was acknowledged, and that it counts."""
        assert changes.refused == []
        stored = {name: self.views()[name]["stored"] for name in NAMES}
        self.last = stored[QUEUED]
        assert stored == values(self.last)
        assert changes.acknowledged <= self.last <= changes.tried
        wait_until(self._server_has_it, "the server has what is stored")
        view = self.views()[RETRIES]
        assert (view["value"], view["source"]) == (self.last, "database")

    def _server_has_it(self) -> bool:
        answer = self.program.client.get("/admin/settings/all")
        if answer.status_code != 200:
            return False
        found = {each["name"]: each for each in answer.json()["data"]}
        kept = [found[name] for name in ("max_queued_requests", "audit_max_rows")]
        return all((each["value"], each["source"]) == (self.last, "database") for each in kept)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    made = Home(tmp_path_factory.mktemp("killed") / "both")
    yield made
    made.close()


@pytest.mark.sample(1)
@pytest.mark.parametrize("seed", range(3))
def test_the_manager_is_killed(home: Home, seed: int) -> None:
    with home.changing() as changes:
        changes.wait(random.Random(seed).randint(1, 4))
        # Somewhere within the next one.
        threading.Event().wait(random.Random(seed).random() * 0.05)
        home.program.kill()
    home.store_untold("MLX_SERVER_LOAD_WAIT_S", 100 + seed)
    home.next_manager()
    home.check(changes)
    wait_until(
        lambda: home.views()["MLX_SERVER_LOAD_WAIT_S"]["value"] == 100 + seed, "the server is told of it"
    )
    view = home.views()["MLX_MANAGER_ROOT_PATH"]
    assert (view["value"], view["source"]) == (f"/{home.last}", "database")
    # It has gone on, and the manager has told it what it could not be told before.
    assert home.program.wait_ready()["pid"] == home.server_pid


@pytest.mark.full
@pytest.mark.sample(1)
@pytest.mark.parametrize("seed", range(3))
def test_the_server_is_killed(home: Home, seed: int) -> None:
    """Whoever changes settings then notices nothing."""
    with home.changing() as changes:
        changes.wait(random.Random(seed).randint(1, 4))
        psutil.Process(home.server_pid).kill()
        changes.wait(2)
        # Also while the next one starts, which has read what is stored by then.
        home.server_pid = home.program.wait_ready(other_than=home.server_pid)["pid"]
        changes.wait(1)
    home.check(changes)
    assert home.last == changes.acknowledged
