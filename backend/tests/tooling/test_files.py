"""What no file of the repository may say."""

import re
import shutil
import subprocess

import pytest

from tests.tooling.outside import ROOT

# Somebody else's package has our import name on PyPI; ours is mlx-manager-suite.
FOREIGN_NAME = re.compile(r"pip3?\s+install\s+(?:-\S+\s+)*[\"'`]?mlx[-_]manager(?![\w-])")
# Where packages are fetched from is the business of the machine that fetches them.
INDEX = re.compile(r"files\.pythonhosted\.org|pypi\.org/simple|registry\.\w+\.(?:org|com)|:/{2}\S+/simple\b")


def tracked_texts() -> dict[str, str]:
    # A clone may belong to another user than the one who tests it, in a container above all.
    listing = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    texts = {}
    for name in filter(None, listing.split("\0")):
        path = ROOT / name
        if path.is_file() and b"\0" not in (content := path.read_bytes())[:8192]:
            texts[name] = content.decode(errors="replace")
    return texts


@pytest.mark.skipif(
    shutil.which("git") is None or not (ROOT / ".git").exists(), reason="not a git checkout: no list of files"
)
@pytest.mark.parametrize("forbidden", [FOREIGN_NAME, INDEX], ids=["foreign name", "package index"])
def test_no_tracked_file_says(forbidden: re.Pattern[str]) -> None:
    texts = tracked_texts()
    assert "Makefile" in texts
    found = [f"{name}: {match[0]}" for name, text in texts.items() if (match := forbidden.search(text))]
    assert found == []


def test_patterns_find_what_they_are_for() -> None:
    for text in ("pip install {}", "pip install -U {}", 'pip install "{}[x]"', "pip3 install {}\n"):
        assert FOREIGN_NAME.search(text.format("mlx-manager"))
    assert not FOREIGN_NAME.search("pip install {}".format("mlx-manager-suite"))
    assert INDEX.search("https:" + "//mirror.example/simple")
    assert INDEX.search("https:" + "//registry." + "npmjs.org/x")
    assert not INDEX.search("https://pypi.org/project/mlx")
