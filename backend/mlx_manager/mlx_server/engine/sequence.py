"""The whole state of one sequence in one object."""

from dataclasses import dataclass, field
from typing import Any

from mlx_manager.mlx_server.engine.wire import Submit


@dataclass(slots=True, eq=False)
class Sequence:
    """A request inside the engine.

    Attributes:
        cache: its own per-layer cache at batch 1 while the prompt is read; the batch's rows after.
        prefilled: prompt tokens that the cache holds.
        generated: tokens drawn so far.
    """

    request: Submit
    cache: list[Any] = field(default_factory=list)
    prefilled: int = 0
    generated: int = 0

    @property
    def sequence_id(self) -> int:
        """The server's name for it."""
        return self.request.sequence_id

    def finish_of(self, token_id: int) -> str:
        """Count a drawn token and tell whether it ends the sequence: `stop`, `length` or empty."""
        self.generated += 1
        if token_id in self.request.stop_ids:
            return "stop"
        return "length" if self.generated >= self.request.max_tokens else ""
