"""Guessing is slowed down, by name and by address, on a clock of the test's own."""

import math

import pytest

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.core.security.throttle import SignInThrottle, Throttle, network_of


class Clock:
    def __init__(self) -> None:
        self.now_s = 5.0

    def __call__(self) -> float:
        return self.now_s


def fail(throttle: Throttle, key: str) -> None:
    throttle.begin(key)
    throttle.end(key, has_failed=True)


def test_the_pause_doubles_from_one_second_to_five_minutes() -> None:
    clock = Clock()
    throttle = Throttle(5, clock)
    for _ in range(4):
        fail(throttle, "ada")
        assert throttle.wait_s("ada") == 0
    pauses = []
    for _ in range(2000):  # past what a float's exponent holds
        fail(throttle, "ada")
        pauses.append(throttle.wait_s("ada"))
        clock.now_s += pauses[-1]
        assert throttle.wait_s("ada") == 0
    assert pauses[:10] == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300]
    assert set(pauses[9:]) == {300}


def test_the_pause_ends_with_time_alone() -> None:
    clock = Clock()
    throttle = Throttle(1, clock)
    fail(throttle, "ada")
    clock.now_s += 0.75
    assert throttle.wait_s("ada") == 0.25
    assert throttle.wait_s("grace") == 0


def test_an_hour_without_failure_is_a_new_start() -> None:
    clock = Clock()
    throttle = Throttle(5, clock)
    for _ in range(6):
        fail(throttle, "ada")
    clock.now_s += 3601
    fail(throttle, "ada")
    assert throttle.wait_s("ada") == 0


def test_undecided_attempts_count() -> None:
    throttle = Throttle(3, Clock())
    for _ in range(3):
        assert throttle.wait_s("ada") == 0
        throttle.begin("ada")
    assert throttle.wait_s("ada") == 1
    for _ in range(3):
        throttle.end("ada", has_failed=False)
    assert throttle.wait_s("ada") == 0
    assert len(throttle) == 0


def test_it_remembers_so_many_and_the_latest() -> None:
    throttle = Throttle(1, Clock(), max_keys=100)
    throttle.begin("under way")
    for number in range(1000):
        fail(throttle, f"name {number}")
        assert len(throttle) <= 101
    assert throttle.wait_s("name 0") == 0
    assert throttle.wait_s("name 999") == 1
    throttle.end("under way", has_failed=True)
    assert throttle.wait_s("under way") == 1


def attempt(throttle: SignInThrottle, address: str, name: str | None, *, failed: bool) -> int | None:
    """Make one attempt; returns the seconds to wait where it was refused."""
    try:
        with throttle.attempt(address, name) as this:
            this.has_failed, this.has_succeeded = failed, not failed
    except ApiError as error:
        return error.retry_after_s if error.code is ErrorCode.SIGN_IN_THROTTLED else -1
    return None


def test_twenty_failures_of_an_address_under_any_names() -> None:
    clock = Clock()
    throttle = SignInThrottle(clock)
    for number in range(20):
        assert attempt(throttle, "203.0.113.7", f"name {number}", failed=True) is None
    assert attempt(throttle, "203.0.113.7", "ada", failed=False) == 1
    assert attempt(throttle, "203.0.113.8", "ada", failed=False) is None
    clock.now_s += 1
    # Its owner may well have an account: to succeed with that forgives nothing.
    assert attempt(throttle, "203.0.113.7", "mallory", failed=False) is None
    assert attempt(throttle, "203.0.113.7", "ada", failed=True) is None
    assert attempt(throttle, "203.0.113.7", "ada", failed=True) == 2


def test_the_wait_is_told_in_whole_seconds_and_never_too_short() -> None:
    clock = Clock()
    throttle = SignInThrottle(clock)
    for _ in range(7):
        clock.now_s += 300
        attempt(throttle, "203.0.113.7", "ada", failed=True)
    clock.now_s += 0.3
    assert attempt(throttle, "203.0.113.7", "ada", failed=False) == math.ceil(4 - 0.3)


def test_a_fault_of_ours_is_nobodys_failure() -> None:
    throttle = SignInThrottle(Clock())
    for _ in range(50):
        with pytest.raises(OSError, match="disk"), throttle.attempt("203.0.113.7", "ada"):
            raise OSError("disk")
    assert attempt(throttle, "203.0.113.7", "ada", failed=False) is None


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8::1", "2001:db8::/64"),
        ("2001:DB8:0:0:ffff::2", "2001:db8::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("unix", "unix"),
    ],
)
def test_what_counts_as_one_client(address: str, network: str) -> None:
    assert network_of(address) == network
