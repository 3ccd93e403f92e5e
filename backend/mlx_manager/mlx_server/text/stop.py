"""Stop strings: they end the text, are no part of it, and may span tokens."""

from collections.abc import Sequence


class StopScanner:
    """Holds back what may be the beginning of a stop string until it is decided.

    Args:
        stops: the strings; none of them empty.
    """

    def __init__(self, stops: Sequence[str]) -> None:
        self._stops = tuple(stops)
        self._held = ""

    def push(self, text: str) -> tuple[str, str | None]:
        """Take text; return what is certainly before any stop string, and the one that was met, if any."""
        if not self._stops:
            return text, None
        pending = self._held + text
        found = [(index + len(stop), index) for stop in self._stops if (index := pending.find(stop)) >= 0]
        if found:
            # The one that is complete first, so that the result does not depend on the chunks.
            end, start = min(found)
            self._held = ""
            return pending[:start], pending[start:end]
        keep = self._undecided(pending)
        self._held = pending[len(pending) - keep :]
        return pending[: len(pending) - keep], None

    def finish(self) -> str:
        """What was held back and turned out to be ordinary text."""
        held, self._held = self._held, ""
        return held

    def _undecided(self, pending: str) -> int:
        """Length of the longest end of `pending` that begins a stop string."""
        longest = min(len(pending), max(map(len, self._stops)) - 1)
        for length in range(longest, 0, -1):
            if any(stop.startswith(pending[-length:]) for stop in self._stops):
                return length
        return 0
