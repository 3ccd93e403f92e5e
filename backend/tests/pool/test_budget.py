"""The budget is the smallest limit that there is."""

import sys
from pathlib import Path

import psutil
import pytest

from mlx_manager.mlx_server.pool import budget
from mlx_manager.mlx_server.pool.budget import cgroup_limit_bytes, effective_budget_bytes

GB = 2**30


@pytest.mark.parametrize(
    ("first", "second", "wanted"),
    [
        ("1073741824\n", None, GB),
        ("max\n", None, None),
        ("max\n", "2147483648", 2 * GB),
        (None, "2147483648", 2 * GB),
        (None, "9223372036854771712", None),
        ("", None, None),
        ("-1", None, None),
        ("nonsense", "5", 5),
        (None, None, None),
    ],
)
def test_cgroup(tmp_path: Path, first: str | None, second: str | None, wanted: int | None) -> None:
    files = (tmp_path / "memory.max", tmp_path / "limit_in_bytes")
    for file, text in zip(files, (first, second), strict=True):
        if text is not None:
            file.write_text(text)
    assert cgroup_limit_bytes(files) == wanted


def test_an_unreadable_file_is_no_limit(tmp_path: Path) -> None:
    assert cgroup_limit_bytes((tmp_path,)) is None


def test_the_smallest_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "cgroup_limit_bytes", lambda: None)
    total = psutil.virtual_memory().total
    assert effective_budget_bytes(5) == 5
    assert effective_budget_bytes(5, 4) == 4
    assert effective_budget_bytes(5, 6) == 5
    assert effective_budget_bytes(2**80) == total
    assert effective_budget_bytes(2**80, 2**90) == total


@pytest.mark.skipif(sys.platform != "linux", reason="control groups are Linux's")
def test_the_control_group_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "cgroup_limit_bytes", lambda: 3)
    assert effective_budget_bytes(5, 4) == 3
    assert effective_budget_bytes(2, 4) == 2
