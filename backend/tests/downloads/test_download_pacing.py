"""How fast it goes, and when it is tried again."""

import pytest

from mlx_manager.downloads.backoff import Backoff
from mlx_manager.downloads.speed import SpeedMeter


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_the_speed_is_that_of_the_last_seconds() -> None:
    clock = Clock()
    meter = SpeedMeter(clock)
    assert meter.bytes_per_s is None
    clock.now += 50  # before the first byte: a worker's start is no speed
    meter.add(1000)
    assert meter.bytes_per_s is None
    for _ in range(10):
        clock.now += 1
        meter.add(500)
    assert meter.bytes_per_s == pytest.approx(500, rel=0.2)
    assert meter.num_bytes == 6000
    clock.now += 3
    assert meter.bytes_per_s == pytest.approx(2000 / 6)
    clock.now += 10
    assert meter.bytes_per_s == 0


def test_each_pause_is_longer_up_to_the_most() -> None:
    backoff = Backoff(first_s=2, most_s=60, jitter=0.25)
    pauses = [backoff.pause_s(attempt) for attempt in range(1, 10)]
    for attempt, pause in enumerate(pauses):
        longest = min(2 * 2**attempt, 60)
        assert longest * 0.75 <= pause <= longest
    assert backoff.pause_s(10**6) <= 60
    assert len({backoff.pause_s(3) for _ in range(20)}) > 1


def test_the_hub_may_ask_for_more_and_never_for_less() -> None:
    backoff = Backoff(first_s=2, most_s=60)
    assert backoff.pause_s(1, 900) == 900
    assert backoff.pause_s(6, 1) >= 45
