"""One stream out of several."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from typing import TypeVar

T = TypeVar("T")


async def merged(
    sources: Iterable[AsyncGenerator[T]], may_go_on: Callable[[], Awaitable[bool]], look_s: float
) -> AsyncGenerator[T]:
    """What the sources yield, as it comes; each is asked for more when what it yielded was taken.

    Ends when a source does, or when nobody may go on, which is asked at least every `look_s`; the sources
    are closed then. Raises what one of them raises.
    """
    opened = list(sources)
    # At most one event of each source is here.
    pending = {_next(source): source for source in opened}
    try:
        while await may_go_on():
            done, _ = await asyncio.wait(pending, timeout=look_s, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                source = pending.pop(task)
                try:
                    item = task.result()
                except StopAsyncIteration:
                    return
                yield item
                pending[_next(source)] = source
    finally:
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)
        for source in opened:
            await source.aclose()


def _next(source: AsyncGenerator[T]) -> "asyncio.Task[T]":
    async def take() -> T:
        return await anext(source)

    return asyncio.create_task(take())
