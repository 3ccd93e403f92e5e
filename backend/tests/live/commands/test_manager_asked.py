"""The commands that ask, through a manager: it passes on what is the server's."""

import json
from pathlib import Path

import pytest

from mlx_manager.db.tables import ApiKey
from tests.command_line import rows
from tests.live.accounts import command, make_key
from tests.live.manager import Manager
from tests.live.server import Server, wait_until


def test_the_manager_is_asked(manager: Manager, closed_server: Server) -> None:
    shown = json.loads(command(manager.home, "version", "--json"))["running"]
    assert (shown["manager"]["url"], shown["server"]["url"]) == (manager.base_url, closed_server.base_url)
    view = json.loads(command(manager.home, "ps", "--json"))["server"]
    assert (view["state"], view["url"], view["is_adopted"]) == ("running", closed_server.base_url, True)
    assert command(manager.home, "run", "demo", "Hello").strip()
    assert command(manager.home, "unload", "demo") == "demo: unloaded\n"
    assert command(manager.home, "load", "demo").startswith("demo: loaded")
    # The manager's own key is the only one that is left of those that programs lend themselves.
    lent = [row.name.split()[0] for row in rows(manager.home, ApiKey) if row.is_internal]
    assert lent == ["manager"]
    listed = json.loads(command(manager.home, "keys", "list", "--json"))["data"]
    assert not [key for key in listed if key["name"].split()[0] == "manager"]


def test_from_another_machine(manager: Manager, closed_server: Server, tmp_path: Path) -> None:
    """With a key, and nothing of this home: not even its folder is made."""
    key = make_key(manager.home, "far away", "--scope", "admin")
    env = {"MLX_MANAGER_URL": f"{manager.base_url}/", "MLX_MANAGER_API_KEY": key["key"]}
    elsewhere = tmp_path / "elsewhere"
    assert json.loads(command(elsewhere, "ps", "--json", env=env))["server"]["url"] == closed_server.base_url
    assert command(elsewhere, "run", "demo", "Hello", env=env).strip()

    def is_logged() -> bool:
        lines = command(elsewhere, "logs", "server", "--json", env=env).splitlines()
        return any("demo: stop" in json.loads(line)["message"] for line in lines)

    wait_until(is_logged, "the request is in the log")
    lines = command(elsewhere, "logs", "-n", "5", "--level", "info", env=env).splitlines()
    assert len(lines) == 5
    times = [line[:19] for line in lines]
    assert times == sorted(times)
    assert not elsewhere.exists()
    with pytest.raises(AssertionError, match="only a manager"):
        command(elsewhere, "logs", "--url", closed_server.base_url, env=env)
    command(manager.home, "keys", "revoke", "far away")


def test_a_server_that_is_stopped(tmp_path: Path) -> None:
    with Manager(tmp_path, tmp_path / "home", {"MLX_MANAGER_START_SERVER": "false"}) as manager:
        shown = json.loads(command(manager.home, "ps", "--json"))
        assert (shown["server"]["state"], shown["data"], shown["memory"]) == ("stopped", [], None)
        assert command(manager.home, "ps") == "inference server: stopped\n"
        for words in (("load", "demo"), ("run", "demo", "Hi"), ("bench",)):
            with pytest.raises(AssertionError, match="is stopped"):
                command(manager.home, *words)
