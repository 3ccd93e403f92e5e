"""Asking MLX what it computes on, in a process of its own: the manager never imports it."""

import asyncio
import json
import logging
import sys
from typing import Final

from mlx_manager.library.machine import Device

logger = logging.getLogger(__name__)

_PROGRAM: Final = "mlx_manager.mlx_server.engine.description"
_TIMEOUT_S: Final = 120.0


async def find_device(python: str = sys.executable) -> Device:
    """What MLX computes on here; where it does not work, what is usual for this kind of machine."""
    process = await asyncio.create_subprocess_exec(
        *(python, "-m", _PROGRAM),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        output, _ = await asyncio.wait_for(process.communicate(), _TIMEOUT_S)
        said = json.loads(output.splitlines()[-1])
        return Device(int(said["limit_bytes"]), bool(said["is_cpu"]))
    except (TimeoutError, ValueError, KeyError, IndexError):
        logger.warning("MLX does not say what it computes on; `mlx-manager doctor` tells more")
        return Device(limit_bytes=None, widens_half=sys.platform != "darwin")
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


class KnownDevice:
    """The device, asked for once and remembered: it takes a second."""

    def __init__(self) -> None:
        self._finding: asyncio.Task[Device] | None = None

    async def get(self) -> Device:
        """The device."""
        if self._finding is None or self._finding.cancelled():
            self._finding = asyncio.create_task(find_device())
        return await asyncio.shield(self._finding)

    async def close(self) -> None:
        """End the question if it still runs."""
        if self._finding is not None:
            self._finding.cancel()
            await asyncio.gather(self._finding, return_exceptions=True)
