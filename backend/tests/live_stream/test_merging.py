"""One stream out of several: nothing is fetched before it is wanted, and one's end is everybody's."""

import asyncio
from collections.abc import AsyncGenerator

import pytest

from mlx_manager.live.merging import merged

DEADLINE_S = 30.0


class Source:
    """Counts without end, and how often it was asked."""

    def __init__(self, name: str, ends_after: int | None = None, fault: Exception | None = None) -> None:
        self.name = name
        self.num_asked = 0
        self.is_closed = False
        self._ends_after = ends_after
        self._fault = fault

    async def items(self) -> AsyncGenerator[str]:
        try:
            while self.num_asked != self._ends_after:
                self.num_asked += 1
                await asyncio.sleep(0)
                yield f"{self.name}{self.num_asked}"
            if self._fault is not None:
                raise self._fault
        finally:
            self.is_closed = True


async def silent() -> AsyncGenerator[str]:
    await asyncio.Event().wait()
    yield ""


async def always() -> bool:
    return True


async def test_a_listener_that_does_not_read_has_one_event_of_each() -> None:
    sources = [Source("a"), Source("b"), Source("c")]
    stream = merged([source.items() for source in sources], always, 1)
    assert (await anext(stream))[1:] == "1"
    for _ in range(100):
        await asyncio.sleep(0)
    assert [source.num_asked for source in sources] == [1, 1, 1]
    rest = [await anext(stream) for _ in range(50)]
    # Each in its order, none left out and none left behind.
    for name in "abc":
        numbers = [int(item[1:]) for item in rest if item[0] == name]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
        assert len(numbers) > 10
    await stream.aclose()
    assert all(source.is_closed for source in sources)


async def test_the_end_of_one_is_the_end() -> None:
    endless, short = Source("a"), Source("b", ends_after=2)
    stream = merged([endless.items(), short.items(), silent()], always, 1)
    async with asyncio.timeout(DEADLINE_S):
        found = [item async for item in stream]
    assert {"b1", "b2"} <= set(found)
    assert endless.is_closed
    assert short.is_closed


async def test_the_fault_of_one_is_raised() -> None:
    endless, broken = Source("a"), Source("b", ends_after=1, fault=OSError("away"))
    with pytest.raises(OSError, match="away"):
        async for _ in merged([endless.items(), broken.items()], always, 1):
            pass
    assert endless.is_closed


async def test_who_may_not_go_on_is_asked_while_nothing_comes() -> None:
    num_asked = 0

    async def thrice() -> bool:
        nonlocal num_asked
        num_asked += 1
        return num_asked <= 3

    async with asyncio.timeout(DEADLINE_S):
        assert [item async for item in merged([silent()], thrice, 0.01)] == []
    assert num_asked == 4


async def test_leaving_in_the_middle_closes_what_waits() -> None:
    source = Source("a")
    stream = merged([source.items(), silent()], always, 1)
    await anext(stream)
    waiting = asyncio.create_task(anext(merged([silent()], always, 1)))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await stream.aclose()
    assert source.is_closed
