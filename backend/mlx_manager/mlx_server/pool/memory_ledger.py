"""Bytes promised to models. Pure: it knows of no process and measures nothing."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Reservation:
    """What one model may come to hold, in bytes.

    Attributes:
        weights: parameters as they are held, and what the process has beside them.
        kv: caches of the sequences that run.
        prefixes: computed prompts that are kept.
    """

    weights: int
    kv: int = 0
    prefixes: int = 0

    @property
    def total(self) -> int:
        """Their sum."""
        return self.weights + self.kv + self.prefixes


class MemoryLedger:
    """Reservations whose sum never exceeds the budget.

    A budget that is lowered below what is reserved takes effect as reservations end: until then
    nothing more is promised.
    """

    def __init__(self, budget_bytes: int) -> None:
        self.budget_bytes = budget_bytes
        self._reservations: dict[Hashable, Reservation] = {}

    @property
    def reservations(self) -> Mapping[Hashable, Reservation]:
        """What is promised, and to whom."""
        return MappingProxyType(self._reservations)

    @property
    def reserved_bytes(self) -> int:
        """The sum of all reservations."""
        return sum(reservation.total for reservation in self._reservations.values())

    @property
    def free_bytes(self) -> int:
        """What can still be promised; below zero after the budget was lowered."""
        return self.budget_bytes - self.reserved_bytes

    def reserve(self, owner: Hashable, reservation: Reservation) -> bool:
        """Promise bytes to an owner that has none; False, and nothing is changed, if they are not there."""
        if owner in self._reservations:
            raise ValueError(f"{owner} has a reservation already")
        return self._put(owner, reservation, 0)

    def correct(self, owner: Hashable, reservation: Reservation) -> bool:
        """Replace an owner's reservation by what was measured; False, and the old one stays, without room.

        Less than before is always taken, whatever the budget has become.
        """
        return self._put(owner, reservation, self._reservations[owner].total)

    def release(self, owner: Hashable) -> None:
        """End an owner's reservation, if it has one."""
        self._reservations.pop(owner, None)

    def _put(self, owner: Hashable, reservation: Reservation, held: int) -> bool:
        if min(reservation.weights, reservation.kv, reservation.prefixes) < 0:
            raise ValueError(f"negative bytes: {reservation}")
        if reservation.total > max(self.free_bytes + held, held):
            return False
        self._reservations[owner] = reservation
        return True
