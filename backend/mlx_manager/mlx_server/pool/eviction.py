"""Which models make room for another. Pure."""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Candidate:
    """A resident model as the choice sees it.

    Attributes:
        reserved_bytes: what its end would free.
        last_used: when its last lease ended, in seconds of a monotonic clock.
        may_go: whether it is neither leased nor pinned, and not about to be.
    """

    key: Hashable
    reserved_bytes: int
    last_used: float
    may_go: bool


def victims(
    candidates: Iterable[Candidate], *, missing_bytes: int, missing_places: int
) -> list[Hashable] | None:
    """The least recently used models whose end frees so much; none that need not go.

    Args:
        missing_bytes: how much must be freed; zero or less is nothing.
        missing_places: how many models must go in any case.

    Returns:
        Their keys, least recently used first; None where all that may go are not enough.
    """
    chosen: list[Candidate] = []
    freed = 0
    for candidate in sorted((one for one in candidates if one.may_go), key=lambda one: one.last_used):
        if freed >= missing_bytes and len(chosen) >= missing_places:
            break
        chosen.append(candidate)
        freed += candidate.reserved_bytes
    if freed < missing_bytes or len(chosen) < missing_places:
        return None
    # A small model that was taken first is spared where a later, larger one is enough.
    for candidate in reversed(chosen[:-1]):
        if freed - candidate.reserved_bytes >= missing_bytes and len(chosen) > missing_places:
            chosen.remove(candidate)
            freed -= candidate.reserved_bytes
    return [candidate.key for candidate in chosen]
