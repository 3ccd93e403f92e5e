"""Pauses between attempts to guess a password or a token."""

import ipaddress
import math
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from mlx_manager.core.errors import ApiError, ErrorCode

FREE_FAILURES_PER_NAME: Final = 5
FREE_FAILURES_PER_ADDRESS: Final = 20

_FIRST_PAUSE_S: Final = 1.0
_MAX_PAUSE_S: Final = 300.0
_FORGOTTEN_AFTER_S: Final = 3600.0
# To push a name out before its pause is over one would have to fail as often under other names, each time
# at the cost of a hash.
_MAX_KEYS: Final = 10_000


@dataclass(slots=True)
class _Tally:
    num_failures: int = 0
    num_under_way: int = 0
    last_failure_s: float = 0.0
    paused_until_s: float = 0.0


class Throttle:
    """Failures by key, with a pause that doubles with each one past those that are free.

    Args:
        num_free: so many failures have no consequence.
        clock: seconds that only grow.
    """

    def __init__(self, num_free: int, clock: Callable[[], float], max_keys: int = _MAX_KEYS) -> None:
        self._num_free = num_free
        self._clock = clock
        self._max_keys = max_keys
        self._tallies: OrderedDict[str, _Tally] = OrderedDict()

    def __len__(self) -> int:
        return len(self._tallies)

    def wait_s(self, key: str) -> float:
        """Seconds until the key may try again; 0 for at once."""
        tally = self._tallies.get(key)
        if tally is None:
            return 0.0
        now = self._clock()
        if now < tally.paused_until_s:
            return tally.paused_until_s - now
        # Attempts that are not decided yet count, or a hundred at once would all be free.
        if tally.num_under_way and tally.num_failures + tally.num_under_way >= self._num_free:
            return _FIRST_PAUSE_S
        return 0.0

    def begin(self, key: str) -> None:
        """Count an attempt as under way; `end` must follow."""
        tally = self._tallies.setdefault(key, _Tally())
        if not tally.num_under_way and self._clock() - tally.last_failure_s > _FORGOTTEN_AFTER_S:
            tally.num_failures = 0
        tally.num_under_way += 1

    def end(self, key: str, *, has_failed: bool) -> None:
        """Count the attempt as over."""
        tally = self._tallies[key]
        tally.num_under_way -= 1
        if has_failed:
            self._count_failure(tally)
            self._tallies.move_to_end(key)
        self._drop_idle(key, tally)

    def forgive(self, key: str) -> None:
        """Forget the key's failures."""
        tally = self._tallies[key]
        tally.num_failures = 0
        tally.paused_until_s = 0.0

    def _count_failure(self, tally: _Tally) -> None:
        tally.num_failures += 1
        tally.last_failure_s = self._clock()
        past_free = tally.num_failures - self._num_free
        if past_free >= 0:
            # The exponent is bounded, or a patient attacker would overflow it.
            pause_s = min(_FIRST_PAUSE_S * 2 ** min(past_free, 16), _MAX_PAUSE_S)
            tally.paused_until_s = tally.last_failure_s + pause_s

    def _drop_idle(self, key: str, tally: _Tally) -> None:
        if not tally.num_failures and not tally.num_under_way:
            del self._tallies[key]
        if len(self._tallies) > self._max_keys:
            oldest = next((name for name, one in self._tallies.items() if not one.num_under_way), None)
            if oldest is not None:
                del self._tallies[oldest]


@dataclass(slots=True)
class Attempt:
    """One attempt to prove who one is. Without a verdict (a fault of ours, say) it does not count."""

    has_failed: bool = False
    has_succeeded: bool = False


class SignInThrottle:
    """Slows down guessing, by the name that is tried and by the address from where."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._names = Throttle(FREE_FAILURES_PER_NAME, clock)
        self._addresses = Throttle(FREE_FAILURES_PER_ADDRESS, clock)

    @contextmanager
    def attempt(self, address: str, name: str | None = None) -> Iterator[Attempt]:
        """Bracket an attempt; the block states its verdict.

        Success forgives the name and not the address, whose owner may have an account among those it tries.

        Args:
            address: the client's.
            name: whose secret is tried, folded; None where it is a random token.

        Raises:
            ApiError: `sign_in_throttled`, before anything was tried.
        """
        taken = [(self._addresses, network_of(address))]
        if name is not None:
            taken.append((self._names, name))
        wait_s = max(throttle.wait_s(key) for throttle, key in taken)
        if wait_s > 0:
            raise ApiError(
                ErrorCode.SIGN_IN_THROTTLED,
                "too many attempts have failed; wait before the next",
                retry_after_s=math.ceil(wait_s),
            )
        for throttle, key in taken:
            throttle.begin(key)
        attempt = Attempt()
        try:
            yield attempt
        finally:
            if attempt.has_succeeded and name is not None:
                self._names.forgive(name)
            for throttle, key in taken:
                throttle.end(key, has_failed=attempt.has_failed)


def network_of(address: str) -> str:
    """What counts as one client: an IPv4 address, or the /64 network that one IPv6 customer has."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, 64), strict=False))
