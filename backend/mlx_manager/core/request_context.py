"""The request that is being served, for whatever is logged meanwhile."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar


class _Served:
    """A request's id while it is served; None afterwards."""

    __slots__ = ("request_id",)

    def __init__(self, request_id: str) -> None:
        self.request_id: str | None = request_id


_served: ContextVar[_Served | None] = ContextVar("served_request", default=None)


@contextmanager
def serving_request(request_id: str) -> Iterator[None]:
    """Everything within belongs to this request: tasks that it starts and threads of `asyncio.to_thread` too.

    What it started and outlives it, such as a model's worker, belongs to no request afterwards.
    """
    served = _Served(request_id)
    token = _served.set(served)
    try:
        yield
    finally:
        served.request_id = None
        _served.reset(token)


def current_request_id() -> str | None:
    """The id of the request on whose behalf this runs; None where there is none."""
    served = _served.get()
    return None if served is None else served.request_id
