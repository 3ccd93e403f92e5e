"""A process's memory as the operating system counts it, and what is left of the machine's."""

import ctypes
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from mlx_manager.core import process
from mlx_manager.core.process import available_bytes, cgroup_headroom_bytes, footprint_bytes

MB = 2**20
GB = 2**30
# Allocates so many bytes and touches each page at a line, and drops them at the next.
CHILD = """
import sys
print("ready", flush=True)
for line in sys.stdin:
    data = None
    data = bytearray(int(line))
    for start in range(0, len(data), 4096):
        data[start] = 1
    print("held", flush=True)
"""


@pytest.fixture
def child() -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", CHILD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    yield process
    process.kill()
    process.communicate()


def hold(child: subprocess.Popen[str], num_bytes: int) -> int:
    """Have the child hold so much; its footprint then."""
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write(f"{num_bytes}\n")
    child.stdin.flush()
    assert child.stdout.readline() == "held\n"
    footprint = footprint_bytes(child.pid)
    assert footprint is not None
    return footprint


def test_it_grows_and_shrinks_with_what_is_touched(child: subprocess.Popen[str]) -> None:
    before = hold(child, 0)
    assert before > MB
    assert hold(child, 64 * MB) - before == pytest.approx(64 * MB, rel=0.1)
    assert hold(child, 0) - before < 6.4 * MB


def test_a_process_that_is_gone_has_none(child: subprocess.Popen[str]) -> None:
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    if sys.platform == "linux":
        assert footprint_bytes(child.pid) is None  # nobody has asked how it ended yet
    child.wait()
    assert footprint_bytes(child.pid) is None


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
def test_pages_of_files_are_nobodys(tmp_path: Path) -> None:
    program = """
import mmap, sys
with open(sys.argv[1], "r+b") as file:
    pages = mmap.mmap(file.fileno(), 0)
assert sum(pages[start] for start in range(0, len(pages), 4096)) == 0
print("read", flush=True)
sys.stdin.read()
"""
    file = tmp_path / "weights"
    file.write_bytes(bytes(64 * MB))
    command = [sys.executable, "-c", program, str(file)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as reader:
        assert reader.stdout is not None
        assert reader.stdout.readline() == b"read\n"
        assert (footprint_bytes(reader.pid) or 0) < 40 * MB
        assert psutil.Process(reader.pid).memory_info().rss > 64 * MB
        reader.communicate()


class FakeLibproc:
    """macOS's library, as far as it is asked for."""

    def __init__(self, result: int) -> None:
        self.result = result
        self.asked: list[tuple[int, int]] = []

    def proc_pid_rusage(self, pid: ctypes.c_int, flavor: int, buffer: object) -> int:
        """Write what the kernel writes: 296 bytes, of which each number says where it stands."""
        self.asked.append((pid.value, flavor))
        numbers = (ctypes.c_uint64 * 37)(*range(37))
        ctypes.memmove(buffer, numbers, 296)  # type: ignore[arg-type]
        return self.result


def test_on_macos_it_is_the_physical_footprint(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ctypes.sizeof(process._RusageInfoV4) == 296
    library = FakeLibproc(0)
    monkeypatch.setattr(process, "_libproc", lambda: library)
    assert process._darwin_footprint(4321) == 9  # after 16 bytes of id and seven numbers
    assert library.asked == [(4321, 4)]
    monkeypatch.setattr(process, "_libproc", lambda: FakeLibproc(-1))
    assert process._darwin_footprint(4321) is None
    monkeypatch.setattr(process, "_libproc", lambda: object())
    own = process._darwin_footprint(os.getpid())
    assert own is not None
    assert own > MB


def test_elsewhere_it_is_what_is_resident(child: subprocess.Popen[str]) -> None:
    before = process._resident_bytes(child.pid)
    assert before is not None
    hold(child, 64 * MB)
    assert (process._resident_bytes(child.pid) or 0) - before == pytest.approx(64 * MB, rel=0.2)
    child.kill()
    child.wait()
    assert process._resident_bytes(child.pid) is None


def write_v2(root: Path, limit: str, used: str, file_pages: int) -> None:
    """A control group of version 2."""
    (root / "memory.max").write_text(limit)
    (root / "memory.current").write_text(used)
    statistics = f"anon 5\nfile {file_pages + 7}\nactive_file {file_pages // 2}\n"
    (root / "memory.stat").write_text(f"{statistics}inactive_file {file_pages - file_pages // 2}\n")


def write_v1(root: Path, limit: str, used: str, file_pages: int) -> None:
    """A control group of version 1, which tells its own pages and those of all below it."""
    (root / "memory").mkdir()
    (root / "memory/memory.limit_in_bytes").write_text(limit)
    (root / "memory/memory.usage_in_bytes").write_text(used)
    statistics = f"active_file 1\ninactive_file 1\ntotal_active_file {file_pages // 2}\n"
    (root / "memory/memory.stat").write_text(
        f"{statistics}total_inactive_file {file_pages - file_pages // 2}"
    )


@pytest.mark.parametrize("write", [write_v1, write_v2])
@pytest.mark.parametrize(
    ("limit", "used", "file_pages", "wanted"),
    [
        (f"{4 * GB}\n", f"{3 * GB}\n", 0, GB),
        (f"{4 * GB}", f"{3 * GB}", 2 * GB, 3 * GB),
        (f"{4 * GB}", f"{5 * GB}", 0, 0),
        (f"{4 * GB}", f"{GB}", 2 * GB, 4 * GB),
        ("max\n", f"{GB}", 0, None),
        ("9223372036854771712\n", f"{GB}", 0, None),
        ("nonsense", f"{GB}", 0, None),
        (f"{4 * GB}", "nonsense", 0, None),
    ],
)
def test_what_a_control_group_leaves(
    tmp_path: Path, write: object, limit: str, used: str, file_pages: int, wanted: int | None
) -> None:
    assert callable(write)
    write(tmp_path, limit, used, file_pages)
    assert cgroup_headroom_bytes(tmp_path) == wanted


def test_without_a_control_group_there_is_no_limit(tmp_path: Path) -> None:
    assert cgroup_headroom_bytes(tmp_path) is None


def test_the_lower_of_both_is_available(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "cgroup_headroom_bytes", lambda: None)
    assert 0 < available_bytes() < psutil.virtual_memory().total
    monkeypatch.setattr(process, "cgroup_headroom_bytes", lambda: 5)
    assert available_bytes() == (5 if sys.platform == "linux" else available_bytes())
