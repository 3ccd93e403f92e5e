"""A key's limits in Anthropic's headers."""

from collections.abc import Iterator
from datetime import timedelta

from mlx_manager.core.times import utc_now
from mlx_manager.mlx_server.limits import Allowance, LimitState


def limit_headers(state: LimitState) -> dict[str, str]:
    """`anthropic-ratelimit-*`, for the limits that there are; a reset is a time, UTC."""
    return dict((*_headers("requests", state.requests), *_headers("tokens", state.tokens)))


def _headers(name: str, allowance: Allowance | None) -> Iterator[tuple[str, str]]:
    if allowance is not None:
        reset = utc_now() + timedelta(seconds=max(allowance.reset_s, 0))
        yield f"anthropic-ratelimit-{name}-limit", str(allowance.limit)
        yield f"anthropic-ratelimit-{name}-remaining", str(allowance.remaining)
        yield f"anthropic-ratelimit-{name}-reset", f"{reset:%Y-%m-%dT%H:%M:%SZ}"
