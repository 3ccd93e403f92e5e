"""The load generator's own part of the machine."""

import gc
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager


def num_cores() -> int:
    """Cores of the machine."""
    return os.cpu_count() or 1


class CpuShare:
    """This process's part of the machine while a block ran."""

    def __init__(self) -> None:
        self.value = 0.0


@contextmanager
def measured() -> Iterator[CpuShare]:
    """Measure this process's CPU time over wall time and all cores, without garbage collection."""
    share = CpuShare()
    gc.collect()
    gc.disable()
    began, cpu = time.perf_counter(), time.process_time()
    try:
        yield share
    finally:
        wall = time.perf_counter() - began
        share.value = (time.process_time() - cpu) / wall / num_cores()
        gc.enable()
