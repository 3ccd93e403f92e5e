"""Names, literals and paths that were asked for and must not drift."""

import inspect
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

import mlx_manager
from mlx_manager import config as manager_config
from mlx_manager import main as manager_main
from mlx_manager import mlx_server
from mlx_manager.mlx_server import config
from mlx_manager.mlx_server.main import app
from tests.live.server import clean_environment

BACKEND = Path(mlx_manager.__file__).parents[1]
MAIN_SOURCE = (BACKEND / "mlx_manager" / "mlx_server" / "main.py").read_text()
DEFAULTS = {
    "host": (str, "127.0.0.1"),
    "port": (int, 8000),
    "max_memory_gb": (float, 48.0),
    "max_models": (int, 4),
    "default_max_tokens": (int, 4096),
    "logfire_enabled": (bool, True),
    "logfire_token": (str | None, None),
}


def run(code: str) -> str:
    """What a fresh interpreter prints, with no setting in its environment."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=clean_environment({}),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout.strip()


def test_the_package() -> None:
    assert mlx_server.__version__ == "0.1.0"
    assert mlx_server.__doc__ == "MLX Unified Inference Server"


def test_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in DEFAULTS:
        monkeypatch.delenv(f"MLX_SERVER_{name.upper()}", raising=False)
    assert config.MLXServerSettings.model_config["env_prefix"] == "MLX_SERVER_"
    annotations = inspect.get_annotations(config.MLXServerSettings)
    fresh = config.MLXServerSettings()
    for name, (annotation, default) in DEFAULTS.items():
        assert annotations[name] == annotation
        assert getattr(fresh, name) == default
        assert type(getattr(fresh, name)) is type(default)
    assert isinstance(config.mlx_server_settings, config.MLXServerSettings)


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLX_SERVER_PORT", "8123")
    monkeypatch.setenv("MLX_SERVER_MAX_MEMORY_GB", "12.5")
    fresh = config.MLXServerSettings()
    assert (fresh.port, fresh.max_memory_gb) == (8123, 12.5)


@pytest.mark.parametrize(
    "literal",
    [
        "logfire.instrument_fastapi(app)",
        "logfire.configure(",
        'send_to_logfire="if-token-present"',
        '"MLX Server starting..."',
        '"MLX Server ready"',
        '"MLX Server shutting down..."',
        'title="MLX Inference Server"',
        'description="OpenAI-compatible inference server for MLX models"',
    ],
)
def test_literals_of_main(literal: str) -> None:
    assert literal in MAIN_SOURCE


def test_the_app() -> None:
    assert (app.title, app.version) == ("MLX Inference Server", "0.1.0")
    assert app.description == "OpenAI-compatible inference server for MLX models"


def test_main_imports_its_settings() -> None:
    assert re.search(r"from.*config.*import.*settings", MAIN_SOURCE)


@pytest.mark.parametrize(
    ("code", "printed"),
    [
        ("from mlx_manager.mlx_server import __version__; print(__version__)", "0.1.0"),
        (
            "from mlx_manager.mlx_server.config import mlx_server_settings; print(mlx_server_settings.port)",
            "8000",
        ),
        ("from mlx_manager.mlx_server.main import app; print(app.title)", "MLX Inference Server"),
    ],
)
def test_commands_print(code: str, printed: str) -> None:
    assert run(code) == printed


def test_the_manager() -> None:
    assert manager_config.ManagerSettings.model_fields["port"].default == 8080
    assert manager_config.ManagerSettings.model_config["env_prefix"] == "MLX_MANAGER_"
    with TestClient(manager_main.app) as client:
        response = client.get("/health")
    assert (response.status_code, response.json()["status"]) == (200, "healthy")


def test_the_distribution() -> None:
    project = tomllib.loads((BACKEND / "pyproject.toml").read_text())["project"]
    assert project["name"] != "mlx-manager"
    assert "mlx-manager" in project["scripts"]
