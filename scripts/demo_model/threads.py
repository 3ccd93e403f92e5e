# mypy: disable-error-code="import-not-found, untyped-decorator"
# PyTorch is no dependency of the project, so its types are not there when the project is checked.
"""How many threads to compute with while other programs use the machine too.

The threads of one product wait for each other, so at a low priority a single core that is busy with something
else would stop all of them; one thread fewer is then several times faster.
"""

from pathlib import Path

import torch

STAT = Path("/proc/stat")
BUSY_CORES = 0.3


class Threads:
    """Looks at each step what others used during the last one. Elsewhere than on Linux it changes nothing."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.last = self.read()
        torch.set_num_threads(most)

    @staticmethod
    def read() -> list[int]:
        """Time since the start of the machine: user, nice (this program, when niced), system, idle, …"""
        return [int(text) for text in STAT.read_text().split("\n", 1)[0].split()[1:]] if STAT.exists() else []

    def tune(self) -> None:
        now = self.read()
        spent = [new - old for new, old in zip(now, self.last, strict=True)]
        self.last = now
        if sum(spent):
            others = spent[0] / sum(spent) * self.cores()
            torch.set_num_threads(max(1, self.most - 1) if others > BUSY_CORES else self.most)

    @staticmethod
    def cores() -> int:
        return STAT.read_text().count("\ncpu")
