"""What continuous integration runs, and where."""

import platform
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.live.node_sdk import OLDEST_NODE
from tests.tooling.outside import ROOT, clean_environment

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.y*ml"))
ON_LINUX = platform.system() == "Linux"

# Stand-ins for the system's tools: this machine is left as it is.
TOOLS = {
    "make": 'echo "make $*"',
    "id": "echo 1000",
    "sudo": '[ "$1" = -n ] && shift; exec "$@"',
    "ldconfig": "",
    "apt-get": 'echo "apt-get $*"',
    "ls": "exit 0",
}


def run_ci(folder: Path, *arguments: str, **changed: str) -> subprocess.CompletedProcess[str]:
    for name, body in (TOOLS | {name.replace("_", "-"): body for name, body in changed.items()}).items():
        (folder / name).write_text(f"#!/bin/sh\n{body}\n")
        (folder / name).chmod(0o755)
    env = clean_environment(CI="true")
    env["PATH"] = f"{folder}:{env['PATH']}"
    return subprocess.run(
        ["bash", str(ROOT / ".ci" / "run"), *arguments],
        cwd=folder,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def test_runs_make_test(tmp_path: Path) -> None:
    result = run_ci(tmp_path)
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines()[-1] == "make test"
    assert run_ci(tmp_path, "test-all").stdout.splitlines()[-1] == "make test-all"


@pytest.mark.skipif(not ON_LINUX, reason="nothing is installed on macOS")
def test_installs_what_is_missing_and_only_that(tmp_path: Path) -> None:
    lines = run_ci(tmp_path).stdout.splitlines()
    assert any(line.startswith("apt-get install") and line.endswith(" libopenblas0") for line in lines)
    complete = run_ci(tmp_path, ldconfig='echo "libopenblas.so.0 (libc6) => /usr/lib/libopenblas.so.0"')
    assert complete.stdout.splitlines() == ["make test"]
    no_postgres = run_ci(tmp_path, ls="exit 2").stdout.splitlines()
    assert any(line.startswith("apt-get install") and " postgresql " in line for line in no_postgres)
    assert not any("postgresql" in line for line in lines)


@pytest.mark.skipif(not ON_LINUX, reason="nothing is installed on macOS")
@pytest.mark.parametrize("tool", ["apt_get", "sudo"])
def test_goes_on_when_nothing_can_be_installed(tmp_path: Path, tool: str) -> None:
    result = run_ci(tmp_path, **{tool: "exit 100"})
    assert result.returncode == 0
    assert "going on without libopenblas0" in result.stderr
    assert result.stdout.splitlines()[-1] == "make test"


def jobs() -> dict[str, Any]:
    return {name: job for file in WORKFLOWS for name, job in yaml.safe_load(file.read_text())["jobs"].items()}


def commands(job: dict[str, Any]) -> str:
    return "\n".join(step.get("run", "") for step in job["steps"])


def test_workflows_cover_both_systems_and_every_python() -> None:
    matrix = jobs()["test"]["strategy"]["matrix"]
    assert any(name.startswith("ubuntu") for name in matrix["os"])
    assert any(name.startswith("macos") for name in matrix["os"])
    assert set(matrix["python"]) == {"3.11", "3.12", "3.13"}
    assert ".ci/run" in commands(jobs()["test"])


def test_every_night_runs_all_tests_on_both_systems() -> None:
    job = jobs()["nightly"]
    matrix = job["strategy"]["matrix"]
    assert {name.split("-")[0] for name in matrix["os"]} == {"ubuntu", "macos"}
    assert matrix["target"] == ["test-all"]
    assert ".ci/run" in commands(job)


def test_every_job_has_the_oldest_node_that_the_tests_take() -> None:
    for name, job in jobs().items():
        (node,) = [step["with"] for step in job["steps"] if "actions/setup-node@" in step.get("uses", "")]
        assert node["node-version"] == str(OLDEST_NODE), name
        for path in node["cache-dependency-path"].split():
            assert (ROOT / path).is_file(), (name, path)


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
def test_workflows_are_bounded_and_may_only_read(file: Path) -> None:
    workflow = yaml.safe_load(file.read_text())
    assert workflow["permissions"] == {"contents": "read"}
    assert workflow["concurrency"]["cancel-in-progress"] is True
    assert all("timeout-minutes" in job for job in workflow["jobs"].values())
