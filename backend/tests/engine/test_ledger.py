"""The ledger's sums, and that what it admits never exceeds the budget."""

from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlx_manager.mlx_server.engine.ledger import KVLedger, KVSize, Window


@dataclass
class Held:
    most_tokens: int


def held(*lengths: int) -> list[Held]:
    return [Held(length) for length in lengths]


def test_a_batch_costs_its_rectangle_and_the_largest_a_copy() -> None:
    ledger = KVLedger(KVSize(1, 0), 0)
    one, long = ledger.row_bytes(1), ledger.row_bytes(300)
    assert (one, long) == (256, 555)  # as much as may be allocated
    assert ledger.charge([]) == 0
    assert ledger.charge([held(1)]) == one  # alone: nothing is copied
    assert ledger.charge([held(1, 300)]) == 2 * (2 * long)
    assert ledger.charge([held(1, 300), held(1, 1, 1)], held(300)) == 4 * long + 3 * one + long


def test_windows_hold_a_chunk_beside_their_own() -> None:
    size = KVSize(0, 7, (Window(100, 10),))
    assert KVLedger(size, 0).row_bytes(5000) == 1007
    assert KVLedger(size, 0, chunk_tokens=65).row_bytes(5000) == 1647


@pytest.mark.parametrize(("budget", "fits"), [(0, True), (555, True), (554, False)])
def test_what_can_never_fit(budget: int, fits: bool) -> None:
    assert KVLedger(KVSize(1, 0), budget).can_ever_fit(300) is fits


@settings(derandomize=True, deadline=None, database=None)
@given(st.lists(st.lists(st.integers(1, 3000), min_size=1, max_size=5), max_size=4), st.integers(1, 60_000))
def test_what_fits_holds_the_true_bytes(batches: list[list[int]], budget: int) -> None:
    size = KVSize(3, 11, (Window(300, 2),))
    ledger = KVLedger(size, budget)
    if ledger.fits([held(*batch) for batch in batches]):
        assert sum(len(batch) * size.used_bytes(max(batch)) for batch in batches) <= budget
