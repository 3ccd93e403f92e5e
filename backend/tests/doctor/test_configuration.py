"""Settings as the doctor reads them, and what it makes of them."""

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from mlx_manager.config import ManagerSettings
from mlx_manager.doctor.configuration import Settings, check_settings, read_settings
from mlx_manager.doctor.finding import Finding, Level
from mlx_manager.mlx_server.config import MLXServerSettings
from tests.live.server import clean_environment

# In a fresh interpreter, because both programs read their settings when they are imported.
CODE = """
import json
from mlx_manager.doctor.configuration import read_settings
settings = read_settings()
print(json.dumps([settings.faults, settings.server.port, settings.manager.port, settings.server.max_models]))
"""


def look(environ: dict[str, str], *faults: str, server: MLXServerSettings | None = None) -> list[Finding]:
    settings = Settings(server or MLXServerSettings(), ManagerSettings(), faults)
    return list(check_settings(settings, environ))


def test_defaults() -> None:
    assert [finding.level for finding in look({"PATH": "/bin"})] == [Level.OK]


def test_nonsense_is_a_fault_each_and_hides_no_other() -> None:
    env = {
        "MLX_SERVER_PORT": "eighty",
        "MLX_SERVER_MODEL_DIRS": "{not json",
        "MLX_MANAGER_PORT": "-1",
        "mlx_server_max_models": "2",
    }
    done = subprocess.run(
        [sys.executable, "-c", CODE], env=clean_environment(env), capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    faults, *values = json.loads(done.stdout)
    assert values == [8000, 8080, 2]
    assert len(faults) == 3
    for name in ("MLX_SERVER_PORT", "model_dirs", "MLX_MANAGER_PORT"):
        assert sum(name in fault for fault in faults) == 1


def test_a_fault_is_a_problem() -> None:
    (finding,) = look({}, "MLX_SERVER_PORT: no")
    assert (finding.level, finding.message) == (Level.PROBLEM, "MLX_SERVER_PORT: no")


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("MLX_SERVER_PROT", "MLX_SERVER_PORT"),
        ("MLX_MANAGER_DATABSE_URL", "MLX_MANAGER_DATABASE_URL"),
        ("MLX_SERVR_PORT", "MLX_SERVER_PORT"),
        ("MLX_SERVER_ZZZ", ""),
    ],
)
def test_a_variable_that_nobody_reads(name: str, meant: str) -> None:
    (finding,) = look({name: "1", "MLX_MAX_OPS_PER_BUFFER": "40", "MLX_MANAGER_HOME": "/tmp/x"})
    assert finding.level is Level.WARNING
    assert name in finding.message
    assert (f"did you mean {meant}?" in finding.message) == bool(meant)


def test_a_public_address_without_keys() -> None:
    public = MLXServerSettings(host="0.0.0.0", require_auth=False)
    (finding,) = look({}, server=public)
    assert finding.level is Level.PROBLEM
    assert "without a key" in finding.message
    assert [one.level for one in look({}, server=MLXServerSettings(host="0.0.0.0"))] == [Level.OK]


def test_what_is_stored_counts_and_what_is_no_good_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLX_MANAGER_HOME", str(tmp_path))
    monkeypatch.delenv("MLX_MANAGER_DATABASE_URL", raising=False)
    with closing(sqlite3.connect(tmp_path / "mlx-manager.db")) as database, database:
        database.execute("CREATE TABLE stored_settings (name TEXT PRIMARY KEY, value JSON)")
        rows = [("MLX_SERVER_PORT", "8123"), ("MLX_SERVER_MAX_MODELS", '"many"')]
        database.executemany("INSERT INTO stored_settings VALUES (?, ?)", rows)
    settings = read_settings()
    assert (settings.server.port, settings.server.max_models) == (8123, 4)
    (finding,) = [one for one in check_settings(settings, {}) if one.level is not Level.OK]
    assert finding.level is Level.WARNING
    assert "MLX_SERVER_MAX_MODELS" in finding.message
