"""Files from a hub that fails in every way there is: what comes is right, or it does not come."""

import os
from pathlib import Path

import msgspec
import pytest
from huggingface_hub import snapshot_download

from mlx_manager.core.errors import ErrorCode
from mlx_manager.downloads.job import Failed, Job
from mlx_manager.downloads.places import partial_file, verified_file
from tests.downloads.conftest import SIZE
from tests.downloads.jobs import WEIGHTS, code_of_failure, job_for, publish_must, run
from tests.hub_stand_in import HubStandIn, Kind, Repository, small_repository

WHERE = f"*/{WEIGHTS}"


@pytest.fixture
def job(hub: HubStandIn, model: Repository, tmp_path: Path) -> Job:
    return job_for(hub, model, tmp_path)


def weights_of(job: Job) -> Path:
    (file,) = (file for file in job.files if file.path == WEIGHTS)
    return partial_file(job.staging, file)


def check_published(job: Job, model: Repository) -> None:
    """huggingface_hub finds it without asking anybody, byte for byte; nothing else lies about."""
    folder = snapshot_download(job.repo_id, cache_dir=job.repo_folder.parent, local_files_only=True)
    found = {str(path.relative_to(folder)) for path in Path(folder).rglob("*")}
    assert found == {file.path for file in job.files}
    for path in found:
        assert (Path(folder) / path).read_bytes() == model.contents[path]
    assert not list(job.staging.glob("*.incomplete"))


def test_a_model_is_fetched_verified_and_published(hub: HubStandIn, model: Repository, job: Job) -> None:
    heard = publish_must(job)
    check_published(job, model)
    assert heard.done == [file.path for file in job.files]
    assert ".gitattributes" not in heard.done
    assert hub.num_sent(WEIGHTS) == len(model.contents[WEIGHTS]) + len(b"Found. Redirecting")


@pytest.mark.parametrize("kind", [Kind.CUT, Kind.RESET])
def test_a_connection_that_breaks_in_mid_file_is_taken_up_there(
    hub: HubStandIn, model: Repository, job: Job, kind: Kind
) -> None:
    hub.fail(kind, f"/large/*{WEIGHTS}", num_bytes=100_000)
    last, heard = run(job)
    assert code_of_failure(last) == ErrorCode.HUB_UNAVAILABLE
    kept = weights_of(job).stat().st_size
    assert 0 < kept <= 100_000
    assert not (job.repo_folder / "snapshots").exists()
    again = publish_must(job)
    assert again.progress()[0] == kept
    assert hub.gets(WEIGHTS, "files")[-1].range == f"bytes={kept}-"
    assert hub.gets(WEIGHTS, "files")[-1].num_sent == len(model.contents[WEIGHTS]) - kept
    check_published(job, model)
    # What was verified before was not asked for again.
    others = [path for path in heard.done if path != WEIGHTS]
    assert others
    assert all(len(hub.gets(f"/{path}")) == 1 for path in others)


def test_a_connection_that_falls_silent_is_given_up(hub: HubStandIn, model: Repository, job: Job) -> None:
    hub.fail(Kind.STALL, f"/large/*{WEIGHTS}", num_bytes=50_000)
    last, _ = run(msgspec.structs.replace(job, stall_timeout_s=0.3))
    assert code_of_failure(last) == ErrorCode.HUB_UNAVAILABLE
    publish_must(job)
    assert hub.gets(WEIGHTS, "files")[-1].range == "bytes=50000-"
    check_published(job, model)


def test_a_slow_one_is_not(hub: HubStandIn, model: Repository, job: Job) -> None:
    hub.fail(Kind.TRICKLE, f"/large/*{WEIGHTS}", num_bytes=300_000)
    heard = publish_must(msgspec.structs.replace(job, stall_timeout_s=0.5))
    assert len(heard.progress()) > 10
    check_published(job, model)


def test_wrong_content_once_is_fetched_anew(hub: HubStandIn, model: Repository, job: Job) -> None:
    hub.fail(Kind.WRONG_CONTENT, f"/large/*{WEIGHTS}")
    heard = publish_must(job)
    assert 0 in heard.progress()[1:]
    assert [asked.range for asked in hub.gets(WEIGHTS, "files")] == [None, None]
    check_published(job, model)


@pytest.mark.parametrize("path", [WEIGHTS, "config.json"])
@pytest.mark.parametrize("kind", [Kind.WRONG_CONTENT, Kind.SHORT, Kind.LONG])
def test_wrong_content_twice_fails_and_nothing_of_it_stays(
    hub: HubStandIn, model: Repository, job: Job, kind: Kind, path: str
) -> None:
    where = f"/large/*{WEIGHTS}" if path == WEIGHTS else f"*/{path}"
    hub.fail(kind, where, times=2, num_bytes=10)
    last, _ = run(job)
    assert code_of_failure(last) == ErrorCode.HASH_MISMATCH
    assert isinstance(last, Failed)
    assert path in last.message
    assert not list(job.staging.glob("*.incomplete"))
    assert not (job.repo_folder / "snapshots").exists()
    publish_must(job)
    check_published(job, model)


def test_a_part_that_went_bad_on_the_disk_is_noticed(hub: HubStandIn, model: Repository, job: Job) -> None:
    job.staging.mkdir(parents=True)
    weights_of(job).write_bytes(b"\0" * 1000)
    publish_must(job)
    assert [asked.range for asked in hub.gets(WEIGHTS, "files")] == ["bytes=1000-", None]
    check_published(job, model)


@pytest.mark.parametrize("extra", [0, 1, 1000])
def test_a_part_of_all_the_bytes_or_more(hub: HubStandIn, model: Repository, job: Job, extra: int) -> None:
    job.staging.mkdir(parents=True)
    weights_of(job).write_bytes(model.contents[WEIGHTS] + b"\0" * extra)
    publish_must(job)
    assert [asked.range for asked in hub.gets(WEIGHTS, "files")] == ([] if extra == 0 else [None])
    check_published(job, model)


@pytest.mark.parametrize(
    ("kind", "ranges"),
    [(Kind.IGNORE_RANGE, ["bytes=1000-"]), (Kind.WRONG_RANGE, ["bytes=1000-", None])],
)
def test_a_hub_that_does_not_give_the_range(
    hub: HubStandIn, model: Repository, job: Job, kind: Kind, ranges: list[str | None]
) -> None:
    job.staging.mkdir(parents=True)
    weights_of(job).write_bytes(model.contents[WEIGHTS][:1000])
    hub.fail(kind, f"/large/*{WEIGHTS}")
    publish_must(job)
    assert [asked.range for asked in hub.gets(WEIGHTS, "files")] == ranges
    check_published(job, model)


def test_a_range_past_the_end(hub: HubStandIn, model: Repository, job: Job) -> None:
    job.staging.mkdir(parents=True)
    weights_of(job).write_bytes(model.contents[WEIGHTS][:-5])
    hub.fail(Kind.SHORT, f"/large/*{WEIGHTS}", num_bytes=100)
    publish_must(job)
    assert [asked.status for asked in hub.gets(WEIGHTS, "files")] == [416, 200]
    check_published(job, model)


@pytest.mark.parametrize(
    ("status", "headers", "code", "retry_after_s"),
    [
        (401, {"X-Error-Code": "GatedRepo"}, ErrorCode.HUB_ACCESS_DENIED, None),
        (401, {"X-Error-Message": "Invalid credentials in Authorization header"}, "hub_access_denied", None),
        (401, {}, ErrorCode.HUB_NOT_FOUND, None),
        (403, {"X-Error-Code": "GatedRepo"}, ErrorCode.HUB_ACCESS_DENIED, None),
        (403, {}, ErrorCode.HUB_ACCESS_DENIED, None),
        (404, {"X-Error-Code": "EntryNotFound"}, ErrorCode.HUB_NOT_FOUND, None),
        (404, {"X-Error-Code": "RepoNotFound"}, ErrorCode.HUB_NOT_FOUND, None),
        (429, {"Retry-After": "120"}, ErrorCode.HUB_RATE_LIMITED, 120),
        (429, {"RateLimit": '"resolvers";r=0;t=35'}, ErrorCode.HUB_RATE_LIMITED, 35),
        (429, {"Retry-After": "99999999"}, ErrorCode.HUB_RATE_LIMITED, 3600),
        (429, {"Retry-After": "soon"}, ErrorCode.HUB_RATE_LIMITED, 10),
        (429, {}, ErrorCode.HUB_RATE_LIMITED, 10),
        (500, {}, ErrorCode.HUB_UNAVAILABLE, None),
        (502, {}, ErrorCode.HUB_UNAVAILABLE, None),
        (503, {"Retry-After": "9"}, ErrorCode.HUB_UNAVAILABLE, 9),
    ],
)
def test_refusals_and_failures_are_told(
    hub: HubStandIn, job: Job, status: int, headers: dict[str, str], code: str, retry_after_s: int | None
) -> None:
    hub.fail(Kind.STATUS, WHERE, status=status, headers=headers)
    last, _ = run(job)
    assert isinstance(last, Failed)
    assert (last.code, last.retry_after_s) == (code, retry_after_s)


def test_the_store_may_refuse_too(hub: HubStandIn, job: Job) -> None:
    hub.fail(Kind.STATUS, f"/large/*{WEIGHTS}", status=403)
    assert code_of_failure(run(job)[0]) == ErrorCode.HUB_ACCESS_DENIED


def test_a_hub_that_is_gone(hub: HubStandIn, model: Repository, tmp_path: Path) -> None:
    job = job_for(hub, model, tmp_path, endpoint="http://127.0.0.1:1")
    assert code_of_failure(run(job)[0]) == ErrorCode.HUB_UNAVAILABLE


def test_the_token_goes_to_the_hub_and_not_where_it_redirects(
    hub: HubStandIn, tmp_path: Path, model: Repository
) -> None:
    model.gated, model.granted_to = "manual", {"hf_good"}
    publish_must(job_for(hub, model, tmp_path, token="hf_good"))
    assert {asked.token for asked in hub.asked if asked.host == "hub"} == {"hf_good"}
    assert {asked.token for asked in hub.asked if asked.host == "files"} == {None}
    model.granted_to.clear()
    refused = job_for(hub, model, tmp_path / "other", token="hf_good")
    assert code_of_failure(run(refused)[0]) == ErrorCode.HUB_ACCESS_DENIED


def test_what_the_cache_has_is_verified_and_not_fetched(
    hub: HubStandIn, model: Repository, job: Job, tmp_path: Path
) -> None:
    blobs = job.repo_folder / "blobs"
    blobs.mkdir(parents=True)
    (blobs / model.files[WEIGHTS].etag).write_bytes(model.contents[WEIGHTS])
    config = blobs / model.files["config.json"].etag
    config.write_bytes(b"x" * len(model.contents["config.json"]))  # damaged
    publish_must(job)
    assert not hub.gets(WEIGHTS)
    assert len(hub.gets("/config.json")) == 1
    check_published(job, model)


def test_a_file_that_is_empty(hub: HubStandIn, tmp_path: Path) -> None:
    repo = hub.add(small_repository("a/Empty-4bit", more={"empty.txt": b"", "also_empty.txt": b""}))
    job = job_for(hub, repo, tmp_path)
    publish_must(job)
    check_published(job, repo)


def test_the_disk_is_looked_at_while_it_fills(hub: HubStandIn, model: Repository, job: Job) -> None:
    full = msgspec.structs.replace(job, disk_floor_bytes=2**62)
    assert code_of_failure(run(full)[0]) == ErrorCode.INSUFFICIENT_DISK
    assert hub.num_sent(WEIGHTS) < SIZE
    publish_must(job)


def test_two_workers_never_write_to_one_file(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    import fcntl

    monkeypatch.setattr("mlx_manager.downloads.worker._LOCK_WITHIN_S", 0.2)
    job.staging.mkdir(parents=True)
    descriptor = os.open(job.staging / "lock", os.O_CREAT | os.O_RDWR)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        assert code_of_failure(run(job)[0]) == ErrorCode.CONFLICT
    finally:
        os.close(descriptor)
    publish_must(job)


def test_what_is_verified_waits_under_its_own_name(hub: HubStandIn, job: Job) -> None:
    hub.fail(Kind.STATUS, WHERE, status=500)
    _, heard = run(job)
    for file in job.files:
        assert verified_file(job.staging, file).exists() == (file.path in heard.done)
