"""When memory is short, and what is said of it."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlx_manager.mlx_server.pool.watermarks import Pressure, Reading, Watermarks

GB = 2**30
CALM = Reading(
    footprint_bytes=40 * GB,
    budget_bytes=48 * GB,
    available_bytes=20 * GB,
    machine_bytes=64 * GB,
    device_active_bytes=38 * GB,
    device_limit_bytes=48 * GB,
)
LEVELS = list(Pressure)


@pytest.mark.parametrize(
    ("changes", "pressure", "words"),
    [
        ({}, Pressure.NONE, "40.00 GB of 48.00 GB, and 20.00 GB are available"),
        ({"footprint_bytes": 46 * GB}, Pressure.SOFT, "hold 46.00 GB, more than 95% of the 48.00 GB"),
        ({"footprint_bytes": 50 * GB}, Pressure.SOFT, "50.00 GB, more than 95%"),
        ({"footprint_bytes": 51 * GB}, Pressure.HARD, "51.00 GB, more than 105% of the 48.00 GB"),
        (
            {"available_bytes": 3 * GB},
            Pressure.SOFT,
            "3.00 GB are available, less than 5% of the machine's 64",
        ),
        ({"available_bytes": GB}, Pressure.HARD, "1.00 GB are available, less than 2%"),
        (
            {"device_active_bytes": 46 * GB},
            Pressure.SOFT,
            "MLX holds 46.00 GB, more than 95% of the 48.00 GB",
        ),
        ({"device_active_bytes": 48 * GB + 1}, Pressure.HARD, "MLX holds 48.00 GB, more than 100%"),
        ({"device_active_bytes": 99 * GB, "device_limit_bytes": 0}, Pressure.NONE, "not short"),
        ({"footprint_bytes": 46 * GB, "available_bytes": GB}, Pressure.HARD, "memory is short: 1.00 GB are"),
        ({"footprint_bytes": 51 * GB, "available_bytes": GB}, Pressure.HARD, "have, and 1.00 GB are"),
    ],
)
def test_examples(changes: dict[str, int], pressure: Pressure, words: str) -> None:
    reading = replace(CALM, **changes)
    assert Watermarks().judge(reading) is pressure
    assert words in Watermarks().explain(reading)
    assert "\n" not in Watermarks().explain(reading)


SIZES = st.integers(0, 100 * GB)
READINGS = st.builds(Reading, SIZES, SIZES, SIZES, SIZES, SIZES, SIZES)
SHARES = st.floats(0, 1)
WATERMARKS = st.builds(
    lambda soft, hard, left, less: Watermarks(soft, hard, left, left * less),
    st.floats(0.01, 1),
    st.floats(1, 3),
    SHARES,
    SHARES,
)
# In which direction each number makes memory shorter.
WORSE = {
    "footprint_bytes": 1,
    "budget_bytes": -1,
    "available_bytes": -1,
    "machine_bytes": 1,
    "device_active_bytes": 1,
    "device_limit_bytes": -1,
}


@pytest.mark.parametrize("name", WORSE)
@settings(derandomize=True, deadline=None, database=None)
@given(watermarks=WATERMARKS, reading=READINGS, other=SIZES)
def test_each_number_counts_in_one_direction(
    name: str, watermarks: Watermarks, reading: Reading, other: int
) -> None:
    numbers = sorted((getattr(reading, name), other), reverse=WORSE[name] < 0)
    if name == "device_limit_bytes" and 0 in numbers:
        return  # not known
    better, worse = (replace(reading, **{name: number}) for number in numbers)
    assert LEVELS.index(watermarks.judge(better)) <= LEVELS.index(watermarks.judge(worse))


@settings(derandomize=True, deadline=None, database=None)
@given(watermarks=WATERMARKS, reading=READINGS)
def test_what_is_hard_is_soft_too(watermarks: Watermarks, reading: Reading) -> None:
    hard = watermarks._reasons(reading, Pressure.HARD)
    soft = watermarks._reasons(reading, Pressure.SOFT)
    assert len(hard) <= len(soft)
    assert (watermarks.judge(reading) is Pressure.NONE) == (not soft)
    assert (watermarks.judge(reading) is Pressure.HARD) == bool(hard)


@settings(derandomize=True, deadline=None, database=None)
@given(reading=READINGS)
def test_what_is_judged_is_what_is_written_down(reading: Reading) -> None:
    def beyond(share: float, device_share: float, left: float) -> bool:
        return (
            reading.footprint_bytes > share * reading.budget_bytes
            or reading.available_bytes < left * reading.machine_bytes
            or (
                reading.device_limit_bytes > 0
                and reading.device_active_bytes > device_share * reading.device_limit_bytes
            )
        )

    wanted = Pressure.NONE
    if beyond(0.95, 0.95, 0.05):
        wanted = Pressure.HARD if beyond(1.05, 1.0, 0.02) else Pressure.SOFT
    assert Watermarks().judge(reading) is wanted


@pytest.mark.parametrize(
    "shares",
    [
        {"soft_share": 0},
        {"soft_share": 1.01},
        {"hard_share": 0.99},
        {"soft_available_share": 0.01},
        {"hard_available_share": -0.1},
        {"soft_available_share": 1.1},
        {"soft_share": float("nan")},
    ],
)
def test_watermarks_in_the_wrong_order_are_refused(shares: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="hard"):
        Watermarks(**shares)
