"""The ledger's sum never exceeds its budget, whatever order things happen in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, rule

from mlx_manager.mlx_server.pool.memory_ledger import MemoryLedger, Reservation

BYTES = st.integers(0, 2**40)
RESERVATIONS = st.builds(Reservation, BYTES, BYTES, BYTES)
BUDGETS = st.integers(0, 2**42)


class Interleavings(RuleBasedStateMachine):
    """Loads, corrections, ends and changes of the budget in any order, beside a plain table."""

    owners = Bundle("owners")

    @initialize(budget=BUDGETS)
    def begin(self, budget: int) -> None:
        self.ledger = MemoryLedger(budget)
        self.table: dict[int, Reservation] = {}
        self.count = 0

    @rule(target=owners, reservation=RESERVATIONS)
    def reserve(self, reservation: Reservation) -> int:
        self.count += 1
        fits = reservation.total <= max(self.ledger.budget_bytes - self.total, 0)
        assert self.ledger.reserve(self.count, reservation) is fits
        if fits:
            self.table[self.count] = reservation
        return self.count

    @rule(owner=owners, reservation=RESERVATIONS)
    def correct(self, owner: int, reservation: Reservation) -> None:
        if owner not in self.table:
            with pytest.raises(KeyError):
                self.ledger.correct(owner, reservation)
            return
        before, held = self.total, self.table[owner].total
        if self.ledger.correct(owner, reservation):
            self.table[owner] = reservation
        # It may always shrink; it grows only into what is free.
        allowed = reservation.total <= held or before - held + reservation.total <= self.ledger.budget_bytes
        assert (self.ledger.reservations[owner] == reservation) or not allowed

    @rule(owner=consumes(owners))
    def release(self, owner: int) -> None:
        self.ledger.release(owner)
        self.table.pop(owner, None)

    @rule(budget=BUDGETS)
    def change_budget(self, budget: int) -> None:
        self.ledger.budget_bytes = budget
        self.over = max(self.total - budget, 0)

    @rule(owner=owners)
    def reserve_twice(self, owner: int) -> None:
        if owner in self.table:
            with pytest.raises(ValueError, match="has a reservation already"):
                self.ledger.reserve(owner, Reservation(0))

    @property
    def total(self) -> int:
        return sum(each.total for each in self.table.values())

    over = 0

    @invariant()
    def never_over_the_budget(self) -> None:
        if not hasattr(self, "ledger"):
            return
        assert dict(self.ledger.reservations) == self.table
        assert self.ledger.reserved_bytes == self.total
        assert self.ledger.free_bytes == self.ledger.budget_bytes - self.total
        # Beyond it only by what was promised before it was lowered.
        assert self.total <= self.ledger.budget_bytes + self.over
        self.over = max(self.total - self.ledger.budget_bytes, 0)


TestInterleavings = Interleavings.TestCase


@given(RESERVATIONS, st.sampled_from(["weights", "kv", "prefixes"]), st.integers(max_value=-1))
def test_negative_bytes_are_a_fault(reservation: Reservation, field: str, value: int) -> None:
    values = {"weights": reservation.weights, "kv": reservation.kv, "prefixes": reservation.prefixes}
    ledger = MemoryLedger(2**60)
    with pytest.raises(ValueError, match="negative bytes"):
        ledger.reserve("a", Reservation(**values | {field: value}))
    assert not ledger.reservations
