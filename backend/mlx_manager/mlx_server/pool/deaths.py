"""How often a model's worker has died, and what follows from it. Pure: the caller has the clock."""

from collections import deque
from dataclasses import dataclass
from typing import Final

_MOST_DEATHS: Final = 3
_WINDOW_S: Final = 300.0
# Before the second start at once, before the third after this; it doubles with each death in the window.
_FIRST_PAUSE_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Death:
    """One end that nobody asked for.

    Attributes:
        at: in seconds of a monotonic clock.
        how: the exit code or signal, in words.
        stderr: the last lines that the process wrote.
    """

    at: float
    how: str
    stderr: tuple[str, ...] = ()


class DeathRecord:
    """The deaths of one model's workers within the last five minutes."""

    def __init__(self) -> None:
        self._deaths: deque[Death] = deque(maxlen=_MOST_DEATHS)

    def note(self, death: Death) -> None:
        """A worker has died."""
        self._deaths.append(death)

    def clear(self) -> None:
        """Someone has asked for the model to be loaded again."""
        self._deaths.clear()

    def failed(self, now: float) -> Death | None:
        """The last death, where there were so many that the model is not started again by itself."""
        recent = self._recent(now)
        return recent[-1] if len(recent) >= _MOST_DEATHS else None

    def may_start_at(self, now: float) -> float:
        """When the next worker may be started: `now`, or later after repeated deaths."""
        recent = self._recent(now)
        if len(recent) < 2:
            return now
        return max(now, recent[-1].at + _FIRST_PAUSE_S * 2.0 ** (len(recent) - 2))

    def _recent(self, now: float) -> list[Death]:
        return [death for death in self._deaths if now - death.at < _WINDOW_S]
