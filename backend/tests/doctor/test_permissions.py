"""Files that others could read."""

from pathlib import Path

import pytest

from mlx_manager.doctor.finding import Finding, Level
from mlx_manager.doctor.permissions import check_permissions


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """As the programs make it."""
    folder = tmp_path / "home"
    for made in (folder, folder / "secrets", folder / "backups"):
        made.mkdir(mode=0o700)
    for file in (folder / "mlx-manager.db", folder / "secrets" / "session.key", folder / "backups" / "one"):
        file.touch(mode=0o600)
    return folder


def look(home: Path) -> list[Finding]:
    return list(check_permissions(home, home / "mlx-manager.db"))


def test_all_is_well(home: Path) -> None:
    assert [finding.level for finding in look(home)] == [Level.OK]


def test_nothing_there_yet(tmp_path: Path) -> None:
    assert [finding.level for finding in look(tmp_path / "none")] == [Level.OK]
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    ("name", "mode", "level", "advice"),
    [
        ("secrets/session.key", 0o644, Level.PROBLEM, "chmod 600"),
        ("secrets/session.key", 0o660, Level.PROBLEM, "chmod 600"),
        ("secrets", 0o755, Level.PROBLEM, "chmod 700"),
        ("mlx-manager.db", 0o640, Level.PROBLEM, "chmod 600"),
        ("backups/one", 0o604, Level.PROBLEM, "chmod 600"),
        (".", 0o755, Level.WARNING, "chmod 700"),
    ],
)
def test_what_others_can_use(home: Path, name: str, mode: int, level: Level, advice: str) -> None:
    path = home / name
    path.chmod(mode)
    (finding,) = look(home)
    assert finding.level is level
    assert f"{mode:04o}" in finding.message
    assert f"{advice} {path}" in finding.advice


def test_the_database_s_journals_count(home: Path) -> None:
    (home / "mlx-manager.db-wal").touch(mode=0o666)
    (home / "mlx-manager.db-wal").chmod(0o666)
    (finding,) = look(home)
    assert "db-wal" in finding.message


def test_a_home_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "home").touch(mode=0o600)
    assert look(tmp_path / "home")[0].level is Level.PROBLEM
