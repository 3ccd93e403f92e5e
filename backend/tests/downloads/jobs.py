"""Jobs for the worker, and what became of them."""

from pathlib import Path
from typing import Any

import msgspec

from mlx_manager.downloads.job import Failed, FileDone, Job, Progress, Published, Report
from mlx_manager.downloads.places import repo_folder
from mlx_manager.downloads.room import job_file
from mlx_manager.downloads.worker import work
from mlx_manager.hub.details import details_of, wanted_files
from mlx_manager.hub.site import Site
from tests.hub_stand_in import HubStandIn, Repository

WEIGHTS = "model.safetensors"


def job_for(hub: HubStandIn, repository: Repository, folder: Path, **about: Any) -> Job:
    """What the queue would tell a worker."""
    endpoint, token = about.pop("endpoint", hub.url), about.pop("token", None)
    details = details_of(Site(hub.url, "hf_good"), repository.repo_id, with_card=False)
    files = wanted_files(details, allows_pickle=False, allows_code=False)
    job = Job(
        endpoint=endpoint,
        token=token,
        repo_id=repository.repo_id,
        revision="main",
        commit_hash=details.commit_hash,
        files=[job_file(file) for file in files],
        staging=folder / "hub" / ".mlx-manager" / "dl_1",
        repo_folder=repo_folder(folder / "hub", repository.repo_id),
        disk_floor_bytes=0,
        stall_timeout_s=2.0,
    )
    hub.asked.clear()
    return msgspec.structs.replace(job, **about)


class Heard:
    """Keeps the reports of a worker."""

    def __init__(self) -> None:
        self.reports: list[Report] = []

    def tell(self, report: Report) -> None:
        self.reports.append(report)

    def progress_of(self, path: str) -> Any:
        return lambda done_bytes: self.tell(Progress(path, done_bytes))

    @property
    def done(self) -> list[str]:
        return [report.path for report in self.reports if isinstance(report, FileDone)]

    def progress(self, path: str = WEIGHTS) -> list[int]:
        return [each.done_bytes for each in self.reports if isinstance(each, Progress) and each.path == path]


def run(job: Job) -> tuple[Report, Heard]:
    """Do a job in this process: its last report, and all before."""
    heard = Heard()
    return work(job, heard), heard


def publish_must(job: Job) -> Heard:
    """Do a job that is to succeed."""
    last, heard = run(job)
    assert last == Published()
    return heard


def code_of_failure(report: Report) -> str:
    """Of a job that failed."""
    assert isinstance(report, Failed)
    return report.code
