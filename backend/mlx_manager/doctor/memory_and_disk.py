"""How much memory there is for models, and how much room on the disks."""

import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

from mlx_manager.core.process import available_bytes
from mlx_manager.doctor.finding import Finding, Level, gigabytes, ok, warning
from mlx_manager.mlx_server.config import GB, MLXServerSettings
from mlx_manager.mlx_server.pool.budget import cgroup_limit_bytes, effective_budget_bytes

_BUDGET_VARIABLE: Final = "MLX_SERVER_MAX_MEMORY_GB"
# A small quantised model with its cache and its process.
_LEAST_BYTES: Final = GB
# Programs that are idle give way; with less than this of the budget that is not enough.
_FREE_SHARE: Final = 0.25
_LEAST_HOME_BYTES: Final = GB // 2
_LEAST_MODEL_BYTES: Final = 5 * GB


@dataclass(frozen=True, slots=True)
class Memory:
    """What the machine has.

    Attributes:
        available: what processes may still take.
        cgroup_limit: the control group's, or None.
    """

    total: int
    available: int
    swap_total: int
    swap_used: int
    cgroup_limit: int | None

    @classmethod
    def here(cls) -> "Memory":
        """This machine's."""
        swap = psutil.swap_memory()
        total = int(psutil.virtual_memory().total)
        return cls(total, available_bytes(), int(swap.total), int(swap.used), cgroup_limit_bytes())


def check_memory(
    memory: Memory,
    settings: MLXServerSettings,
    device_bytes: int | None,
    environ: Mapping[str, str] = os.environ,
) -> Iterator[Finding]:
    """What there is, and how much of it models get.

    Args:
        device_bytes: the device's own limit, or None where that is not known.
    """
    parts = [f"{gigabytes(memory.total)} in all", f"{gigabytes(memory.available)} available"]
    if memory.cgroup_limit is not None:
        parts.append(f"limited to {gigabytes(memory.cgroup_limit)} by the control group")
    if memory.swap_total:
        parts.append(f"{gigabytes(memory.swap_used)} of {gigabytes(memory.swap_total)} swap used")
    text = ", ".join(parts)
    if memory.available < _LEAST_BYTES:
        yield warning("memory", text, "Close other programs: hardly any model fits into that.")
    else:
        yield ok("memory", text)
    budget = effective_budget_bytes(settings.max_memory_bytes, device_bytes)
    if memory.cgroup_limit is not None:
        budget = min(budget, memory.cgroup_limit)
    stated = any(name.upper() == _BUDGET_VARIABLE for name in environ)
    if budget < settings.max_memory_bytes and stated:
        text = f"{_BUDGET_VARIABLE}={settings.max_memory_gb:g}, and this machine allows {gigabytes(budget)}"
        yield warning("memory budget", text, "The lower number counts; set that, or nothing.")
    elif memory.available < budget * _FREE_SHARE:
        text = f"models may take {gigabytes(budget)}, and {gigabytes(memory.available)} are free now"
        advice = f"Close other programs before you load large models, or set {_BUDGET_VARIABLE} lower."
        yield warning("memory budget", text, advice)
    else:
        yield ok("memory budget", f"models may take {gigabytes(budget)}")


def check_disk(home: Path, hub: Path | None, settings: MLXServerSettings) -> Iterator[Finding]:
    """Room in the home folder, for downloads, and for the prefix cache.

    Args:
        hub: Hugging Face's cache, or None where it is not used.
    """
    advice = "The database and the logs need room: delete something."
    yield _room("disk (home)", home, _LEAST_HOME_BYTES, advice, Level.PROBLEM)
    if hub is not None:
        advice = "Most models need more: delete some, or let HF_HOME name a folder on another disk."
        yield _room("disk (models)", hub, _LEAST_MODEL_BYTES, advice, Level.WARNING)
    if settings.prefix_cache_gb and settings.prefix_cache_disk_gb:
        floor = int(settings.prefix_cache_disk_floor_gb * GB)
        advice = (
            f"Prompts are kept on disk only above {gigabytes(floor)} of free room "
            "(MLX_SERVER_PREFIX_CACHE_DISK_FLOOR_GB); without, they are read again after a restart."
        )
        yield _room("disk (prefix cache)", home / "kv-cache", floor, advice, Level.WARNING)


def _room(check: str, folder: Path, least: int, advice: str, otherwise: Level) -> Finding:
    try:
        there = folder
        while not there.exists():
            there = there.parent  # made when it is first used
        free = shutil.disk_usage(there).free
    except OSError as error:
        return Finding(check, Level.WARNING, f"{folder}: {error.strerror}", "Make it readable for yourself.")
    text = f"{gigabytes(free)} free at {folder}"
    return ok(check, text) if free >= least else Finding(check, otherwise, text, advice)
