"""How fast bytes come, over the last seconds."""

import time
from collections import deque
from collections.abc import Callable
from typing import Final

_WINDOW_S: Final = 6.0


class SpeedMeter:
    """Counts bytes as they come.

    Args:
        clock: seconds from any start.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._started_at = clock()
        self._counts: deque[tuple[float, int]] = deque()
        self.num_bytes = 0

    def add(self, num_bytes: int) -> None:
        """More have come."""
        self.num_bytes += num_bytes
        self._counts.append((self._clock(), num_bytes))
        self._forget()

    @property
    def bytes_per_s(self) -> float:
        """Over the last seconds, or since the start where that is less."""
        self._forget()
        elapsed = min(self._clock() - self._started_at, _WINDOW_S)
        return sum(count for _, count in self._counts) / elapsed if elapsed > 0 else 0.0

    def _forget(self) -> None:
        oldest = self._clock() - _WINDOW_S
        while self._counts and self._counts[0][0] < oldest:
            self._counts.popleft()
