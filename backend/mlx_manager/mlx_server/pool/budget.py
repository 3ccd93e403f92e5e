"""How many bytes all models together may hold."""

import sys
from pathlib import Path

import psutil

_CGROUP_FILES = (
    Path("/sys/fs/cgroup/memory.max"),  # version 2
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),  # version 1
)


def cgroup_limit_bytes(files: tuple[Path, ...] = _CGROUP_FILES) -> int | None:
    """The control group's memory limit, or None where there is none."""
    for file in files:
        try:
            text = file.read_text().strip()
        except OSError:
            continue
        # Version 1 writes a number near 2**63 for "no limit".
        if text.isdigit() and int(text) < 2**60:
            return int(text)
    return None


def effective_budget_bytes(setting_bytes: int, device_bytes: int | None = None) -> int:
    """The smallest of the setting, what the device can hold and the cgroup's limit.

    Args:
        setting_bytes: `MLX_SERVER_MAX_MEMORY_GB` in bytes.
        device_bytes: the device's own limit as a worker reported it; before that the machine's memory.
    """
    limits = [setting_bytes, psutil.virtual_memory().total]
    if device_bytes is not None:
        limits.append(device_bytes)
    if sys.platform == "linux" and (cgroup := cgroup_limit_bytes()) is not None:
        limits.append(cgroup)
    return min(limits)
