"""`mlx-manager models`, through a manager and without one: the same code answers."""

import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mlx_manager.commands import app
from tests.command_line import Done
from tests.hub_stand_in.faults import Kind
from tests.hub_stand_in.serving import HubStandIn
from tests.live.commands.conftest import LARGE, SMALL
from tests.live.commands.terminal import AtTerminal
from tests.live.manager import Manager
from tests.live.server import DEADLINE_S, DEMO, clean_environment, wait_until


class Place:
    """A home with its models, with a manager or without."""

    def __init__(self, hub: HubStandIn, folder: Path, home: Path, manager: Manager | None) -> None:
        self.manager = manager
        self.env = {
            "MLX_MANAGER_HOME": str(home),
            "MLX_MANAGER_HUB_ENDPOINT": hub.url,
            "MLX_MANAGER_DISK_FLOOR_GB": "0",
            "HF_HOME": str(folder / "hf"),
        }

    def run(self, *arguments: str, stdin: str = "") -> Done:
        done = CliRunner().invoke(app, ["models", *arguments], input=stdin, env=self.env)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return Done(done.exit_code, done.stdout, done.stderr)

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-m", "mlx_manager", "models", *arguments],
            env=clean_environment(self.env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


@pytest.fixture(params=["manager", "alone"])
def place(request: pytest.FixtureRequest, hub: HubStandIn, tmp_path: Path) -> Place:
    """Each test with a manager, and in a home of its own without."""
    if request.param == "alone":
        return Place(hub, tmp_path, tmp_path / "home", None)
    manager: Manager = request.getfixturevalue("manager")
    return Place(hub, tmp_path, manager.home, manager)


def names(place: Place) -> set[str]:
    return {model["id"] for model in place.run("list", "--json").json["data"]}


def test_pull_list_show_verify_rm(place: Place) -> None:
    pulled = place.run("pull", SMALL, "--json")
    assert (pulled.status, pulled.json["status"]) == (0, "completed"), pulled.stderr
    assert pulled.stderr == ""
    again = place.run("pull", SMALL)
    assert again.stdout.startswith(f"{SMALL}: 5 files, ")
    shown = place.run("show", SMALL, "--json").json
    assert (shown["id"], shown["family"], shown["commit"]) == (SMALL, "qwen3", pulled.json["commit_hash"])
    assert "model.safetensors" in {file["path"] for file in shown["files"]}
    assert place.run("show", SMALL).stdout.splitlines()[0].split() == ["id", SMALL]
    listed = place.run("list", "QWEN3")
    head, row = listed.stdout.splitlines()
    assert head.split() == ["MODEL", "STATUS", "SIZE", "PARAMETERS", "WEIGHTS", "CONTEXT", "FITS"]
    assert row.split()[0] == SMALL
    verified = place.run("verify", SMALL)
    assert (verified.status, verified.stdout) == (0, f"{SMALL}: intact, 5 files are as the hub says\n")
    weights = Path(shown["path"], "model.safetensors").resolve()
    weights.write_bytes(weights.read_bytes()[:-1] + b"!")
    damaged = place.run("verify", SMALL, "--json")
    assert (damaged.status, damaged.json["damaged"]) == (1, ["model.safetensors"])
    assert "differs: model.safetensors" in place.run("verify", SMALL).stdout
    assert place.run("rm", SMALL).stderr == "this deletes the model's files; add --yes to do it\n"
    deleted = place.run("rm", SMALL, "--yes", "--json").json
    assert deleted["id"] == SMALL
    assert not weights.exists()
    assert SMALL not in names(place)


@pytest.mark.parametrize("words", [("show",), ("rm", "--yes"), ("verify",)])
@pytest.mark.parametrize("name", ["nothing", "../../etc/passwd", "a\x1b[31mb"])
def test_no_such_model(place: Place, words: tuple[str, ...], name: str) -> None:
    done = place.run(*words, name)
    assert (done.status, done.stdout, done.stderr) == (1, "", "there is no such model\n")


def test_the_demo_stays(place: Place) -> None:
    refused = place.run("rm", "demo", "--yes")
    assert (refused.status, refused.stdout) == (1, "")
    assert "ships with the program" in refused.stderr
    assert "demo" in names(place)


def test_search(place: Place) -> None:
    found = place.run("search", "community", "--json").json
    assert [model["id"] for model in found["data"]] == [SMALL, LARGE]
    head, row = place.run("search", "8bit").stdout.splitlines()
    assert head.split() == ["MODEL", "DOWNLOADS", "SIZE", "WEIGHTS", "UPDATED"]
    assert row.split()[:2] == [LARGE, "3,000"]
    assert "\x1b" not in place.run("search", "evil").stdout
    nothing = place.run("search", "no such words")
    assert (nothing.status, nothing.stderr) == (0, "nothing was found\n")


def test_what_cannot_be_pulled(place: Place) -> None:
    for name, says in (("owner/nothing", "no such model"), ("nothing", ""), ("../x", "")):
        done = place.run("pull", name)
        assert (done.status, done.stdout, done.stderr.count("\n")) == (1, "", 1)
        assert says in done.stderr


@pytest.mark.full
def test_one_pull_goes_on_where_another_was_stopped(place: Place, hub: HubStandIn) -> None:
    slow = hub.fail(Kind.STALL, where="*/model.safetensors", num_bytes=2**20)
    sent = hub.num_sent("model.safetensors")
    with place.start("pull", LARGE) as process:
        try:
            wait_until(lambda: hub.num_sent("model.safetensors") >= sent + 2**20, "some of it has come")
            process.send_signal(signal.SIGINT)
            stdout, stderr = process.communicate(timeout=DEADLINE_S)
        finally:
            process.kill()
    assert (process.returncode, stdout) == (130, "")
    assert ("goes on in the manager" if place.manager else "kept") in stderr
    slow.released.set()
    done = place.run("pull", LARGE)
    assert (done.status, done.stdout) == (0, f"{LARGE}: 5 files, 4 MB\n")
    place.run("rm", LARGE, "--yes")


@pytest.mark.full
def test_detach(hub: HubStandIn, manager: Manager, tmp_path: Path) -> None:
    place = Place(hub, tmp_path, manager.home, manager)
    begun = place.run("pull", SMALL, "--detach", "--json").json
    assert begun["status"] in ("queued", "running", "completed")
    assert place.run("pull", SMALL).status == 0
    place.run("rm", SMALL, "--yes")
    alone = Place(hub, tmp_path, tmp_path / "home", None).run("pull", SMALL, "--detach")
    assert (alone.status, alone.stdout) == (1, "")
    assert "mlx-manager serve" in alone.stderr


def test_a_bar_at_a_terminal(hub: HubStandIn, tmp_path: Path) -> None:
    place = Place(hub, tmp_path, tmp_path / "home", None)
    slow = hub.fail(Kind.STALL, where="*/model.safetensors", num_bytes=2**20)
    with AtTerminal(("models", "pull", LARGE), place.env) as terminal:
        terminal.wait_for("MiB")
        slow.released.set()
        terminal.wait_for(f"{LARGE}: 5 files, 4 MB")
        assert terminal.wait_for_end() == 0
    assert "━" in terminal.screen


def test_without_a_manager_nothing_is_made_to_list(hub: HubStandIn, tmp_path: Path) -> None:
    shutil.copytree(DEMO, tmp_path / "models" / "own")
    place = Place(hub, tmp_path, tmp_path / "home", None)
    place.env["MLX_SERVER_MODEL_DIRS"] = json.dumps([str(tmp_path / "models")])
    assert names(place) == {"demo", "own"}
    assert place.run("show", "own", "--json").json["path"] == str(tmp_path / "models" / "own")
    assert not (tmp_path / "home").exists()
