"""Where and with what a run was made."""

import ctypes.util
import os
import platform
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import psutil

_ROOT = Path(__file__).resolve().parents[2]
_PACKAGES = ("mlx", "mlx-lm", "numpy", "tokenizers", "transformers", "uvloop", "uvicorn", "fastapi")
# More than this of the machine's CPU taken by others makes numbers doubtful.
_BUSY_SHARE = 0.10
_LOAD_PER_CORE = 0.35


def describe() -> dict[str, Any]:
    """Machine, versions, commit, date and how busy the machine is now. Takes a second."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit(),
        "machine": {
            "system": platform.platform(),
            "processor": _processor(),
            "cores": os.cpu_count(),
            "memory_gb": round(psutil.virtual_memory().total / 2**30, 1),
            "blas": ctypes.util.find_library("openblas") if sys.platform == "linux" else None,
        },
        "versions": {"python": platform.python_version(), **_versions()},
        "load_average": [round(value, 2) for value in os.getloadavg()],
        "busy_share": round(psutil.cpu_percent(interval=1.0) / 100, 3),
    }


def warnings(facts: Mapping[str, Any]) -> list[str]:
    """Why numbers that are measured now would be doubtful."""
    cores = facts["machine"]["cores"] or 1
    found = []
    if facts["busy_share"] > _BUSY_SHARE:
        found.append(
            f"the machine was not idle: {facts['busy_share']:.0%} of its CPU were in use at the start"
        )
    if facts["load_average"][0] > _LOAD_PER_CORE * cores:
        found.append(f"the machine was not idle: load average {facts['load_average'][0]} at the start")
    return found


def commit() -> str:
    """The commit of the sources, marked where files differ from it; empty outside of git."""
    revision = _git("rev-parse", "--short=12", "HEAD")
    changed = _git("status", "--porcelain", "--", ".", ":!docs/benchmarks", ":!docs/pool.*")
    return revision + ("-dirty" if revision and changed else "")


def _git(*arguments: str) -> str:
    command = ["git", "-c", "safe.directory=*", *arguments]
    try:
        done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _versions() -> dict[str, str]:
    found = {}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _processor() -> str:
    if sys.platform == "darwin":
        done = subprocess.run(
            ["sysctl", "-n", "machdep.cpu.brand_string"], capture_output=True, text=True, check=False
        )
        return done.stdout.strip() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())
