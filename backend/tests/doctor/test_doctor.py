"""The whole doctor as a process: on the demo, with a broken MLX, and without taking anybody's word."""

import json
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from mlx_manager.doctor.finding import Level
from mlx_manager.doctor.model_gate import examine
from mlx_manager.mlx_server.config import MLXServerSettings
from tests.live.server import DEADLINE_S, clean_environment

GROUPS = {
    "settings",
    "python",
    "mlx",
    "mlx-lm",
    "device",
    "memory",
    "memory budget",
    "disk (home)",
    "disk (models)",
    "disk (prefix cache)",
    "port",
    "database",
    "permissions",
    "hub",
}
PORTS = {"MLX_SERVER_PORT": "0", "MLX_MANAGER_PORT": "0"}


def doctor(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "mlx_manager", "doctor", *arguments],
        env=clean_environment(PORTS | env),
        capture_output=True,
        text=True,
        timeout=2 * DEADLINE_S,
    )


def parsed(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert "Traceback" not in done.stderr, done.stderr
    body: dict[str, Any] = json.loads(done.stdout)
    return body


def of(body: dict[str, Any], check: str) -> list[dict[str, Any]]:
    return [finding for finding in body["findings"] if finding["check"] == check]


def test_the_demo_on_this_machine(tmp_path: Path) -> None:
    done = doctor("--json", "--offline", MLX_MANAGER_HOME=str(tmp_path / "home"))
    body = parsed(done)
    problems = [finding for finding in body["findings"] if finding["level"] == Level.PROBLEM]
    assert (done.returncode, problems) == (0, [])
    assert {finding["check"] for finding in body["findings"]} == GROUPS | {"model demo"}
    probe, notes, answers = of(body, "model demo")
    assert probe["message"].startswith("probed now: batches: logits differ by at most")
    assert "bytes of KV cache" in notes["message"]
    assert "4 answers of 96 tokens, alone and together: the same" in answers["message"]
    assert all(finding["advice"] for finding in body["findings"] if finding["level"] != Level.OK)
    for step in ("MLX: importing", "demo: loading", "demo: answering alone", "demo: answering together"):
        assert step in done.stderr
    # It has looked and left nothing behind.
    assert not (tmp_path / "home").exists()


@pytest.mark.full
def test_a_broken_mlx_stops_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "mlx").mkdir()
    (tmp_path / "mlx" / "__init__.py").write_text("")
    (tmp_path / "mlx" / "core.py").write_text("import os; os.kill(os.getpid(), 11)")
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = str(held.getsockname()[1])
        done = doctor(
            "--json",
            "--offline",
            PYTHONPATH=str(tmp_path),
            MLX_SERVER_PORT=port,
            MLX_MANAGER_PORT="nonsense",
            MLX_MANAGER_HOME=str(tmp_path / "home"),
        )
    body = parsed(done)
    assert done.returncode == 1
    assert {finding["check"] for finding in body["findings"]} >= (GROUPS | {f"port {port}", "models"}) - {
        "port"
    }
    assert "signal 11" in of(body, "device")[0]["message"]
    problems = {finding["check"] for finding in body["findings"] if finding["level"] == Level.PROBLEM}
    assert problems == {"device", "settings", f"port {port}"}
    assert of(body, "models")[0]["level"] == Level.WARNING


@pytest.mark.full
async def test_what_was_found_before_does_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLX_MANAGER_HOME", str(tmp_path))
    settings = MLXServerSettings()

    async def probe(*, keeps: bool) -> str:
        from mlx_manager.mlx_server.pool.pool import ModelPool

        if not keeps:
            found = [finding async for finding in examine(["demo", "no-such-model"], settings, print)]
            assert [finding.level for finding in found] == [Level.OK, Level.OK, Level.OK, Level.PROBLEM]
            assert "no-such-model" in found[3].message
            return found[0].message
        pool = ModelPool(settings.model_copy(update={"spare_worker": False}))
        try:
            demo = pool.describe("demo")
            await pool.load(demo)
            runtime = pool.runtime(demo)
            assert runtime is not None
            return runtime.batching
        finally:
            await pool.close()

    await probe(keeps=True)
    (store,) = (tmp_path / "probes").iterdir()
    store.write_text(store.read_text().replace("batches: ", "batches, as was noted: "))
    noted = store.read_text()
    assert "as was noted" in await probe(keeps=True)
    assert "as was noted" not in await probe(keeps=False)
    assert store.read_text() == noted
    assert not any("engine.worker" in " ".join(child.cmdline()) for child in psutil.Process().children())
