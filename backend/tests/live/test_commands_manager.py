"""The commands that ask, through a manager: it passes on what is the server's."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlx_manager.db.tables import ApiKey
from tests.command_line import rows
from tests.live.accounts import command, make_key, make_user
from tests.live.manager import Manager
from tests.live.server import Server, wait_until

PASSWORD = "correct horse battery staple"


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Manager, Server]]:
    """A manager that found a server running, on a machine with a user."""
    folder = tmp_path_factory.mktemp("both")
    with Server(folder) as server, Manager(folder, server.home) as manager:
        make_user(server.home, "ada", PASSWORD)
        yield manager, server


def test_the_manager_is_asked(both: tuple[Manager, Server]) -> None:
    manager, server = both
    shown = json.loads(command(manager.home, "version", "--json"))["running"]
    assert (shown["manager"]["url"], shown["server"]["url"]) == (manager.base_url, server.base_url)
    view = json.loads(command(manager.home, "ps", "--json"))["server"]
    assert (view["state"], view["url"], view["is_adopted"]) == ("running", server.base_url, True)
    assert command(manager.home, "run", "demo", "Hello").strip()
    assert command(manager.home, "unload", "demo") == "demo: unloaded\n"
    assert command(manager.home, "load", "demo").startswith("demo: loaded")
    # The manager's own key is the only one that is left.
    assert [row.name.split()[0] for row in rows(manager.home, ApiKey)] == ["manager"]
    assert json.loads(command(manager.home, "keys", "list", "--json"))["data"] == []


def test_from_another_machine(both: tuple[Manager, Server], tmp_path: Path) -> None:
    """With a key, and nothing of this home: not even its folder is made."""
    manager, server = both
    key = make_key(manager.home, "far away", "--scope", "admin")
    env = {"MLX_MANAGER_URL": f"{manager.base_url}/", "MLX_MANAGER_API_KEY": key["key"]}
    elsewhere = tmp_path / "elsewhere"
    assert json.loads(command(elsewhere, "ps", "--json", env=env))["server"]["url"] == server.base_url
    assert command(elsewhere, "run", "demo", "Hello", env=env).strip()

    def is_logged() -> bool:
        lines = command(elsewhere, "logs", "server", "--json", env=env).splitlines()
        return any("demo: stop" in json.loads(line)["message"] for line in lines)

    wait_until(is_logged, "the request is in the log")
    lines = command(elsewhere, "logs", "-n", "5", "--level", "info", env=env).splitlines()
    assert len(lines) == 5
    assert lines == sorted(lines)
    assert not elsewhere.exists()
    with pytest.raises(AssertionError, match="only a manager"):
        command(elsewhere, "logs", "--url", server.base_url, env=env)
    command(manager.home, "keys", "revoke", "far away")


def test_a_server_that_is_stopped(both: tuple[Manager, Server]) -> None:
    manager, _ = both
    sign_in = manager.client.post("/api/v1/auth/sign-in", json={"name": "ada", "password": PASSWORD})
    assert sign_in.status_code == 200
    stopped = manager.client.post("/api/v1/server/stop", headers={"origin": manager.base_url})
    assert stopped.status_code == 200, stopped.text
    shown = json.loads(command(manager.home, "ps", "--json"))
    assert (shown["server"]["state"], shown["data"], shown["memory"]) == ("stopped", [], None)
    assert command(manager.home, "ps") == "inference server: stopped\n"
    with pytest.raises(AssertionError, match="is stopped"):
        command(manager.home, "load", "demo")
