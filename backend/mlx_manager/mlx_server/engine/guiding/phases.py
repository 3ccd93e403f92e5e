"""What a sequence is in the middle of, and which tokens may come next there."""

from collections.abc import Callable
from typing import Protocol

from mlx_manager.mlx_server.engine.guiding.masks import Mask


class Phase(Protocol):
    """A part of a sequence."""

    def mask(self, remaining: int) -> Mask | None:
        """The tokens that may come next; None where all may.

        Args:
            remaining: most tokens that are still to be drawn.

        Raises:
            GuideFault: nobody can tell.
        """
        ...

    def take(self, token_id: int, text: bytes) -> "Phase":
        """What comes after this token. Raises GuideFault where it should not have been drawn."""
        ...


Enter = Callable[[bytes], Phase | None]


class Over:
    """Nothing may follow."""

    def mask(self, remaining: int) -> Mask | None:
        """See `Phase`; a sequence that is over draws nothing."""
        return None

    def take(self, token_id: int, text: bytes) -> "Phase":
        """See `Phase`."""
        return self
