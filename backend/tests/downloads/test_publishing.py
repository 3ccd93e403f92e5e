"""Into Hugging Face's cache: whole or not at all, and again after it was broken off anywhere."""

import os
from pathlib import Path

import msgspec
import pytest
from huggingface_hub import scan_cache_dir, snapshot_download
from huggingface_hub.errors import LocalEntryNotFoundError

from mlx_manager.core.errors import ErrorCode
from mlx_manager.downloads import publishing
from mlx_manager.downloads.job import Job, Published
from mlx_manager.downloads.places import remove_staging
from mlx_manager.mlx_server.pool.catalogue import Catalogue
from mlx_manager.mlx_server.pool.sources import candidates
from tests.downloads.jobs import WEIGHTS, code_of_failure, job_for, publish_must, run
from tests.hub_stand_in import HubStandIn, Kind, Repository, demo_repository


@pytest.fixture
def job(hub: HubStandIn, model: Repository, tmp_path: Path) -> Job:
    return job_for(hub, model, tmp_path)


def snapshot(job: Job, revision: str = "main") -> Path:
    """Where huggingface_hub finds it, without asking anybody."""
    cache = job.repo_folder.parent
    return Path(snapshot_download(job.repo_id, revision=revision, cache_dir=cache, local_files_only=True))


def check_whole(job: Job, model: Repository, revision: str = "main") -> None:
    folder = snapshot(job, revision)
    for file in job.files:
        assert (folder / file.path).read_bytes() == model.contents[file.path]


def test_the_cache_is_as_huggingface_hub_writes_it(job: Job, model: Repository) -> None:
    publish_must(job)
    remove_staging(job.repo_folder.parent, job.staging.name)
    report = scan_cache_dir(job.repo_folder.parent)
    assert not report.warnings
    (repo,) = report.repos
    (revision,) = repo.revisions
    assert (revision.commit_hash, set(revision.refs)) == (model.commit, {"main"})
    assert {file.file_name for file in revision.files} == {file.path for file in job.files}
    for file in revision.files:
        assert os.readlink(file.file_path).startswith("../../blobs/")


def test_nobody_is_offered_what_is_on_its_way(hub: HubStandIn, tmp_path: Path) -> None:
    demo = hub.add(demo_repository("a/Demo"))
    job = job_for(hub, demo, tmp_path)
    cache = job.repo_folder.parent

    def offered() -> list[str]:
        return [model.model_id for model in Catalogue([], hub=cache).list()]

    hub.fail(Kind.CUT, f"/large/*{WEIGHTS}", num_bytes=1_000_000)
    run(job)
    assert offered() == ["demo"]
    assert len(list(candidates([], demo=tmp_path, hub=cache))) == 1  # the demo's folder alone
    with pytest.raises(LocalEntryNotFoundError):
        snapshot(job)
    publish_must(job)
    assert offered() == ["demo", "a/Demo"]


@pytest.mark.parametrize("step", ["_publish_content", "_link", "_sync", "_write_ref"])
def test_broken_off_anywhere_it_is_done_again(
    job: Job, model: Repository, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = getattr(publishing, step)
    calls = []

    def breaks_off(*args: object, **kwargs: object) -> object:
        calls.append(args)
        if len(calls) == 2 or step in ("_sync", "_write_ref"):
            raise OSError(28, "No space left on device", "somewhere")
        return done(*args, **kwargs)

    with monkeypatch.context() as patched:
        patched.setattr(publishing, step, breaks_off)
        assert code_of_failure(run(job)[0]) == ErrorCode.INSUFFICIENT_DISK
    assert not (job.repo_folder / "refs").exists()
    assert publish_must(job).progress() == []  # nothing is fetched again
    check_whole(job, model)


def test_the_old_revision_counts_until_the_new_one_is_whole(
    hub: HubStandIn, model: Repository, tmp_path: Path
) -> None:
    old = job_for(hub, model, tmp_path)
    publish_must(old)
    before = model.commit
    newer = Repository(model.repo_id, {**model.contents, WEIGHTS: model.contents[WEIGHTS] + b" " * 8})
    hub.add(newer)
    job = job_for(hub, newer, tmp_path)
    hub.fail(Kind.CUT, f"/large/*{WEIGHTS}", num_bytes=1000)
    run(job)
    assert snapshot(job).name == before
    publish_must(job)
    assert snapshot(job).name == newer.commit
    assert hub.gets("/tokenizer.json") == []  # the same as before
    check_whole(job, newer)


@pytest.mark.parametrize("revision", ["v1.0", "refs/pr/1", "commit"])
def test_the_ref_is_that_of_the_revision_that_was_asked_for(
    hub: HubStandIn, model: Repository, job: Job, revision: str
) -> None:
    asked = model.commit if revision == "commit" else revision
    asked_job = msgspec.structs.replace(job, revision=asked)
    publish_must(asked_job)
    check_whole(asked_job, model, asked)
    refs = [path for path in (job.repo_folder / "refs").rglob("*") if path.is_file()]
    assert [path.relative_to(job.repo_folder / "refs").as_posix() for path in refs] == (
        [] if revision == "commit" else [asked]
    )


def test_a_snapshot_that_another_program_began_is_completed(job: Job, model: Repository) -> None:
    folder = job.repo_folder / "snapshots" / job.commit_hash
    folder.mkdir(parents=True)
    (folder / "config.json").write_bytes(b"not the file")
    (folder / "tokenizer.json").write_bytes(model.contents["tokenizer.json"])
    (folder / "README.md").symlink_to("../../blobs/gone")
    publish_must(job)
    check_whole(job, model)


def test_a_filesystem_without_links(job: Job, model: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(1, "Operation not permitted")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "symlink_to", refuse)
        publish_must(job)
        check_whole(job, model)
        assert not (snapshot(job) / WEIGHTS).is_symlink()
        assert publish_must(job).progress() == []
    check_whole(job, model)


def test_a_cache_that_may_not_be_written_is_told(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", str(job.repo_folder))

    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", refuse)
        last, _ = run(job)
        assert code_of_failure(last) == ErrorCode.CONFLICT
    assert run(job)[0] == Published()
