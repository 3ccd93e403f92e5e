"""Which distributions the program needs, and what they say of their licences."""

import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import mlx_manager
from mlx_manager.about.licences import licences

PROJECT = tomllib.loads((Path(mlx_manager.__file__).parents[1] / "pyproject.toml").read_text())["project"]


def write(folder: Path, name: str, *lines: str) -> None:
    """An installed distribution that says this of itself."""
    place = folder / f"{name.replace('-', '_')}-1.0.dist-info"
    place.mkdir()
    head = ["Metadata-Version: 2.4", f"Name: {name}", "Version: 1.0"]
    (place / "METADATA").write_text("\n".join([*head, *lines]) + "\n")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    return tmp_path


def test_what_the_project_names_is_there_and_what_is_for_development_is_not() -> None:
    names = {canonicalize_name(one.name) for one in licences()}
    named = [Requirement(line) for line in PROJECT["dependencies"]]
    wanted = {canonicalize_name(one.name) for one in named if one.marker is None or one.marker.evaluate()}
    assert wanted <= names
    assert {"starlette", "pydantic-core"} <= names, "what they need in turn"
    assert not {"pytest", "ruff", "mypy", "hypothesis", "mlx-manager-suite"} & names
    assert all(one.version for one in licences())


def test_the_graph_is_walked_by_extras_and_markers(folder: Path) -> None:
    write(
        folder,
        "root-of-all",
        "Requires-Dist: first[more]>=1",
        "Requires-Dist: elsewhere; sys_platform == 'never'",
        "Requires-Dist: tools; extra == 'dev'",
        "Requires-Dist: not-installed",
    )
    write(folder, "first", "Requires-Dist: second; extra == 'more'", "Requires-Dist: third; extra == 'less'")
    write(folder, "second", "Requires-Dist: root-of-all", "Requires-Dist: first")
    for name in ("third", "elsewhere", "tools"):
        write(folder, name)
    assert [one.name for one in licences("root-of-all")] == ["first", "second"]


@pytest.mark.parametrize(
    ("lines", "licence"),
    [
        (["License-Expression: MIT OR Apache-2.0", "License: something else"], "MIT OR Apache-2.0"),
        (["Classifier: License :: OSI Approved :: BSD License", "License: BSD"], "BSD License"),
        (["Classifier: License :: OSI Approved", "License: MIT"], "MIT"),
        (["License: The whole\n        of a licence"], None),
        (["License: " + "much " * 100], None),
        ([], None),
    ],
)
def test_a_licence_is_what_is_said_most_exactly(folder: Path, lines: list[str], licence: str | None) -> None:
    write(folder, "root-of-all", "Requires-Dist: one-of-it")
    write(folder, "one-of-it", *lines)
    assert [one.licence for one in licences("root-of-all")] == [licence]


@pytest.mark.parametrize(
    ("lines", "page"),
    [
        (["Home-page: https://a.example", "Project-URL: Homepage, https://b.example"], "https://b.example"),
        (
            ["Project-URL: Issues, https://a.example", "Project-URL: Source Code, https://b.example"],
            "https://b.example",
        ),
        (["Project-URL: Anything, https://a.example"], "https://a.example"),
        (["Home-page: javascript:alert(1)"], None),
        ([], None),
    ],
)
def test_a_home_page_is_an_address_of_the_web(folder: Path, lines: list[str], page: str | None) -> None:
    write(folder, "root-of-all", "Requires-Dist: one-of-it")
    write(folder, "one-of-it", *lines)
    assert [one.home_page for one in licences("root-of-all")] == [page]
