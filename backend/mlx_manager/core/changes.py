"""Wakes whoever waits for news."""

import asyncio
from contextlib import suppress


class Changes:
    """A number that grows with each change; for one event loop."""

    def __init__(self) -> None:
        self.number = 0
        self._event = asyncio.Event()

    def tell(self) -> None:
        """Something has changed."""
        self.number += 1
        self._event.set()
        self._event = asyncio.Event()

    async def wait(self, since: int, timeout_s: float) -> None:
        """Return once there was a change after `since`, or when the time is over."""
        if self.number == since:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._event.wait(), timeout_s)
