"""Downloads as they are now, from the database and from what runs."""

from mlx_manager.downloads import service
from mlx_manager.downloads.downloads import Downloads
from mlx_manager.downloads.schemas import DownloadDetails, DownloadView
from mlx_manager.downloads.service import FileCounts
from mlx_manager.downloads.views import details_view, download_view


async def list_views(downloads: Downloads) -> list[DownloadView]:
    """All of them, in their order."""
    async with downloads.database.reading() as session:
        rows = await service.list_all(session)
        counts = await service.count_files(session)
    return [download_view(row, counts.get(row.id, FileCounts()), *downloads.live(row.id)) for row in rows]


async def get_details(downloads: Downloads, download_id: str) -> DownloadDetails:
    """One with its files. Raises ApiError where there is none."""
    async with downloads.database.reading() as session:
        row = await service.find(session, download_id)
        files = await service.files_of(session, download_id)
    return details_view(row, files, *downloads.live(download_id))
