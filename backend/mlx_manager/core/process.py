"""What a process asks of the operating system: descriptors for itself, and how much memory is taken."""

import ctypes
import gc
import resource
import sys
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, Final

import psutil

_WANTED_DESCRIPTORS = 65_536

# Of /proc/PID/status: memory that the process alone must pay for. File pages are left out, because the
# kernel takes them back whenever it likes.
_OWN_MEMORY: Final = (b"RssAnon", b"RssShmem", b"VmSwap")
_CGROUP_ROOT: Final = Path("/sys/fs/cgroup")


@dataclass(frozen=True, slots=True)
class _CgroupFiles:
    """Where a version of control groups says what.

    Attributes:
        file_pages: keys of the statistics.
    """

    limit: str
    used: str
    statistics: str
    file_pages: tuple[str, str]


_CGROUP_VERSIONS: Final = (
    _CgroupFiles("memory.max", "memory.current", "memory.stat", ("active_file", "inactive_file")),
    _CgroupFiles(
        "memory/memory.limit_in_bytes",
        "memory/memory.usage_in_bytes",
        "memory/memory.stat",
        ("total_active_file", "total_inactive_file"),
    ),
)


def raise_descriptor_limit() -> int:
    """Raise the soft limit of open files as far as the hard limit lets us, and return it.

    macOS starts a process with 256, which a hundred streaming clients exhaust.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    target = _WANTED_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, _WANTED_DESCRIPTORS)
    # macOS reports an infinite hard limit and refuses more than kern.maxfilesperproc, so step down.
    while soft == resource.RLIM_INFINITY or target > soft:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (target, hard))
        except (ValueError, OSError):
            target //= 2
            if target < 256:
                break
        else:
            return target
    return soft


def keep_few_arenas() -> None:
    """Let threads share C's allocator on Linux: each thread's own arena keeps what others could use."""
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):  # not every libc has it
            ctypes.CDLL(None).mallopt(_M_ARENA_MAX, _NUM_ARENAS)


def footprint_bytes(pid: int) -> int | None:
    """A process's own memory by the operating system's accounting; None where the process is gone."""
    if sys.platform == "linux":
        return _linux_footprint(pid)
    if sys.platform == "darwin":
        return _darwin_footprint(pid)
    return _resident_bytes(pid)


def _resident_bytes(pid: int) -> int | None:
    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.Error:
        return None


def _linux_footprint(pid: int) -> int | None:
    try:
        status = Path(f"/proc/{pid}/status").read_bytes()
    except OSError:
        return None
    fields = dict(line.partition(b":")[::2] for line in status.splitlines())
    if b"RssAnon" in fields:
        return sum(int(fields[name].split()[0]) * 1024 for name in _OWN_MEMORY)
    if b"VmRSS" in fields:  # a kernel that does not tell one from the other
        return int(fields[b"VmRSS"].split()[0]) * 1024
    return None  # it has ended, and its parent has not asked how


class _RusageInfoV4(ctypes.Structure):
    """`struct rusage_info_v4` of macOS's <sys/resource.h>."""

    _fields_: ClassVar = [
        ("ri_uuid", ctypes.c_uint8 * 16),
        ("ri_user_time", ctypes.c_uint64),
        ("ri_system_time", ctypes.c_uint64),
        ("ri_pkg_idle_wkups", ctypes.c_uint64),
        ("ri_interrupt_wkups", ctypes.c_uint64),
        ("ri_pageins", ctypes.c_uint64),
        ("ri_wired_size", ctypes.c_uint64),
        ("ri_resident_size", ctypes.c_uint64),
        ("ri_phys_footprint", ctypes.c_uint64),
        # ri_proc_start_abstime to ri_runnable_time; the kernel writes them all.
        ("others", ctypes.c_uint64 * 27),
    ]


_RUSAGE_INFO_V4: Final = 4
_is_frozen = False
_M_ARENA_MAX: Final = -8
_NUM_ARENAS: Final = 2


@cache
def _libproc() -> Any:
    return ctypes.CDLL("/usr/lib/libproc.dylib")


def _darwin_footprint(pid: int) -> int | None:
    """What the Activity Monitor calls memory: with Metal's buffers and what is compressed, without files."""
    info = _RusageInfoV4()
    try:
        failed = _libproc().proc_pid_rusage(ctypes.c_int(pid), _RUSAGE_INFO_V4, ctypes.byref(info))
    except (OSError, AttributeError):
        return _resident_bytes(pid)
    return None if failed else int(info.ri_phys_footprint)


def give_back_memory() -> None:
    """Return to the system what was freed. C's allocator on Linux keeps it, for each thread apart.

    What was there at the first call is never looked at again by the garbage collector: modules, mostly,
    which make up nearly all of the time that a collection takes.
    """
    global _is_frozen
    if not _is_frozen:
        gc.freeze()
        _is_frozen = True
    gc.collect()
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):  # not every libc has it
            ctypes.CDLL(None).malloc_trim(0)


def available_bytes() -> int:
    """What processes may still take before the machine, or the control group that we are in, has no more."""
    available = int(psutil.virtual_memory().available)
    headroom = cgroup_headroom_bytes() if sys.platform == "linux" else None
    return available if headroom is None else min(available, headroom)


def cgroup_headroom_bytes(root: Path = _CGROUP_ROOT) -> int | None:
    """What the control group's limit leaves; None where there is no limit.

    File pages count as used there, and are no reason to worry: the kernel drops them first.
    """
    for files in _CGROUP_VERSIONS:
        try:
            limit = (root / files.limit).read_text().strip()
            used = (root / files.used).read_text().strip()
            statistics = (root / files.statistics).read_text()
        except OSError:
            continue
        # Version 1 writes a number near 2**63 for "no limit".
        if limit.isdigit() and used.isdigit() and int(limit) < 2**60:
            entries = dict(line.partition(" ")[::2] for line in statistics.splitlines())
            pages = sum(int(entries.get(key, 0)) for key in files.file_pages)
            return max(int(limit) - max(int(used) - pages, 0), 0)
    return None
