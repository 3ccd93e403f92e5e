"""How fast bytes come, over the last seconds."""

import time
from collections import deque
from collections.abc import Callable
from typing import Final

_WINDOW_S: Final = 6.0
_LEAST_S: Final = 0.5


class SpeedMeter:
    """Counts bytes as they come.

    Args:
        clock: seconds from any start.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._started_at: float | None = None
        self._counts: deque[tuple[float, int]] = deque()
        self.num_bytes = 0

    def add(self, num_bytes: int) -> None:
        """More have come."""
        if self._started_at is None:
            self._started_at = self._clock()
        self.num_bytes += num_bytes
        self._counts.append((self._clock(), num_bytes))
        self._forget()

    @property
    def bytes_per_s(self) -> float | None:
        """Over the last seconds, or since the first bytes where that is less; None before it can be told."""
        self._forget()
        elapsed = 0.0 if self._started_at is None else min(self._clock() - self._started_at, _WINDOW_S)
        return sum(count for _, count in self._counts) / elapsed if elapsed >= _LEAST_S else None

    def _forget(self) -> None:
        oldest = self._clock() - _WINDOW_S
        while self._counts and self._counts[0][0] < oldest:
            self._counts.popleft()
