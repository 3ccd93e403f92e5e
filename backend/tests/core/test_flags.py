"""A flag overrides the environment and means what the variable means."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlx_manager.mlx_server.config import MLXServerSettings
from mlx_manager.mlx_server.flags import apply_flags


@pytest.fixture(autouse=True)
def _environment_is_put_back() -> Iterator[None]:
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


def test_flags_override_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLX_SERVER_PORT", "5")
    monkeypatch.setenv("MLX_SERVER_HOST", "::1")
    settings = MLXServerSettings()
    assert settings.port == 5
    apply_flags(settings, ["--port", "0", "--model-dirs", '["~/m"]', "--log-level=debug"])
    assert (settings.port, settings.host, settings.log_level) == (0, "::1", "DEBUG")
    assert settings.model_dirs == [Path("~/m").expanduser()]


def test_no_flags_change_nothing() -> None:
    settings = MLXServerSettings()
    before = settings.model_dump()
    apply_flags(settings, [])
    assert settings.model_dump() == before


@pytest.mark.parametrize(
    "arguments",
    [
        ["--port", "99999"],
        ["--port", "x"],
        ["--model-dirs", "/m"],
        ["--log-level", "LOUD"],
        ["--no-such-flag", "1"],
        ["--logfire-token", "s3cret"],
        ["stray"],
        ["--port"],
    ],
)
def test_a_bad_flag_ends_the_program(arguments: list[str]) -> None:
    settings = MLXServerSettings()
    before = settings.model_dump()
    with pytest.raises(SystemExit) as caught:
        apply_flags(settings, arguments)
    assert caught.value.code not in (0, None)
    assert settings.model_dump() == before


def test_help_names_every_setting_but_secrets(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        apply_flags(MLXServerSettings(), ["--help"])
    assert caught.value.code == 0
    shown = capsys.readouterr().out
    for name in MLXServerSettings.model_fields:
        assert (f"--{name.replace('_', '-')}" in shown) == (name != "logfire_token")
