"""Python and MLX as they are here, and as they would be elsewhere."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from mlx_manager.doctor.finding import Finding, Level
from mlx_manager.doctor.python_and_mlx import (
    Device,
    Machine,
    check_device,
    check_python,
    check_versions,
    find_device,
    least_version,
)

MAC = Machine("darwin", "arm64", (3, 12, 1), is_translated=False)
LINUX = Machine("linux", "x86_64", (3, 11, 7), is_translated=False)
METAL = Device("Apple M3 Max", 27 * 2**30, False, True, None, {"memory_size": 36 * 2**30})
CPU = Device("a processor", 2**33, True, False, "Haswell", {})


def only(findings: object) -> Finding:
    (finding,) = findings  # type: ignore[misc]
    return finding


def test_this_python_is_good() -> None:
    assert only(check_python(Machine.here())).level is Level.OK


@pytest.mark.parametrize(
    ("machine", "what"),
    [
        (replace(LINUX, python=(3, 10, 4)), "too old"),
        (replace(MAC, processor="x86_64", is_translated=True), "Rosetta"),
        (replace(MAC, processor="x86_64"), "Intel"),
    ],
)
def test_a_python_that_is_not(machine: Machine, what: str) -> None:
    finding = only(check_python(machine))
    assert finding.level is Level.PROBLEM
    assert what in finding.message
    assert finding.advice


def test_the_installed_versions_are_good() -> None:
    assert [finding.level for finding in check_versions()] == [Level.OK, Level.OK]
    assert least_version("mlx") == "0.32"
    assert least_version("mlx-lm") == "0.32"
    assert least_version("no-such-package") is None


def shadow(folder: Path, source: str) -> None:
    (folder / "mlx").mkdir()
    (folder / "mlx" / "__init__.py").write_text("")
    (folder / "mlx" / "core.py").write_text(source)


def find_with(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Finding:
    monkeypatch.setenv("PYTHONPATH", f"{folder}:{':'.join(filter(None, sys.path))}")
    found = find_device()
    assert isinstance(found, Finding)
    return found


def test_an_mlx_that_cannot_be_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shadow(tmp_path, "raise ImportError('libmlx.so: cannot open shared object file')")
    finding = find_with(tmp_path, monkeypatch)
    assert finding.level is Level.PROBLEM
    assert "libmlx.so" in finding.message
    assert finding.advice


def test_an_mlx_that_aborts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shadow(tmp_path, "import os; os.abort()")
    finding = find_with(tmp_path, monkeypatch)
    assert finding.level is Level.PROBLEM
    assert "signal 6" in finding.message


@pytest.mark.parametrize(
    ("device", "machine", "level", "what"),
    [
        (METAL, MAC, Level.OK, "27.0 GB of 36.0 GB"),
        (replace(METAL, is_cpu=True, has_metal=False), MAC, Level.PROBLEM, "Metal is not available"),
        (CPU, LINUX, Level.OK, "Haswell"),
        (replace(CPU, openblas=None), LINUX, Level.WARNING, "without OpenBLAS"),
        (replace(CPU, is_cpu=False, openblas=None), LINUX, Level.OK, "CUDA"),
    ],
)
def test_devices(device: Device, machine: Machine, level: Level, what: str) -> None:
    finding = only(check_device(device, machine))
    assert finding.level is level
    assert what in finding.message
    assert bool(finding.advice) == (level is not Level.OK)
