"""A key's limits in OpenAI's headers."""

from collections.abc import Iterator

from mlx_manager.mlx_server.limits import Allowance, LimitState


def limit_headers(state: LimitState) -> dict[str, str]:
    """`x-ratelimit-*`, for the limits that there are."""
    return dict(
        (*_headers("requests", state.requests), *_headers("tokens", state.tokens)),
    )


def _headers(name: str, allowance: Allowance | None) -> Iterator[tuple[str, str]]:
    if allowance is not None:
        yield f"x-ratelimit-limit-{name}", str(allowance.limit)
        yield f"x-ratelimit-remaining-{name}", str(allowance.remaining)
        yield f"x-ratelimit-reset-{name}", f"{max(allowance.reset_s, 0):.3f}s"
