"""The Node SDKs of the tests: their lock, how make fetches them, and what is said where they are missing."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.live import node_sdk
from tests.live.node_driver import FOLDER
from tests.tooling.outside import ROOT, clean_environment
from tests.tooling.test_make import make

PACKAGE: dict[str, Any] = json.loads((FOLDER / "package.json").read_text())
LOCK_TEXT = (FOLDER / "package-lock.json").read_text()
PACKAGES: dict[str, dict[str, Any]] = json.loads(LOCK_TEXT)["packages"]

# Stand-ins: npm notes where it was called, "installs", and fails while a file named `broken` exists.
FAKE_NPM = """\
[ "$*" != --version ] || exit 0
echo "$PWD $*" >>"$TREE/calls"
rm -rf node_modules
[ ! -e "$TREE/broken" ] || { echo "npm says why"; exit 1; }
mkdir node_modules
"""


def test_versions_are_exact_and_locked() -> None:
    assert set(PACKAGE["dependencies"]) == {"openai", "@anthropic-ai/sdk"}
    for name, version in PACKAGE["dependencies"].items():
        assert re.fullmatch(r"\d+\.\d+\.\d+", version)
        assert PACKAGES[f"node_modules/{name}"]["version"] == version
    assert PACKAGES[""]["dependencies"] == PACKAGE["dependencies"]


def test_the_lock_has_hashes_and_no_address() -> None:
    assert "://" not in LOCK_TEXT
    for name, locked in PACKAGES.items():
        assert "resolved" not in locked
        assert name == "" or locked["integrity"].startswith("sha512-"), name


def test_packages_that_want_a_newer_node_are_refused() -> None:
    settings = (FOLDER / ".npmrc").read_text().splitlines()
    assert {"engine-strict=true", "omit-lockfile-registry-resolved=true"} <= set(settings)
    assert PACKAGE["engines"]["node"] == f">={node_sdk.OLDEST_NODE}"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A repository with the files that are read, and stand-ins for Node and npm."""
    folder = tmp_path / FOLDER.relative_to(ROOT)
    folder.mkdir(parents=True)
    shutil.copyfile(ROOT / "Makefile", tmp_path / "Makefile")
    for name in node_sdk.INSTALLED_FROM:
        shutil.copyfile(FOLDER / name, folder / name)
    write_program(tmp_path, "node", "exit 0")
    write_program(tmp_path, "npm", FAKE_NPM)
    return tmp_path


def write_program(tree: Path, name: str, body: str) -> None:
    (tree / "bin").mkdir(exist_ok=True)
    (tree / "bin" / name).write_text(f"#!/bin/sh\n{body}\n")
    (tree / "bin" / name).chmod(0o755)


def fetch(tree: Path) -> tuple[subprocess.CompletedProcess[str], list[str]]:
    """Run `make node-sdks`; return its result and npm's calls."""
    calls = tree / "calls"
    calls.unlink(missing_ok=True)
    env = clean_environment(TREE=str(tree), PATH=f"{tree / 'bin'}:{os.environ['PATH']}")
    result = subprocess.run(
        ["make", "node-sdks"], cwd=tree, env=env, capture_output=True, text=True, check=False
    )
    return result, calls.read_text().splitlines() if calls.exists() else []


def stamp_in(tree: Path) -> Path:
    return tree / node_sdk.STAMP.relative_to(ROOT)


def test_the_lock_is_fetched_once(tree: Path) -> None:
    result, calls = fetch(tree)
    assert result.returncode == 0, result.stderr
    assert len(result.stdout.splitlines()) == 1
    assert calls == [f"{(tree / FOLDER.relative_to(ROOT)).resolve()} ci"]
    assert stamp_in(tree).read_bytes() == node_sdk.installed_from()
    os.utime(tree / "backend" / "tests" / "node" / "package-lock.json")  # a later time, the same content
    result, calls = fetch(tree)
    assert (result.returncode, result.stdout, result.stderr, calls) == (0, "", "", [])


@pytest.mark.parametrize("name", node_sdk.INSTALLED_FROM)
def test_a_changed_file_fetches_again(tree: Path, name: str) -> None:
    fetch(tree)
    with (tree / FOLDER.relative_to(ROOT) / name).open("a") as file:
        file.write("\n")
    assert len(fetch(tree)[1]) == 1
    assert fetch(tree)[1] == []


@pytest.mark.parametrize(
    ("name", "body", "why"), [("node", "exit 1", "no Node 20"), ("npm", "exit 127", "no npm")]
)
def test_without_node_one_loud_line_and_no_failure(tree: Path, name: str, body: str, why: str) -> None:
    write_program(tree, name, body)
    result, calls = fetch(tree)
    assert (result.returncode, result.stdout, calls) == (0, "", [])
    (line,) = result.stderr.splitlines()
    assert why in line
    assert "WILL NOT RUN" in line


def test_a_node_that_has_gone_is_missed_though_its_packages_are_there(tree: Path) -> None:
    fetch(tree)
    write_program(tree, "node", "exit 1")
    result, calls = fetch(tree)
    assert (result.returncode, calls) == (0, [])
    assert "WILL NOT RUN" in result.stderr


def test_a_failed_fetch_says_why_and_is_not_taken_for_complete(tree: Path) -> None:
    fetch(tree)
    (tree / FOLDER.relative_to(ROOT) / "package.json").write_text("{}")
    (tree / "broken").touch()
    result, _ = fetch(tree)
    assert result.returncode == 0
    assert "npm says why" in result.stderr
    assert "WILL NOT RUN" in result.stderr.splitlines()[-1]
    assert not stamp_in(tree).exists()
    (tree / "broken").unlink()
    assert len(fetch(tree)[1]) == 1
    assert stamp_in(tree).exists()


@pytest.mark.parametrize("target", ["test", "test-all"])
def test_the_tests_fetch_first(target: str) -> None:
    planned = make("--dry-run", target).stdout
    assert planned.index("npm ci") < planned.index("-m pytest")


def test_clean_removes_them() -> None:
    assert f" {node_sdk.STAMP.parent.relative_to(ROOT)} " in make("--dry-run", "clean").stdout


@pytest.mark.parametrize(
    ("version", "why"),
    [(None, "there is no Node"), ("v18.20.8", "Node is v18.20.8"), ("v20.19.0", "make node-sdks")],
)
def test_where_they_are_missing_tests_skip_but_fail_in_ci(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str | None, why: str
) -> None:
    (tmp_path / "bin").mkdir()
    if version is not None:
        write_program(tmp_path, "node", f"echo {version}")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(node_sdk, "STAMP", tmp_path / "no-stamp")
    for name in ("CI", "MLX_TEST_REQUIRE_NODE"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(pytest.skip.Exception, match=why):
        node_sdk.require_node()
    for name in ("CI", "MLX_TEST_REQUIRE_NODE"):
        with monkeypatch.context() as changed:
            changed.setenv(name, "1")
            with pytest.raises(pytest.fail.Exception, match=why):
                node_sdk.require_node()
