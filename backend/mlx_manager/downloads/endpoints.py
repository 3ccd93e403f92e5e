"""`/api/v1/downloads`: looked at by everybody, changed by administrators (`access.RULES`)."""

import asyncio

from fastapi import APIRouter
from sse_starlette import EventSourceResponse
from starlette.requests import Request
from starlette.responses import Response

from mlx_manager.db.tables import Download
from mlx_manager.dependencies import AdminDep, PrincipalDep, RowId
from mlx_manager.downloads import reading, service
from mlx_manager.downloads.dependencies import DownloadsDep
from mlx_manager.downloads.events import changes
from mlx_manager.downloads.schemas import DownloadDetails, DownloadList, NewDownload
from mlx_manager.hub.details import wanted_files
from mlx_manager.hub.service import must_have_access

router = APIRouter(prefix="/api/v1/downloads", tags=["downloads"])


@router.get("")
async def list_downloads(_: PrincipalDep, downloads: DownloadsDep) -> DownloadList:
    """Every download: unfinished ones in their order, then finished ones, the last first."""
    return DownloadList(data=await reading.list_views(downloads))


@router.post("", status_code=201)
async def create(body: NewDownload, admin: AdminDep, downloads: DownloadsDep) -> DownloadDetails:
    """Put a model into the queue, at the commit that its revision is now.

    Refused at once are a model that the hub does not have or does not let this token read, one that is
    unsafe and not allowed, one that is under way already, and one that the disk has no room for.
    """
    details = await downloads.hub.details(body.repo_id, body.revision, with_card=False)
    must_have_access(details)
    files = wanted_files(details, allows_pickle=body.allow_pickle, allows_code=body.allow_code)
    row = Download(
        requested_by=admin.user_id,
        repo_id=details.model.repo_id,
        revision=body.revision,
        commit_hash=details.commit_hash,
        allows_pickle=body.allow_pickle,
        allows_code=body.allow_code,
    )
    await downloads.add(row, files)
    return await reading.get_details(downloads, row.id)


@router.get("/events", response_class=Response, responses={200: {"content": {"text/event-stream": {}}}})
async def watch(request: Request, _: PrincipalDep, downloads: DownloadsDep) -> Response:
    """Server-sent events: `download` with a `DownloadView`, `removed` with a `DownloadRemoved`.

    All downloads come at first, then those that change, at most four times a second.
    """
    stopping: asyncio.Event | None = getattr(request.app.state, "stopping", None)

    async def may_go_on() -> bool:
        is_stopping = stopping is not None and stopping.is_set()
        return not is_stopping and bool(await request.state.may_go_on())

    return EventSourceResponse(changes(downloads, may_go_on), sep="\n")


@router.get("/{download_id}")
async def get(download_id: RowId, _: PrincipalDep, downloads: DownloadsDep) -> DownloadDetails:
    """A download with its files."""
    return await reading.get_details(downloads, download_id)


@router.post("/{download_id}/pause")
async def pause(download_id: RowId, _: AdminDep, downloads: DownloadsDep) -> DownloadDetails:
    """Let it rest. What has come stays and is not fetched again."""
    await downloads.change(download_id, service.pause, ends_worker=True)
    return await reading.get_details(downloads, download_id)


@router.post("/{download_id}/resume")
async def resume(download_id: RowId, _: AdminDep, downloads: DownloadsDep) -> DownloadDetails:
    """Let a paused one go on when its turn comes."""
    await downloads.change(download_id, service.resume)
    return await reading.get_details(downloads, download_id)


@router.post("/{download_id}/cancel")
async def cancel(download_id: RowId, _: AdminDep, downloads: DownloadsDep) -> DownloadDetails:
    """Give it up; what has come is thrown away."""
    await downloads.change(download_id, service.cancel, ends_worker=True)
    return await reading.get_details(downloads, download_id)


@router.post("/{download_id}/retry")
async def retry(download_id: RowId, _: AdminDep, downloads: DownloadsDep) -> DownloadDetails:
    """Try again what has failed, or what waits to be tried, now. What was cancelled begins anew."""
    await downloads.change(download_id, service.retry)
    return await reading.get_details(downloads, download_id)


@router.post("/{download_id}/first")
async def put_first(download_id: RowId, _: AdminDep, downloads: DownloadsDep) -> DownloadDetails:
    """Let it be the next of those that wait."""
    await downloads.change(download_id, service.put_first)
    return await reading.get_details(downloads, download_id)


@router.delete("/{download_id}", status_code=204)
async def forget(download_id: RowId, _: AdminDep, downloads: DownloadsDep) -> None:
    """Forget a finished download; a model that it has brought stays."""
    await downloads.forget(download_id)
