"""A worker as its manager sees it."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Mapping
from typing import Final

import msgspec

from mlx_manager.core.errors import ErrorCode
from mlx_manager.downloads.job import Failed, Job, Report, encode_job

# Settings of huggingface_hub's that are ours to say, and tokens that must not win over the one that did.
_NOT_INHERITED: Final = frozenset(
    {"HF_ENDPOINT", "HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_TOKEN_PATH", "HF_DEBUG"}
    | {"HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_HUB_USER_AGENT_ORIGIN", "HUGGINGFACE_CO_STAGING"}
)
_STATED: Final = {"HF_HUB_DISABLE_TELEMETRY": "1", "HF_HUB_DISABLE_IMPLICIT_TOKEN": "1"}
_LAST_WORDS_BYTES: Final = 2000


class WorkerProcess:
    """A child that fetches one model; it ends when we do, however that happens."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._decoder = msgspec.json.Decoder(Report)
        self._last_words = asyncio.create_task(self._read_errors())

    @classmethod
    async def start(cls, job: Job) -> "WorkerProcess":
        """Start one and give it its job. Raises OSError."""
        line = encode_job(job)  # before there is a process that waits for it
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "mlx_manager.downloads.worker",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=worker_environment(),
            # Ctrl-C in a terminal is for the manager, which then ends it.
            start_new_session=True,
        )
        worker = cls(process)
        assert process.stdin is not None
        process.stdin.write(line)
        return worker

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    async def reports(self) -> AsyncIterator[Report]:
        """What it tells; of a worker that dies without a last word, a failure that says so is the last."""
        assert self._process.stdout is not None
        report: Report | None = None
        while line := await self._process.stdout.readline():
            report = self._decoder.decode(line)
            yield report
        code = await self._process.wait()
        if code != 0:
            words = (await self._last_words).decode(errors="replace").strip().splitlines()
            last = words[-1] if words else "without a word"
            yield Failed(ErrorCode.INTERNAL_ERROR.value, f"the download's process ended with {code}: {last}")

    async def end(self) -> None:
        """End it now. What it has written stays, whole up to the last byte."""
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()

    async def _read_errors(self) -> bytes:
        assert self._process.stderr is not None
        kept = b""
        while piece := await self._process.stderr.read(4096):
            kept = (kept + piece)[-_LAST_WORDS_BYTES:]
        return kept


def worker_environment(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Ours, without what could change where the worker asks or as whom."""
    return {name: value for name, value in environ.items() if name not in _NOT_INHERITED} | _STATED
