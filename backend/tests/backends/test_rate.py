"""Events per second over a window, by a clock that stands still unless it is told."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlx_manager.mlx_server.backends.rate import Rate


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.now = 1234.5

    def __call__(self) -> float:
        return self.now


def test_what_is_older_than_the_window_is_forgotten() -> None:
    clock = Clock()
    rate = Rate(clock, window_s=5.0)
    assert rate.per_second == 0
    rate.note(30)
    rate.note(20)
    assert rate.per_second == 10
    clock.now += 4.5
    rate.note(50)
    assert rate.per_second == 20
    clock.now += 0.6
    assert rate.per_second == 10
    clock.now += 4.0
    assert rate.per_second == 10
    clock.now += 0.6
    assert rate.per_second == 0


def test_a_steady_stream_is_told_as_it_is_in_little_room() -> None:
    clock = Clock()
    rate = Rate(clock)
    for _ in range(5000):
        rate.note(3)
        clock.now += 0.002
    assert rate.per_second == pytest.approx(1500, rel=0.03)
    assert len(rate._slots) <= 50


@settings(derandomize=True, deadline=None, database=None)
@given(st.lists(st.tuples(st.floats(0, 8), st.integers(0, 9)), max_size=40))
def test_it_counts_the_window_give_or_take_a_slot(course: list[tuple[float, int]]) -> None:
    clock = Clock()
    rate, noted = Rate(clock, window_s=5.0), list[tuple[float, int]]()
    for pause_s, count in course:
        clock.now += pause_s
        rate.note(count)
        noted.append((clock.now, count))
        surely = sum(number for at, number in noted if clock.now - at < 4.9)
        perhaps = sum(number for at, number in noted if clock.now - at <= 5.0)
        assert surely / 5 - 1e-9 <= rate.per_second <= perhaps / 5 + 1e-9
