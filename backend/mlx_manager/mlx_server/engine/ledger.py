"""What the sequences' KV caches may cost in bytes, and whether one more fits. Plain Python, no MLX."""

from collections.abc import Iterable
from typing import Final, NamedTuple, Protocol

# mlx-lm's caches grow by so many tokens at once.
GROWTH_TOKENS: Final = 256


class HasLength(Protocol):
    """What the ledger asks of a sequence."""

    @property
    def most_tokens(self) -> int:
        """Tokens of its prompt and of the longest answer that it may have."""
        ...


class Window(NamedTuple):
    """Layers that keep the last tokens only.

    Attributes:
        beside: tokens that may be allocated beyond the window itself.
    """

    tokens: int
    bytes_per_token: int
    beside: int = 0


class KVSize(NamedTuple):
    """How a sequence's caches grow.

    Attributes:
        bytes_per_token: of the layers that keep every token.
        fixed_bytes: of states that do not grow.
        windows: the layers that keep the last tokens only, by the length of their window.
    """

    bytes_per_token: int
    fixed_bytes: int
    windows: tuple[Window, ...] = ()

    @property
    def max_window_tokens(self) -> int:
        """The longest window; 0 without any."""
        return max((window.tokens for window in self.windows), default=0)

    def used_bytes(self, num_tokens: int) -> int:
        """What so many tokens fill; an estimate where a class of cache is unknown."""
        windows = sum(min(num_tokens, window.tokens) * window.bytes_per_token for window in self.windows)
        return self.fixed_bytes + num_tokens * self.bytes_per_token + windows

    def allocated_bytes(self, num_tokens: int, chunk_tokens: int = 1) -> int:
        """The most that is allocated for so many tokens, alone or as a row of a batch.

        Args:
            chunk_tokens: most tokens that are read at once; a window holds them beside its own
                until the next ones come.
        """
        grown = num_tokens + GROWTH_TOKENS - 1
        windows = sum(
            min(grown, window.tokens + window.beside + chunk_tokens - 1) * window.bytes_per_token
            for window in self.windows
        )
        return self.fixed_bytes + grown * self.bytes_per_token + windows


class KVLedger:
    """Charges each batch its rectangle, rows x longest row, at the greatest length that it may reach.

    The largest batch of several rows is charged twice: taking a row in or out copies it.

    Args:
        budget_bytes: 0 is no bound.
        chunk_tokens: most tokens of a prompt that are read at once.
    """

    def __init__(self, size: KVSize, budget_bytes: int, chunk_tokens: int = 1) -> None:
        self.size = size
        self.budget_bytes = budget_bytes
        self._chunk_tokens = chunk_tokens

    def row_bytes(self, tokens: int) -> int:
        """Bytes of one row alone."""
        return self.size.allocated_bytes(tokens, self._chunk_tokens)

    def can_ever_fit(self, tokens: int) -> bool:
        """Whether a row of so many tokens fits while nothing else is here."""
        return not self.budget_bytes or self.row_bytes(tokens) <= self.budget_bytes

    def charge(self, batches: Iterable[Iterable[HasLength]], alone: Iterable[HasLength] = ()) -> int:
        """Bytes that these batches, and these sequences that are being read, may come to hold."""
        rectangles = [[row.most_tokens for row in batch] for batch in batches]
        charges = [len(lengths) * self.row_bytes(max(lengths)) for lengths in rectangles if lengths]
        copied = [
            charge for charge, lengths in zip(charges, filter(None, rectangles), strict=True) if lengths[1:]
        ]
        return sum(charges) + max(copied, default=0) + sum(self.row_bytes(row.most_tokens) for row in alone)

    def fits(self, batches: Iterable[Iterable[HasLength]], alone: Iterable[HasLength] = ()) -> bool:
        """Whether that stays within the budget."""
        return not self.budget_bytes or self.charge(batches, alone) <= self.budget_bytes
