"""`bench_serving.py` from the command line: quick runs, whose numbers mean nothing."""

import json
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from bench.rows import ROWS

from tests.tooling.outside import BACKEND, ROOT, clean_environment

SCRIPT = str(ROOT / "scripts" / "bench_serving.py")


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, SCRIPT, *arguments],
        env=clean_environment(PYTHONPATH=str(BACKEND), COLUMNS="2000"),
        capture_output=True,
        text=True,
        check=False,
    )


def quick(folder: Path, *rows: str) -> subprocess.CompletedProcess[str]:
    out, models = str(folder / "out"), str(folder / "models")
    return bench("--quick", "--only", *rows, "--out", out, "--models-dir", models)


@pytest.mark.full
def test_quick_run_of_our_server(tmp_path: Path) -> None:
    done = quick(tmp_path, "logprobs")
    assert done.returncode == 0, done.stderr
    row = json.loads((tmp_path / "out" / "results.json").read_text())["rows"]["logprobs"]
    (experiment,) = row["experiments"]
    assert [samples["ours"]["num_failed"] for samples in experiment["rounds"]] == [0, 0]
    assert all(samples["ours"]["tokens_per_s"] > 0 for samples in experiment["rounds"])
    assert any("quick" in warning for warning in row["warnings"])
    assert "16 streams: logprobs" in (tmp_path / "out" / "results.md").read_text()


@pytest.mark.full
def test_quick_run_of_every_contender(tmp_path: Path) -> None:
    done = quick(tmp_path, "small")
    assert done.returncode == 0, done.stderr
    assert " left" in done.stderr
    row = json.loads((tmp_path / "out" / "results.json").read_text())["rows"]["small"]
    arms = {tuple(sorted(samples)) for experiment in row["experiments"] for samples in experiment["rounds"]}
    assert arms == {("limit", "mlx_lm.server", "ours")}
    for name in ("ratios.svg", "ttft.svg"):
        ElementTree.parse(tmp_path / "out" / name)


def test_help_names_every_row() -> None:
    done = bench("--help")
    assert done.returncode == 0
    for row in ROWS.values():
        assert f"{row.name} ({row.title})" in " ".join(done.stdout.split())


def test_guest_without_an_address_is_refused(tmp_path: Path) -> None:
    done = bench("--url", "peer", "--only", "small", "--out", str(tmp_path))
    assert done.returncode != 0
    assert "NAME=" in done.stderr
