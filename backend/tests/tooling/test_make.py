"""The Makefile: its help, and an install that neither repeats itself nor trusts a half-made venv."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.tooling.outside import ROOT, clean_environment

TARGETS = [
    "install",
    "node-sdks",
    "ui",
    "run",
    "test",
    "test-all",
    "bench",
    "check",
    "ui-check",
    "ui-test",
    "screenshots",
    "format",
    "lock",
    "docs",
    "clean",
]

# Stands in for Python: notes how it was called, "makes" a venv with itself in it, and lets pip fail
# while a file named `broken` exists.
FAKE_PYTHON = """\
#!/bin/sh
echo "$*" >>calls
case "$*" in
"-m venv"*) rm -rf .venv && mkdir -p .venv/bin && cp "$0" .venv/bin/python ;;
"-m pip"*) [ ! -e broken ] || { echo "pip says why"; exit 1; } ;;
-V) echo "Python 3.11.0" ;;
esac
"""


def make(*arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", *arguments], cwd=cwd, env=clean_environment(), capture_output=True, text=True, check=False
    )


def test_help_lists_every_target() -> None:
    listed = re.findall(r"^make ([a-z-]+) +\S.*$", make("help").stdout, re.MULTILINE)
    assert listed == ["help", *TARGETS]
    assert make().stdout == make("help").stdout


@pytest.mark.parametrize("target", TARGETS)
def test_every_target_expands(target: str) -> None:
    assert make("--dry-run", target).returncode == 0


@pytest.mark.parametrize("target", ["test", "test-all"])
def test_pytest_comes_last_and_takes_arguments(target: str) -> None:
    last = make("--dry-run", target, "PYTEST_ARGS=-k some_name").stdout.splitlines()[-1]
    assert "-m pytest" in last
    assert last.endswith("-k some_name")
    assert ('-m "not full"' in last) == (target == "test")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A repository with the files that an install reads, and a stand-in for Python."""
    (tmp_path / "backend").mkdir()
    for name in ("Makefile", "backend/requirements.lock", "backend/pyproject.toml"):
        shutil.copyfile(ROOT / name, tmp_path / name)
    python = tmp_path / "fake-python"
    python.write_text(FAKE_PYTHON)
    python.chmod(0o755)
    return tmp_path


def install(tree: Path, *arguments: str) -> tuple[subprocess.CompletedProcess[str], list[str]]:
    """Run `make install`; return its result and the calls that changed the venv."""
    calls = tree / "calls"
    calls.unlink(missing_ok=True)
    result = make("install", *(arguments or ("PYTHON=./fake-python",)), cwd=tree)
    lines = calls.read_text().splitlines() if calls.exists() else []
    return result, [line for line in lines if line.startswith("-m")]


def test_install_takes_the_lock_with_hashes_and_then_us(tree: Path) -> None:
    result, calls = install(tree)
    assert result.returncode == 0, result.stderr
    assert len(result.stdout.splitlines()) == 1
    venv, lock, ours = calls
    assert venv.startswith("-m venv")
    assert "--require-hashes -r backend/requirements.lock" in lock
    assert "--no-deps --no-build-isolation -e backend" in ours


def test_second_install_does_nothing(tree: Path) -> None:
    install(tree)
    os.utime(tree / "backend" / "requirements.lock")  # a later time with the same content
    result, calls = install(tree)
    assert (result.returncode, result.stdout, calls) == (0, "", [])


@pytest.mark.parametrize("name", ["requirements.lock", "pyproject.toml"])
def test_changed_file_installs_again(tree: Path, name: str) -> None:
    install(tree)
    with (tree / "backend" / name).open("a") as file:
        file.write("# changed\n")
    assert install(tree)[1] != []
    assert install(tree)[1] == []


def test_failed_install_says_why_and_is_not_taken_for_complete(tree: Path) -> None:
    (tree / "broken").touch()
    result, _ = install(tree)
    assert result.returncode != 0
    assert "pip says why" in result.stderr
    (tree / "broken").unlink()
    result, calls = install(tree)
    assert result.returncode == 0
    assert calls[0].startswith("-m venv --clear")


def test_venv_of_unknown_origin_is_made_anew(tree: Path) -> None:
    (tree / ".venv" / "bin").mkdir(parents=True)
    shutil.copy(tree / "fake-python", tree / ".venv" / "bin" / "python")
    assert install(tree)[1][0].startswith("-m venv --clear")


def test_no_fitting_python_is_one_line(tree: Path) -> None:
    result, _ = install(tree, "PYTHON=./no-such-python")
    assert result.returncode != 0
    said = [line for line in result.stderr.splitlines() if not line.startswith("make: ***")]
    assert len(said) == 1
    assert "3.11" in said[0]
    assert "PYTHON=" in said[0]
    assert not (tree / ".venv").exists()
