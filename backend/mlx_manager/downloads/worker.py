"""`python -m mlx_manager.downloads.worker`: fetches one model, and ends when its manager does.

A job comes as one line of JSON on standard input; reports go out as lines of JSON. The end of standard
input means that nobody listens any more.
"""

import contextlib
import fcntl
import os
import sys
import threading
import time
from collections.abc import Callable
from typing import Any, BinaryIO, Final

import msgspec

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.downloads.fetching import disk_fault, fetch
from mlx_manager.downloads.job import Failed, FileDone, Job, Progress, Published, Report, decode_job
from mlx_manager.downloads.places import make_staging
from mlx_manager.downloads.publishing import find_verified, publish

_PERIOD_S: Final = 0.2
_LOCK_WITHIN_S: Final = 30.0


class Reporter:
    """Writes reports; of progress no more than five a second."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._encode = msgspec.json.Encoder().encode
        self._next = 0.0

    def tell(self, report: Report) -> None:
        """Write a report now."""
        self._stream.write(self._encode(report) + b"\n")
        self._stream.flush()

    def progress_of(self, path: str) -> Callable[[int], None]:
        """For `fetch`: tells how much of a file is there."""

        def told(done_bytes: int) -> None:
            now = time.monotonic()
            if now >= self._next:
                self._next = now + _PERIOD_S
                self.tell(Progress(path, done_bytes))

        return told


def work(job: Job, reporter: Reporter) -> Report:
    """Fetch what is missing, verify, publish; the last report."""
    try:
        make_staging(job.staging)
        with _alone(job):
            for file in job.files:
                if not find_verified(job, file):
                    fetch(job, file, reporter.progress_of(file.path))
                reporter.tell(FileDone(file.path))
            publish(job)
    except ApiError as error:
        return Failed(error.code.value, error.message, error.retry_after_s)
    except OSError as error:
        fault = disk_fault(job, error)
        return Failed(fault.code.value, fault.message)
    return Published()


@contextlib.contextmanager
def _alone(job: Job) -> Any:
    """A worker whose manager was killed may not have noticed yet; two must not write to one file."""
    with (job.staging / "lock").open("w") as lock:
        deadline = time.monotonic() + _LOCK_WITHIN_S
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    message = f"{job.staging} is in use by another process"
                    raise ApiError(ErrorCode.CONFLICT, message) from None
                time.sleep(0.05)
        yield


def _end_with_manager(stream: BinaryIO) -> None:
    stream.read()
    os._exit(0)


def main() -> None:
    """Read the job, do it, and end."""
    job = decode_job(sys.stdin.buffer.readline())
    threading.Thread(target=_end_with_manager, args=(sys.stdin.buffer,), daemon=True).start()
    reporter = Reporter(sys.stdout.buffer)
    # A manager that went away between two lines is noticed by the thread.
    with contextlib.suppress(BrokenPipeError):
        reporter.tell(work(job, reporter))
    sys.stdout = open(os.devnull, "w")  # noqa: SIM115  # nothing more is said, not even by the interpreter
    os._exit(0)


if __name__ == "__main__":
    main()
