"""The doctor's process, as far as the manager sees it. A short program stands in for what takes seconds."""

import asyncio
import json
import sys
from pathlib import Path

import psutil
import pytest

from mlx_manager.about.examining import Examining
from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.doctor.finding import Level, ok, warning
from mlx_manager.doctor.report import as_json

DEADLINE_S = 30.0
REPORT = as_json([ok("python", "it is there"), warning("disk", "it is full", "Make room.")])


def program(folder: Path, code: str) -> tuple[str, ...]:
    """A program that notes each of its runs, and then does this."""
    noting = (
        f"import os, sys, time\nwith open({str(folder / 'runs')!r}, 'a') as f: print(os.getpid(), file=f)\n"
    )
    return (sys.executable, "-c", noting + code)


def runs(folder: Path) -> list[int]:
    file = folder / "runs"
    return [int(line) for line in file.read_text().split()] if file.exists() else []


async def test_the_doctors_report_is_typed_and_kept(tmp_path: Path) -> None:
    async with Examining(program(tmp_path, f"print({REPORT!r})")) as examining:
        report = await examining.report()
        assert (report.status, len(report.findings)) == (Level.WARNING, 2)
        assert report.findings[1].model_dump() == json.loads(REPORT)["findings"][1]
        assert await examining.report() is report
        again = await examining.examine()
        assert again.examined_at > report.examined_at
        assert await examining.report() is again
    assert len(runs(tmp_path)) == 2


async def test_whoever_asks_meanwhile_gets_the_same(tmp_path: Path) -> None:
    async with Examining(program(tmp_path, f"time.sleep(0.2); print({REPORT!r})")) as examining:
        leaving = asyncio.create_task(examining.examine())
        asked = [asyncio.create_task(examining.examine()) for _ in range(3)]
        await asyncio.sleep(0)
        leaving.cancel()
        reports = await asyncio.gather(*asked)
    assert all(report is reports[0] for report in reports)
    assert len(runs(tmp_path)) == 1


@pytest.mark.parametrize("code", ["sys.exit(3)", "print('no report')", "print('{}')"])
async def test_a_doctor_that_fails_says_so_and_may_be_asked_again(tmp_path: Path, code: str) -> None:
    async with Examining(program(tmp_path, code)) as examining:
        for _ in range(2):
            with pytest.raises(ApiError) as failed:
                await examining.report()
            assert failed.value.code is ErrorCode.INTERNAL_ERROR
    assert len(runs(tmp_path)) == 2


async def test_it_ends_with_the_manager(tmp_path: Path) -> None:
    async with Examining(program(tmp_path, "time.sleep(600)")) as examining:
        waiting = asyncio.create_task(examining.examine())
        async with asyncio.timeout(DEADLINE_S):
            while not runs(tmp_path):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert not psutil.pid_exists(runs(tmp_path)[0])
