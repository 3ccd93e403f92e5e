"""Which models came, went, or were found to be what they should be, numbered for whoever listens."""

from collections import deque
from typing import Final

from mlx_manager.core.changes import Changes

_KEPT: Final = 64


class LibraryChanges:
    """The last changes of what is installed, in memory."""

    def __init__(self) -> None:
        self._changes = Changes()
        self._kept: deque[tuple[int, str]] = deque(maxlen=_KEPT)

    @property
    def last_number(self) -> int:
        """The number of the last change; 0 where there was none."""
        return self._changes.number

    def tell(self, model_id: str) -> None:
        """Something has changed about this model, and is so on the disk."""
        self._kept.append((self._changes.number + 1, model_id))
        self._changes.tell()

    def since(self, number: int) -> list[str | None]:
        """Whose changes came after that one, each model once; only None where some are not kept any more."""
        if number < self.last_number - len(self._kept):
            return [None]
        return list(dict.fromkeys(model_id for at, model_id in self._kept if at > number))

    async def wait(self, number: int, timeout_s: float) -> None:
        """Wait for a change after that one, at most so long."""
        await self._changes.wait(number, timeout_s)
