"""What one key may take: requests in a minute, tokens in a day.

Requests are counted in a window that slides; tokens of a request are known at its end, so a key whose
day's tokens are used up begins nothing more, and what runs by then is let end.
"""

import math
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from typing import Final

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.core.security.principal import Principal
from mlx_manager.core.times import utc_now
from mlx_manager.mlx_server.request_log import RequestRecord

_WINDOW_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Allowance:
    """One limit as it stands.

    Attributes:
        reset_s: seconds until there is all of it again.
    """

    limit: int
    remaining: int
    reset_s: float


@dataclass(frozen=True, slots=True)
class LimitState:
    """A key's limits as they stand; None where it has no such limit."""

    requests: Allowance | None = None
    tokens: Allowance | None = None


class LimitReached(ApiError):
    """A key has used up what it may take.

    Attributes:
        state: what it had left of each.
    """

    def __init__(self, message: str, retry_after_s: float, state: LimitState) -> None:
        super().__init__(
            ErrorCode.RATE_LIMIT_EXCEEDED, message, retry_after_s=max(1, math.ceil(retry_after_s))
        )
        self.state = state


class RateLimiter:
    """Counts what keys take; a `RequestObserver`.

    Args:
        tokens_used: tokens that a key has taken on a day so far, asked once for each key and day.
        now: the time, UTC.
        clock: seconds of a monotonic clock.
    """

    def __init__(
        self,
        tokens_used: Callable[[str, date], Awaitable[int]],
        now: Callable[[], datetime] = utc_now,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._load = tokens_used
        self._now = now
        self._clock = clock
        # When each key's requests of the last minute came.
        self._requests: dict[str, deque[float]] = {}
        self._day = now().date()
        self._tokens: dict[str, int] = {}

    async def admit(self, principal: Principal) -> LimitState:
        """Count one request of this caller, and say what is left to it.

        Raises:
            LimitReached: it may not begin now, and nothing was counted.
        """
        limits, key_id = principal.limits, principal.key_id
        if key_id is None or (limits.requests_per_minute is None and limits.tokens_per_day is None):
            return LimitState()
        if limits.tokens_per_day is not None:
            await self._load_tokens(key_id)
        self._forget_old(key_id)
        state = self._state(principal)
        if state.tokens is not None and state.tokens.remaining <= 0:
            message = f"the key has used its {state.tokens.limit} tokens for today (UTC)"
            raise LimitReached(message, state.tokens.reset_s, state)
        if state.requests is not None and state.requests.remaining <= 0:
            message = f"the key has made its {state.requests.limit} requests for this minute"
            raise LimitReached(message, self._oldest_leaves_in_s(key_id, state.requests.limit), state)
        if limits.requests_per_minute is not None:
            self._requests.setdefault(key_id, deque()).append(self._clock())
        return self._state(principal)

    def began(self, record: RequestRecord) -> None:
        """A request has come: whether it may begin is asked of `admit`."""

    def ended(self, record: RequestRecord) -> None:
        """Count what a request has taken."""
        principal = record.principal
        if principal is None or principal.key_id is None:
            return
        self._turn_day()
        if principal.key_id in self._tokens:
            self._tokens[principal.key_id] += record.prompt_tokens + record.completion_tokens

    def _state(self, principal: Principal) -> LimitState:
        limits, key_id = principal.limits, principal.key_id
        assert key_id is not None
        requests = tokens = None
        if limits.requests_per_minute is not None:
            made = self._requests.get(key_id, ())
            left = max(limits.requests_per_minute - len(made), 0)
            reset_s = made[-1] + _WINDOW_S - self._clock() if made else 0.0
            requests = Allowance(limits.requests_per_minute, left, reset_s)
        if limits.tokens_per_day is not None:
            left = max(limits.tokens_per_day - self._tokens.get(key_id, 0), 0)
            tokens = Allowance(limits.tokens_per_day, left, self._day_ends_in_s())
        return LimitState(requests, tokens)

    def _forget_old(self, key_id: str) -> None:
        made = self._requests.get(key_id)
        while made and made[0] <= self._clock() - _WINDOW_S:
            made.popleft()
        if made is not None and not made:
            del self._requests[key_id]

    def _oldest_leaves_in_s(self, key_id: str, limit: int) -> float:
        made = self._requests[key_id]
        return made[len(made) - limit] + _WINDOW_S - self._clock()

    async def _load_tokens(self, key_id: str) -> None:
        self._turn_day()
        day = self._day
        if key_id not in self._tokens:
            used = await self._load(key_id, day)
            if day == self._day:
                self._tokens.setdefault(key_id, used)

    def _turn_day(self) -> None:
        if (today := self._now().date()) != self._day:
            self._day = today
            self._tokens.clear()

    def _day_ends_in_s(self) -> float:
        midnight = datetime.combine(self._day + timedelta(days=1), time_of_day(), UTC)
        return max((midnight - self._now()).total_seconds(), 0.0)
