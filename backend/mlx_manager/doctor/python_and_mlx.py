"""Python, and whether MLX is there, loads, and finds its device."""

import json
import platform
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from typing import Any, Final

from mlx_manager.doctor.finding import Finding, gigabytes, ok, problem, warning

_DISTRIBUTION: Final = "mlx-manager-suite"
_LEAST_PYTHON: Final = (3, 11)
_TIMEOUT_S: Final = 120
_REINSTALL: Final = "Install the project's dependencies anew (`make install` in its folder)."
_PROGRAM: Final = "mlx_manager.mlx_server.engine.description"


@dataclass(frozen=True, slots=True)
class Device:
    """What MLX computes on.

    Attributes:
        limit_bytes: most that it should hold.
        openblas: the kernels that OpenBLAS chose, or None where there is no OpenBLAS.
        info: what MLX says of the device.
    """

    device: str
    limit_bytes: int
    is_cpu: bool
    has_metal: bool
    openblas: str | None
    info: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Machine:
    """The kind of computer.

    Attributes:
        system: `darwin` or `linux`.
        processor: such as `arm64`, as this Python was built for.
        is_translated: whether macOS runs this process by Rosetta.
    """

    system: str
    processor: str
    python: tuple[int, int, int]
    is_translated: bool

    @classmethod
    def here(cls) -> "Machine":
        """This one."""
        python = sys.version_info[:3]
        return cls(sys.platform, platform.machine(), python, sys.platform == "darwin" and _is_translated())


def check_python(machine: Machine) -> Iterator[Finding]:
    """Its version, and on a Mac whether it is native."""
    name = f"Python {'.'.join(map(str, machine.python))} on {machine.system}, {machine.processor}"
    if machine.python[:2] < _LEAST_PYTHON:
        least = ".".join(map(str, _LEAST_PYTHON))
        yield problem("python", f"{name}: too old", f"Use Python {least} or newer.")
    elif machine.is_translated:
        advice = "Install a Python for arm64, such as `uv python install`, and the project with it."
        yield problem("python", f"{name}, translated by Rosetta: MLX has no build for it", advice)
    elif machine.system == "darwin" and machine.processor != "arm64":
        advice = "MLX needs an Apple-silicon Mac (M1 or newer), or Linux."
        yield problem("python", f"{name}: MLX has no build for Intel Macs", advice)
    else:
        yield ok("python", name)


def check_versions() -> Iterator[Finding]:
    """Which MLX is installed, and whether that is new enough."""
    for name in ("mlx", "mlx-lm"):
        try:
            installed = version(name)
        except PackageNotFoundError:
            yield problem(name, "not installed", _REINSTALL)
            continue
        least = least_version(name)
        if least is not None and _numbers(installed) < _numbers(least):
            yield problem(name, f"{installed}, and {least} is needed", _REINSTALL)
        else:
            yield ok(name, installed)


def find_device(python: str = sys.executable) -> Device | Finding:
    """Let MLX compute something in a process of its own and say on what."""
    try:
        done = subprocess.run(
            [python, "-m", _PROGRAM], capture_output=True, text=True, timeout=_TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        reason = (
            f"no answer within {_TIMEOUT_S} s" if isinstance(error, subprocess.TimeoutExpired) else str(error)
        )
        return problem("device", f"MLX cannot be tried: {reason}", _REINSTALL)
    if done.returncode == 0:
        return Device(**json.loads(done.stdout.splitlines()[-1]))
    how = f"signal {-done.returncode}" if done.returncode < 0 else f"exit code {done.returncode}"
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    reason = lines[-1].strip() if lines else how
    return problem("device", f"MLX does not work here ({how}): {reason}", _REINSTALL)


def check_device(device: Device, machine: Machine) -> Iterator[Finding]:
    """What MLX computes on, and how much it may hold there."""
    holds = f"{device.device}: MLX may hold up to {gigabytes(device.limit_bytes)}"
    if device.has_metal and not device.is_cpu:
        total = int(device.info.get("memory_size") or 0)
        share = f" of {gigabytes(total)}; that much is wired" if total else ""
        yield ok("device", f"{holds}{share} (Metal)")
    elif machine.system == "darwin":
        advice = "Run it on the machine itself and not in a virtual one; macOS 14 or newer is needed."
        yield problem("device", f"{holds}, on the CPU: Metal is not available", advice)
    elif not device.is_cpu:
        yield ok("device", f"{holds} (CUDA)")
    elif device.openblas is None:
        advice = (
            "Install it: `apt-get install libopenblas0`, or `dnf install openblas`. MLX finds it by itself."
        )
        yield warning(
            "device", f"{holds}, on the CPU, without OpenBLAS: prompts are read 30 times slower", advice
        )
    else:
        yield ok("device", f"{holds}, on the CPU, with OpenBLAS ({device.openblas})")


def least_version(name: str, distribution: str = _DISTRIBUTION) -> str | None:
    """The oldest version of a package that the project takes; None where it does not say."""
    try:
        stated = requires(distribution) or []
    except PackageNotFoundError:
        return None
    for requirement in stated:
        if (found := re.match(rf"{re.escape(name)}(?:\[\w+\])?\s*>=\s*([\d.]+)", requirement)) is not None:
            return found.group(1)
    return None


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", text)[:3])


def _is_translated() -> bool:
    """Whether macOS runs us by Rosetta; the key is absent on Macs that have none."""
    try:
        done = subprocess.run(
            ["/usr/sbin/sysctl", "-n", "sysctl.proc_translated"], capture_output=True, text=True, check=False
        )
    except OSError:
        return False
    return done.stdout.strip() == "1"
