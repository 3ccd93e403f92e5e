"""Memory and room on disks, judged against the settings."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from mlx_manager.doctor.finding import Level
from mlx_manager.doctor.memory_and_disk import Memory, check_disk, check_memory
from mlx_manager.mlx_server.config import GB, MLXServerSettings

ROOMY = Memory(total=64 * GB, available=50 * GB, swap_total=GB, swap_used=0, cgroup_limit=None)


def found(
    memory: Memory, max_memory_gb: float = 8.0, device: int | None = None, *, stated: bool = False
) -> dict[str, tuple[Level, str]]:
    environ = {"MLX_SERVER_MAX_MEMORY_GB": str(max_memory_gb)} if stated else {}
    settings = MLXServerSettings(max_memory_gb=max_memory_gb)
    return {
        finding.check: (finding.level, finding.message)
        for finding in check_memory(memory, settings, device, environ)
    }


def test_this_machine_has_memory() -> None:
    memory = Memory.here()
    assert 0 < memory.available <= memory.total


def test_enough_and_too_little() -> None:
    assert {level for level, _ in found(ROOMY, 0.5).values()} == {Level.OK}
    short = found(replace(ROOMY, available=GB // 2), 0.5)
    assert short["memory"][0] is Level.WARNING
    assert found(replace(ROOMY, available=GB), 20.0, 20 * GB)["memory budget"][0] is Level.WARNING


def test_a_control_group_s_limit_is_told_and_counts() -> None:
    limited = found(replace(ROOMY, cgroup_limit=GB // 2), 4.0)
    assert "limited to 0.5 GB" in limited["memory"][1]
    assert limited["memory budget"][1] == "models may take 0.5 GB"


def test_a_budget_above_the_device_is_a_warning_only_where_it_was_asked_for() -> None:
    assert found(ROOMY, 8.0, GB, stated=True)["memory budget"][0] is Level.WARNING
    assert found(ROOMY, 8.0, GB)["memory budget"][0] is Level.OK


def test_room_on_disk(tmp_path: Path) -> None:
    free_gb = os.statvfs(tmp_path).f_bavail * os.statvfs(tmp_path).f_frsize / GB
    home, hub = tmp_path / "not" / "yet", tmp_path / "hub"

    def level(floor_gb: float) -> Level:
        settings = MLXServerSettings(prefix_cache_disk_floor_gb=floor_gb)
        findings = {finding.check: finding for finding in check_disk(home, hub, settings)}
        assert set(findings) == {"disk (home)", "disk (models)", "disk (prefix cache)"}
        assert str(home) in findings["disk (home)"].message
        return findings["disk (prefix cache)"].level

    assert level(0.0) is Level.OK
    assert level(free_gb * 2 + 1) is Level.WARNING
    assert not home.exists()


def test_what_is_switched_off_needs_no_room(tmp_path: Path) -> None:
    settings = MLXServerSettings(prefix_cache_disk_gb=0)
    assert [finding.check for finding in check_disk(tmp_path, None, settings)] == ["disk (home)"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_cannot_be_looked_into(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0o000)
    findings = list(check_disk(tmp_path / "closed" / "home", None, MLXServerSettings()))
    assert findings[0].level is Level.WARNING
