"""How often something happens. Pure."""

from collections import deque
from collections.abc import Callable
from typing import Final

_SLOTS: Final = 50


class Rate:
    """Events per second over the last seconds.

    Args:
        clock: seconds; never runs backwards.
        window_s: how far back it looks. Events are let go a fiftieth of it at a time.
    """

    def __init__(self, clock: Callable[[], float], window_s: float = 5.0) -> None:
        self._clock = clock
        self._window_s = window_s
        # (slot, events in it), the newest last; bounded however many events there are.
        self._slots: deque[tuple[int, int]] = deque(maxlen=_SLOTS)

    def note(self, count: int) -> None:
        """So many events have happened now."""
        slot = self._slot()
        if self._slots and self._slots[-1][0] == slot:
            count += self._slots.pop()[1]
        self._slots.append((slot, count))

    @property
    def per_second(self) -> float:
        """Events within the window, divided by its length."""
        oldest = self._slot() - _SLOTS
        return sum(count for slot, count in self._slots if slot > oldest) / self._window_s

    def _slot(self) -> int:
        return int(self._clock() * _SLOTS / self._window_s)
