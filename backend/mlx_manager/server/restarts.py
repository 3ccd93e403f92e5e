"""When a server that has ended by itself is started again. Pure: the caller has the clock."""

from collections import deque
from typing import Final

_MOST_ENDINGS: Final = 5
_WINDOW_S: Final = 300.0
_FIRST_PAUSE_S: Final = 1.0
_LONGEST_PAUSE_S: Final = 30.0


class Restarts:
    """The endings within the last five minutes, and what follows from them.

    Attributes:
        retry_at: when the next start is due, in seconds of a monotonic clock; None where none is.
        has_failed: whether it has ended too often to be started again by itself.
        num: starts that followed an ending.
    """

    def __init__(self) -> None:
        self.retry_at: float | None = None
        self.has_failed = False
        self.num = 0
        self._endings: deque[float] = deque(maxlen=_MOST_ENDINGS)

    def note_ending(self, now: float, *, may_restart: bool) -> None:
        """It has ended, and nobody had asked it to."""
        self._endings.append(now)
        recent = [at for at in self._endings if now - at < _WINDOW_S]
        self.has_failed = not may_restart or len(recent) >= _MOST_ENDINGS
        pause_s = min(_FIRST_PAUSE_S * 2.0 ** (len(recent) - 1), _LONGEST_PAUSE_S)
        self.retry_at = None if self.has_failed else now + pause_s

    def is_due(self, now: float) -> bool:
        """Whether it may be started now."""
        return not self.has_failed and (self.retry_at is None or now >= self.retry_at)

    def note_start(self) -> None:
        """It is started."""
        self.num += self.retry_at is not None
        self.retry_at = None

    def note_running(self) -> None:
        """It listens. What was before counts on: it may end again at once."""
        self.retry_at, self.has_failed = None, False

    def forget(self) -> None:
        """Somebody has started or stopped it themselves."""
        self.retry_at, self.has_failed = None, False
        self._endings.clear()
