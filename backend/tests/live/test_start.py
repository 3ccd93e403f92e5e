"""Starting: what is answered when, and what a wrong setting says."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.live.conftest import StartServer
from tests.live.server import DEMO, Server, clean_environment, make_endless_model, wait_until

NOTHING = {"MLX_SERVER_PRELOAD": "[]"}
BODY = {"model": "demo", "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 2}


def refused(tmp_path: Path, env: dict[str, str], arguments: Sequence[str] = ()) -> str:
    """What a server that cannot start writes: one line, and no traceback."""
    done = subprocess.run(
        [sys.executable, "-m", "mlx_manager.mlx_server.main", *arguments],
        env=clean_environment({"MLX_MANAGER_HOME": str(tmp_path / "home"), "MLX_SERVER_PORT": "0"} | env),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode not in (0, None)
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    return done.stderr


def test_alive_before_it_is_ready(start_server: StartServer) -> None:
    server = start_server(wait_ready=False)
    health = server.client.get("/health")
    assert (health.status_code, health.json()) == (200, {"status": "healthy", "version": "0.1.0"})
    status, body = server.ready()  # it waits until the database is open, which the load may overtake
    if status != 200:
        loading = {"status": "loading", "model": None, "models": [], "running": 0, "error": None}
        assert (status, body) == (503, loading)
    # A request that comes too early waits for the load.
    assert server.post("/v1/chat/completions", BODY).status_code == 200
    server.wait_ready()
    assert server.ready() == (
        200,
        {"status": "ready", "model": "demo", "models": ["demo"], "running": 0, "error": None},
    )


def test_a_port_that_is_taken(server: Server, tmp_path: Path) -> None:
    line = refused(tmp_path, {"MLX_SERVER_PORT": str(server.port)})
    assert str(server.port) in line
    assert f"pid {server.pid}" in line
    assert "MLX_SERVER_PORT" in line


@pytest.mark.sample(1)
@pytest.mark.parametrize("host", ["0.0.0.0", "::", "example.com"])
def test_nobody_gives_a_machine_away_to_others(tmp_path: Path, host: str) -> None:
    line = refused(tmp_path, {"MLX_SERVER_HOST": host, "MLX_SERVER_REQUIRE_AUTH": "false"})
    assert "MLX_SERVER_REQUIRE_AUTH" in line
    assert host in line


@pytest.mark.sample(1)
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MLX_SERVER_PORT", "abc"),
        ("MLX_SERVER_MAX_MEMORY_GB", "-1"),
        ("MLX_SERVER_LOG_LEVEL", "LOUD"),
    ],
)
def test_bad_values(tmp_path: Path, name: str, value: str) -> None:
    assert name in refused(tmp_path, {name: value})


def test_a_bad_list(tmp_path: Path) -> None:
    assert "preload" in refused(tmp_path, {"MLX_SERVER_PRELOAD": "demo"})


def test_a_bad_flag_does_not_show_a_secret(tmp_path: Path) -> None:
    assert "MLX_SERVER_PORT" in refused(tmp_path, {"MLX_SERVER_LOGFIRE_TOKEN": "s3cret"}, ["--port", "abc"])


@pytest.mark.full
def test_odd_surroundings(start_server: StartServer) -> None:
    """A flag beats the environment, unknown settings are named, and the limit of open files is raised."""
    server = start_server(
        NOTHING | {"MLX_SERVER_FOO": "1", "MLX_SERVER_PROT": "8001", "MLX_SERVER_PORT": "1"},
        ["--port", "0", "--default-max-tokens", "3"],
        wrapper=["sh", "-c", 'ulimit -Sn 256; exec "$@"', "sh"],
    )
    assert server.port > 1
    assert "MLX_SERVER_FOO is not a setting" in server.log
    assert re.search(r"MLX_SERVER_PROT is not a setting.*did you mean MLX_SERVER_PORT\?", server.log)
    if sys.platform == "linux":
        limits = Path(f"/proc/{server.pid}/limits").read_text()
        soft, hard = re.search(r"Max open files\s+(\w+)\s+(\w+)", limits).groups()  # type: ignore[union-attr]
        assert int(soft) == (65_536 if hard == "unlimited" else min(int(hard), 65_536))
    # Nothing is preloaded: ready at once, and the first request loads.
    assert server.ready() == (
        200,
        {"status": "ready", "model": None, "models": [], "running": 0, "error": None},
    )
    assert server.workers() == []
    body = {"model": "demo", "prompt": "Once upon a time", "temperature": 0}
    answer = server.post("/v1/completions", body).json()
    assert answer["usage"]["completion_tokens"] <= 3
    assert server.ready()[1]["model"] == "demo"


@pytest.fixture
def broken_dir(tmp_path: Path) -> Path:
    """Models that cannot be loaded, each for its own reason, and one folder that is none."""
    folder = tmp_path / "models"
    folder.mkdir()
    kinds = ("bad-weights", "bad-config", "bad-tokenizer")
    for name in kinds:
        make_endless_model(folder).rename(folder / name)
    for file in (folder / "bad-weights").glob("*.safetensors"):
        file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    (folder / "bad-config" / "config.json").write_text('{"model_type": "no_such_family"}')
    (folder / "bad-tokenizer" / "tokenizer.json").write_text("{")
    shutil.copytree(DEMO, folder / "no-weights", ignore=shutil.ignore_patterns("*.safetensors"))
    return folder


@pytest.mark.parametrize(
    "asked",
    [
        ["bad-weights"],
        # Each is a worker more; test_pool_files tries other faults of configs and tokenizers each time.
        pytest.param(["bad-config", "bad-tokenizer", "bad-weights"], marks=pytest.mark.full),
    ],
)
def test_models_that_cannot_be_loaded(start_server: StartServer, broken_dir: Path, asked: list[str]) -> None:
    server = start_server(
        {"MLX_SERVER_MODEL_DIRS": json.dumps([str(broken_dir)]), "MLX_SERVER_PRELOAD": '["bad-weights"]'},
        wait_ready=False,
    )
    wait_until(lambda: server.ready()[1]["status"] == "failed", "the preload fails")
    status, ready = server.ready()
    assert status == 503
    assert "bad-weights" in ready["error"]
    listed = [model["id"] for model in server.client.get("/v1/models").json()["data"]]
    assert listed == ["demo", "bad-config", "bad-tokenizer", "bad-weights"]
    for name in asked:
        body = {"model": name, "prompt": "Hi", "max_tokens": 1, "stream": name == "bad-weights"}
        response = server.post("/v1/completions", body)
        assert response.status_code == 503, response.text
        error = response.json()["error"]
        assert error["code"] == "model_load_failed"
        assert name in error["message"]
    assert server.post("/v1/chat/completions", BODY).status_code == 200
    assert server.num_running() == 0
    wait_until(lambda: len(server.workers()) == 1, "failed loads leave no worker")


def test_a_model_over_the_budget(start_server: StartServer) -> None:
    server = start_server({"MLX_SERVER_MAX_MEMORY_GB": "0.000001"}, wait_ready=False, from_nothing=True)
    response = server.post("/v1/chat/completions", BODY)
    assert response.status_code == 503
    error = response.json()["error"]
    assert error["code"] == "insufficient_memory"
    assert len(re.findall(r"\d+\.\d+ [GM]B", error["message"])) == 2
    assert server.client.get("/health").status_code == 200
    assert server.ready()[1]["status"] == "failed"
    check_home(server)


def check_home(server: Server) -> None:
    """The home is its owner's alone."""
    assert server.home.stat().st_mode & 0o777 == 0o700
