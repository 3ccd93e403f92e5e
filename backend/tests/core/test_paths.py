"""Where things are."""

import stat
from pathlib import Path

import pytest

from mlx_manager.core.paths import ensure_home, home_dir


def test_the_variable_decides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLX_MANAGER_HOME", str(tmp_path / "deep" / "home"))
    assert home_dir() == tmp_path / "deep" / "home"
    assert not home_dir().exists()
    assert ensure_home() == home_dir()
    assert stat.S_IMODE(home_dir().stat().st_mode) == 0o700
    assert ensure_home() == home_dir()


@pytest.mark.parametrize("value", [None, ""])
def test_the_users_home_is_the_default(
    value: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("MLX_MANAGER_HOME", raising=False)
    if value is not None:
        monkeypatch.setenv("MLX_MANAGER_HOME", value)
    assert home_dir() == tmp_path / ".mlx-manager"


def test_a_tilde_is_expanded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("MLX_MANAGER_HOME", "~/elsewhere")
    assert home_dir() == tmp_path / "elsewhere"
