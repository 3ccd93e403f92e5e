"""What a key may take in a minute and in a day."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import pytest

from mlx_manager.core.errors import ErrorCode
from mlx_manager.core.security.principal import OWNER, KeyLimits, Principal, Role, Scope
from mlx_manager.mlx_server.limits import LimitReached, LimitState, RateLimiter
from mlx_manager.mlx_server.protocols.openai.errors import error_response
from mlx_manager.mlx_server.protocols.openai.rate_limits import limit_headers
from mlx_manager.mlx_server.request_log import RequestRecord


@dataclass
class Clock:
    """Time that moves when it is told to."""

    now: datetime = datetime(2026, 3, 1, 23, 50, tzinfo=UTC)
    seconds: float = 1000.0
    loaded: list[tuple[str, date]] = field(default_factory=list)
    used: int = 0

    def pass_s(self, seconds: float) -> None:
        self.seconds += seconds
        self.now += timedelta(seconds=seconds)

    async def load(self, key_id: str, day: date) -> int:
        self.loaded.append((key_id, day))
        return self.used


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def limiter(clock: Clock) -> RateLimiter:
    return RateLimiter(clock.load, lambda: clock.now, lambda: clock.seconds)


def with_limits(requests: int | None = None, tokens: int | None = None, key_id: str = "key_1") -> Principal:
    scopes = frozenset({Scope.INFERENCE})
    return Principal("user_1", "ada", Role.USER, scopes, key_id, limits=KeyLimits(None, requests, tokens))


def spend(limiter: RateLimiter, principal: Principal, prompt: int, completion: int) -> None:
    record = RequestRecord("req_1", principal=principal)
    record.prompt_tokens, record.completion_tokens = prompt, completion
    limiter.ended(record)


async def test_without_limits_nothing_is_counted(limiter: RateLimiter, clock: Clock) -> None:
    for principal in (OWNER, with_limits()):
        assert await limiter.admit(principal) == LimitState()
        spend(limiter, principal, 10, 10)
    assert not clock.loaded
    assert limit_headers(LimitState()) == {}


async def test_requests_of_a_minute(limiter: RateLimiter, clock: Clock) -> None:
    key = with_limits(requests=2)
    for left in (1, 0):
        state = await limiter.admit(key)
        assert state.requests is not None
        assert (state.requests.limit, state.requests.remaining) == (2, left)
        clock.pass_s(20)
    with pytest.raises(LimitReached) as refused:
        await limiter.admit(key)
    assert refused.value.code is ErrorCode.RATE_LIMIT_EXCEEDED
    assert refused.value.retry_after_s == 20  # the first of the two came 40 s ago
    await limiter.admit(with_limits(requests=2, key_id="key_2"))
    clock.pass_s(20)
    await limiter.admit(key)
    with pytest.raises(LimitReached):
        await limiter.admit(key)
    clock.pass_s(3600)
    await limiter.admit(key)


async def test_what_was_refused_does_not_count(limiter: RateLimiter, clock: Clock) -> None:
    key = with_limits(requests=1)
    await limiter.admit(key)
    for _ in range(50):
        clock.pass_s(1)
        with pytest.raises(LimitReached):
            await limiter.admit(key)
    clock.pass_s(10)
    await limiter.admit(key)


async def test_tokens_of_a_day(limiter: RateLimiter, clock: Clock) -> None:
    clock.used = 70
    key = with_limits(tokens=100)
    state = await limiter.admit(key)
    assert state.tokens is not None
    assert (state.tokens.limit, state.tokens.remaining, state.tokens.reset_s) == (100, 30, 600)
    spend(limiter, key, 20, 9)
    state = await limiter.admit(key)
    assert state.tokens is not None
    assert state.tokens.remaining == 1
    spend(limiter, key, 5, 40)
    with pytest.raises(LimitReached) as refused:
        await limiter.admit(key)
    assert refused.value.retry_after_s == 600
    assert clock.loaded == [("key_1", date(2026, 3, 1))]
    clock.used = 0
    clock.pass_s(601)
    state = await limiter.admit(key)
    assert state.tokens is not None
    assert state.tokens.remaining == 100
    assert clock.loaded[1:] == [("key_1", date(2026, 3, 2))]


async def test_a_key_whose_tokens_are_gone_keeps_its_requests(limiter: RateLimiter, clock: Clock) -> None:
    clock.used = 100
    with pytest.raises(LimitReached):
        await limiter.admit(with_limits(requests=1, tokens=100))
    await limiter.admit(with_limits(requests=1, tokens=200))


async def test_the_headers(limiter: RateLimiter, clock: Clock) -> None:
    key = with_limits(requests=1, tokens=50)
    headers = limit_headers(await limiter.admit(key))
    assert headers == {
        "x-ratelimit-limit-requests": "1",
        "x-ratelimit-remaining-requests": "0",
        "x-ratelimit-reset-requests": "60.000s",
        "x-ratelimit-limit-tokens": "50",
        "x-ratelimit-remaining-tokens": "50",
        "x-ratelimit-reset-tokens": "600.000s",
    }
    with pytest.raises(LimitReached) as refused:
        await limiter.admit(key)
    response = error_response(refused.value)
    assert response.status_code == 429
    assert response.headers["retry-after"] == "60"
    assert response.headers["x-ratelimit-remaining-requests"] == "0"
