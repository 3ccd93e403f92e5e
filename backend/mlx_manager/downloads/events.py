"""What changes, as server-sent events: each download's view, all at first, then those that differ.

No more than four times a second; a slow listener misses steps in between and nothing is kept for it.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from typing import Final

from mlx_manager.core.server_sent_events import event
from mlx_manager.downloads.downloads import Downloads
from mlx_manager.downloads.reading import list_views
from mlx_manager.downloads.schemas import DownloadRemoved, DownloadView

_PERIOD_S: Final = 0.25
# Without news: whether the listener may stay is asked all the same, and a speed falls to nothing.
_LOOK_S: Final = 1.0


async def changes(downloads: Downloads, may_go_on: Callable[[], Awaitable[bool]]) -> AsyncIterator[bytes]:
    """The events as they are sent."""
    async for told in news(downloads, may_go_on):
        yield event(
            "download" if isinstance(told, DownloadView) else "removed", told.model_dump_json().encode()
        )


async def news(
    downloads: Downloads, may_go_on: Callable[[], Awaitable[bool]]
) -> AsyncGenerator[DownloadView | DownloadRemoved]:
    """Ends when the program stops or the listener must go."""
    told: dict[str, DownloadView] = {}
    while not downloads.is_closing and await may_go_on():
        number = downloads.changes.number
        # A listener that leaves must not break off a unit of the database.
        views = await asyncio.shield(list_views(downloads))
        current = {view.id: view for view in views}
        for download_id, view in current.items():
            if told.get(download_id) != view:
                yield view
        for download_id in told.keys() - current.keys():
            yield DownloadRemoved(id=download_id)
        told = current
        await asyncio.sleep(_PERIOD_S)
        await downloads.changes.wait(number, _LOOK_S)
