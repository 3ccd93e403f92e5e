"""What a machine has for models, as the server reckons it."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import psutil

from mlx_manager.core.process import available_bytes
from mlx_manager.mlx_server.config import GB, MLXServerSettings
from mlx_manager.mlx_server.pool.budget import cgroup_limit_bytes

# What a worker takes before it has a model, where no server says it: its imports, measured on Linux.
WORKER_BYTES: Final = 50 * 2**20


@dataclass(frozen=True, slots=True)
class Device:
    """What MLX computes on.

    Attributes:
        limit_bytes: most that it should hold; None where that is not known.
        widens_half: whether a worker holds half-precision weights as fp32 there, as on a CPU.
    """

    limit_bytes: int | None
    widens_half: bool


@dataclass(frozen=True, slots=True)
class MachineMemory:
    """What there is for models, and what is spoken for. All in bytes.

    Attributes:
        setting: `MLX_SERVER_MAX_MEMORY_GB`.
        machine: all memory there is.
        cgroup: the control group's limit, or None.
        device: most that the device should hold, or None where that is not known.
        available: what any process could take at this moment.
        held: what the server has promised to models and to its spare worker; 0 where it does not run.
        process: what a worker takes before it has a model.
        prefixes: what each model may keep of computed prompts.
        widens_half: whether workers hold half-precision weights as fp32.
    """

    setting: int
    machine: int
    cgroup: int | None
    device: int | None
    available: int
    held: int = 0
    process: int = WORKER_BYTES
    prefixes: int = 0
    widens_half: bool = False

    @property
    def budget(self) -> int:
        """What all models together may have: the least of the setting and the three limits."""
        limits = (self.setting, self.machine, self.cgroup, self.device)
        return min(limit for limit in limits if limit is not None)


def machine_memory(
    settings: MLXServerSettings, device: Device, server_memory: Mapping[str, Any] | None = None
) -> MachineMemory:
    """This machine's memory now.

    Args:
        server_memory: the answer of the server's `/admin/memory`, or None where it does not run.
    """
    said = server_memory or {}
    spare = said.get("spare_worker") or 0
    memory = MachineMemory(
        setting=settings.max_memory_bytes,
        machine=int(psutil.virtual_memory().total),
        cgroup=cgroup_limit_bytes() if sys.platform == "linux" else None,
        device=device.limit_bytes,
        available=available_bytes(),
        held=int(said.get("reserved") or 0),
        process=int(spare) or WORKER_BYTES,
        prefixes=int(settings.prefix_cache_gb * GB),
        widens_half=device.widens_half,
    )
    budget = int(said.get("budget") or memory.budget)
    # Its settings can be changed while it runs, and nothing else can differ.
    return memory if budget == memory.budget else replace(memory, setting=budget)
