"""A bad value is one line that names the variable and hides the value; an unknown name is a warning."""

import os
import subprocess
import sys

import pytest
from pydantic import Field
from pydantic_settings import SettingsConfigDict

from mlx_manager.core.settings import EnvironmentSettings, InvalidSettings
from mlx_manager.mlx_server.config import MLXServerSettings


class Sample(EnvironmentSettings):
    """A few kinds of values."""

    model_config = SettingsConfigDict(env_prefix="SAMPLE_", extra="ignore")

    port: int = Field(default=1, ge=0, le=9)
    names: list[str] = Field(default_factory=list)
    token: str | None = None


def test_values_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAMPLE_PORT", "7")
    monkeypatch.setenv("SAMPLE_NAMES", '["a", "b"]')
    settings = Sample()
    assert (settings.port, settings.names, settings.token) == (7, ["a", "b"], None)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "s3cret"),
        ("PORT", "99"),
        ("PORT", ""),
        ("NAMES", "s3cret"),
        ("NAMES", '"s3cret"'),
        ("NAMES", "[1]"),
    ],
)
def test_a_bad_value_is_one_line(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"SAMPLE_{name}", value)
    with pytest.raises(InvalidSettings) as caught:
        Sample()
    assert isinstance(caught.value, SystemExit)
    line = str(caught.value)
    assert "SAMPLE_" in line
    assert name in line.upper()
    assert "\n" not in line
    assert "s3cret" not in line
    assert "99" not in line


def test_unknown_names() -> None:
    environ = {
        "SAMPLE_PROT": "1",
        "SAMPLE_PORT": "1",
        "OTHER_PORT": "1",
        "SAMPLE_ZZZZZ": "1",
        "sample_names": "",
    }
    assert list(Sample.unknown_variables(environ)) == [
        "SAMPLE_PROT is not a setting and has no effect; did you mean SAMPLE_PORT?",
        "SAMPLE_ZZZZZ is not a setting and has no effect",
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "70000"),
        ("MODEL_DIRS", "/models"),
        ("LOG_LEVEL", "LOUD"),
        ("PREFILL_CHUNK_TOKENS", "15"),
        ("MAX_MEMORY_GB", "0"),
        ("MAX_MEMORY_GB", "nan"),
        ("MAX_MEMORY_GB", "inf"),
        ("SHUTDOWN_GRACE_S", "nan"),
        ("MAX_REQUEST_BODY_MB", "inf"),
    ],
)
def test_the_servers_bounds(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"MLX_SERVER_{name}", value)
    with pytest.raises(InvalidSettings, match=f"(?i)MLX_SERVER_.*{name}"):
        MLXServerSettings()


def test_a_program_ends_with_that_line() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import mlx_manager.config"],
        env=os.environ | {"MLX_MANAGER_PORT": "s3cret"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("MLX_MANAGER_PORT: ")
    assert done.stderr.count("\n") == 1
    assert "s3cret" not in done.stderr
