"""Downloads through the manager's routes, by real workers: begun, paused, broken off, taken up, ended."""

import asyncio
import os
import signal
from typing import Any

import psutil
import pytest

from mlx_manager.db.tables import Download, DownloadStatus
from mlx_manager.downloads import service
from tests.accounts import code_of
from tests.downloads.conftest import SIZE
from tests.downloads.desk import Desk
from tests.downloads.jobs import WEIGHTS
from tests.hub_stand_in import Fault, HubStandIn, Kind, Repository, small_repository

QUEUED, RUNNING, PAUSED, WAITING, FAILED, COMPLETED, CANCELLED = DownloadStatus
LARGE = f"/large/*{WEIGHTS}"


def slow(hub: HubStandIn, num_bytes: int = 200_000) -> Fault:
    """Let weights come slowly until the fault is released."""
    return hub.fail(Kind.TRICKLE, LARGE, times=None, num_bytes=num_bytes)


def worker_pids() -> list[int]:
    """Of the workers that this process has started."""
    found = []
    for child in psutil.Process().children():
        try:
            if "mlx_manager.downloads.worker" in child.cmdline() and child.status() != psutil.STATUS_ZOMBIE:
                found.append(child.pid)
        except psutil.Error:
            continue
    return found


async def test_a_download_from_the_request_to_the_cache(running: Desk, model: Repository) -> None:
    body = (await running.ask(model.repo_id)).json()
    total = sum(len(content) for path, content in model.contents.items() if path != ".gitattributes")
    assert (body["status"], body["total_bytes"], body["commit_hash"]) == ("queued", total, model.commit)
    done = await running.until(body["id"], COMPLETED)
    assert done["done_bytes"] == total
    assert done["num_files"] == done["num_files_done"] == len(done["files"])
    assert {file["state"] for file in done["files"]} == {"done"}
    assert done["finished_at"] is not None
    running.check_published(model)
    assert not running.staging(body["id"]).exists()
    assert worker_pids() == []
    # Once more: all of it is there, and is only verified.
    running.hub.asked.clear()
    again = await running.until(await running.start(model), COMPLETED)
    assert again["done_bytes"] == total
    assert not running.hub.gets(WEIGHTS)
    for each in (body["id"], again["id"]):
        assert (await running.client.call("DELETE", f"/downloads/{each}")).status_code == 204
    assert (await running.client.get("/downloads")).json() == {"data": []}
    running.check_published(model)


async def test_paused_and_resumed_nothing_is_fetched_twice(running: Desk, model: Repository) -> None:
    fault = slow(running.hub)
    download_id = await running.start(model)
    seen = await running.until(download_id, lambda body: (body["bytes_per_s"] or 0) > 0)
    assert seen["status"] == RUNNING
    assert seen["eta_s"] > 0
    paused = await running.act(download_id, "pause")
    assert paused["status"] == PAUSED
    assert worker_pids() == []
    assert (paused["bytes_per_s"], paused["eta_s"]) == (None, None)
    (part,) = running.staging(download_id).glob("*.incomplete")
    kept = part.stat().st_size
    assert 0 < kept < SIZE
    running.check_not_offered(model)
    fault.released.set()
    assert (await running.act(download_id, "resume"))["status"] in (QUEUED, RUNNING)
    await running.until(download_id, COMPLETED)
    assert running.hub.gets(WEIGHTS, "files")[-1].range == f"bytes={kept}-"
    running.check_published(model)


async def test_what_is_cancelled_leaves_nothing_and_can_begin_anew(running: Desk, model: Repository) -> None:
    fault = slow(running.hub)
    download_id = await running.start(model)
    await running.until(download_id, lambda body: body["num_files_done"] and body["bytes_per_s"])
    cancelled = await running.act(download_id, "cancel")
    assert (cancelled["status"], cancelled["done_bytes"], cancelled["num_files_done"]) == (CANCELLED, 0, 0)
    assert worker_pids() == []
    assert not running.staging(download_id).exists()
    running.check_not_offered(model)
    fault.released.set()
    await running.act(download_id, "retry")
    await running.until(download_id, COMPLETED)
    running.check_published(model)


async def test_what_may_pass_is_tried_again_by_itself(running: Desk, model: Repository) -> None:
    running.hub.fail(Kind.STATUS, f"*{WEIGHTS}", times=2, status=503)
    running.hub.fail(Kind.CUT, LARGE, num_bytes=100_000)
    download_id = await running.start(model)
    waiting = await running.until(download_id, WAITING)
    assert waiting["error"]["code"] == "hub_unavailable"
    assert waiting["retry_at"] is not None
    assert waiting["num_attempts"] >= 1
    done = await running.until(download_id, COMPLETED)
    assert (done["error"], done["retry_at"], done["num_attempts"]) == (None, None, 0)
    assert [asked.range for asked in running.hub.gets(WEIGHTS, "files")] == [None, "bytes=100000-"]
    running.check_published(model)


async def test_after_too_many_requests_it_waits_as_long_as_the_hub_says(
    running: Desk, model: Repository
) -> None:
    running.hub.fail(Kind.STATUS, f"*{WEIGHTS}", status=429, headers={"Retry-After": "900"})
    download_id = await running.start(model)
    await running.until(download_id, WAITING)
    row = await running.row(download_id)
    assert row.retry_at is not None
    assert (row.retry_at - row.updated_at).total_seconds() > 899
    assert row.error_code == "hub_rate_limited"
    await running.act(download_id, "retry")  # somebody does not want to wait
    await running.until(download_id, COMPLETED)


async def test_it_gives_up_in_the_end(running: Desk, model: Repository) -> None:
    running.settings.download_retries = 1
    fault = running.hub.fail(Kind.STATUS, f"*{WEIGHTS}", times=None, status=500)
    download_id = await running.start(model)
    failed = await running.until(download_id, FAILED)
    assert failed["num_attempts"] == 2
    assert len(running.hub.gets(WEIGHTS, "hub")) == 2
    fault.times = 0
    assert (await running.act(download_id, "retry"))["num_attempts"] == 0
    await running.until(download_id, COMPLETED)


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (Fault(Kind.STATUS, LARGE, status=403), "hub_access_denied"),
        (Fault(Kind.WRONG_CONTENT, LARGE, times=2), "hash_mismatch"),
    ],
)
async def test_what_does_not_pass_is_not_tried_again(
    running: Desk, model: Repository, fault: Fault, code: str
) -> None:
    running.hub.faults.add(fault)
    failed = await running.until(await running.start(model), FAILED)
    assert (failed["error"]["code"], failed["retry_at"], failed["num_attempts"]) == (code, None, 1)
    running.check_not_offered(model)


async def test_a_worker_that_is_killed_is_followed_by_another(running: Desk, model: Repository) -> None:
    fault = slow(running.hub)
    download_id = await running.start(model)
    await running.until(download_id, lambda body: body["bytes_per_s"])
    (pid,) = worker_pids()
    os.kill(pid, signal.SIGKILL)
    fault.released.set()
    waiting = await running.until(download_id, lambda body: body["status"] != RUNNING)
    assert waiting["error"]["code"] == "internal_error"
    assert "-9" in waiting["error"]["message"]
    await running.until(download_id, COMPLETED)
    assert running.hub.gets(WEIGHTS, "files")[-1].range is not None
    running.check_published(model)


async def test_so_many_run_at_once_as_the_setting_says_at_any_time(running: Desk, hub: HubStandIn) -> None:
    fault = slow(hub, 20_000)
    models = [hub.add(small_repository(f"a/M{number}-4bit", num_bytes=SIZE)) for number in range(4)]
    ids = [await running.start(model) for model in models]

    async def until(expected: list[str]) -> None:
        for download_id, status in zip(ids, expected, strict=True):
            await running.until(download_id, DownloadStatus(status))
        rows = {row.id: row.status for row in await running.house.rows(Download)}
        assert [rows[download_id] for download_id in ids] == expected

    await until([RUNNING, QUEUED, QUEUED, QUEUED])
    await running.act(ids[3], "first")
    running.settings.max_parallel_downloads = 2
    await until([RUNNING, QUEUED, QUEUED, RUNNING])
    running.settings.max_parallel_downloads = 1
    # The one that was put first stays, the other one waits for its turn.
    await until([QUEUED, QUEUED, QUEUED, RUNNING])
    listed = (await running.client.get("/downloads")).json()["data"]
    assert [each["id"] for each in listed] == [ids[3], ids[0], ids[1], ids[2]]
    running.settings.max_parallel_downloads = 4
    fault.released.set()
    await until([COMPLETED] * 4)


async def test_what_is_due_and_has_no_turn_costs_nothing(
    running: Desk, hub: HubStandIn, model: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    fault = slow(hub)
    download_id = await running.start(model)
    await running.until(download_id, RUNNING)
    other = await running.start(hub.add(small_repository("a/Other-4bit")))
    async with running.house.accounts.database.session() as session:
        row = await service.find(session, other)
        service.set_status(session, row, WAITING)
        row.retry_at = row.created_at
    looks = 0
    next_retry_at = service.next_retry_at

    async def counted(*args: Any) -> Any:
        nonlocal looks
        looks += 1
        return await next_retry_at(*args)

    monkeypatch.setattr(service, "next_retry_at", counted)
    running.downloads._news()
    await running.until(download_id, lambda body: (body["bytes_per_s"] or 0) > 0)
    assert looks == 0  # while nothing more may run, nobody looks for it
    fault.released.set()
    await running.until(other, COMPLETED)


async def test_a_start_of_the_program_takes_up_what_was_under_way(desk: Desk, model: Repository) -> None:
    fault = slow(desk.hub)
    async with desk.opened():
        download_id = await desk.start(model)
        told = await desk.until(download_id, lambda body: body["num_files_done"] and body["bytes_per_s"])
    assert worker_pids() == []
    fault.released.set()
    desk.staging("dl_of_nobody").mkdir()
    async with desk.opened():
        body = await desk.view(download_id)
        assert body["done_bytes"] >= told["done_bytes"]
        assert body["num_files_done"] >= told["num_files_done"]
        assert not desk.staging("dl_of_nobody").exists()
        await desk.until(download_id, COMPLETED)
    assert (desk.hub.gets(WEIGHTS, "files")[-1].range or "").startswith("bytes=")
    desk.check_published(model)


async def test_two_cannot_bring_the_same(desk: Desk, model: Repository) -> None:
    answers = await asyncio.gather(*(desk.ask(model.repo_id) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    refused = next(answer for answer in answers if answer.status_code == 409)
    assert code_of(refused) == (409, "already_exists")
