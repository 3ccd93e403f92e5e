"""The last changes, numbered, so that each reader can go on from where it was."""

from collections import deque
from typing import Any, Final

_KEPT: Final = 512


class ChangeLog:
    """A bounded list of changes; a reader that lags by more than all of it misses the oldest."""

    def __init__(self) -> None:
        self._changes: deque[tuple[int, Any]] = deque(maxlen=_KEPT)
        self.last_number = 0

    def append(self, change: Any) -> None:
        """Something has changed."""
        self.last_number += 1
        self._changes.append((self.last_number, change))

    def since(self, number: int) -> list[Any]:
        """The changes after that one, oldest first."""
        return [change for at, change in self._changes if at > number]
