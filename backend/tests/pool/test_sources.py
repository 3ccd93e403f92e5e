"""The Hugging Face cache, as its own programs lay it out."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from model_folders import write_listed

from mlx_manager.mlx_server.pool.catalogue import Catalogue, Listing
from mlx_manager.mlx_server.pool.sources import hugging_face_cache

NOWHERE = Path("/nonexistent")
NAMES = ("HF_HOME", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "XDG_CACHE_HOME", "HOME")


class Repo:
    """A repository in a cache."""

    def __init__(self, hub: Path, name: str) -> None:
        self.path = hub / name
        for folder in ("blobs", "refs", "snapshots"):
            (self.path / folder).mkdir(parents=True)

    def add(self, sha: str, *, without: str = "") -> Path:
        """A revision: links into the blobs. What it is `without` is a link to nothing yet."""
        plain = write_listed(self.path / "plain")
        snapshot = self.path / "snapshots" / sha
        snapshot.mkdir()
        for file in plain.iterdir():
            blob = self.path / "blobs" / f"{sha}-{file.name}"
            (snapshot / file.name).symlink_to(Path("..") / ".." / "blobs" / blob.name)
            if file.name != without:
                file.rename(blob)
            else:
                file.unlink()
        plain.rmdir()
        return snapshot

    def point_main_at(self, sha: str) -> None:
        (self.path / "refs" / "main").write_text(sha)


@pytest.fixture
def hub(tmp_path: Path) -> Path:
    return tmp_path / "hub"


def scanned(hub: Path) -> Listing:
    return Catalogue([], demo=NOWHERE, hub=hub).scan()


def test_a_model_of_the_cache(hub: Path) -> None:
    repo = Repo(hub, "models--owner--a-name")
    snapshot = repo.add("abc")
    repo.point_main_at("abc")
    Repo(hub, "datasets--owner--other").add("abc")
    single = Repo(hub, "models--gpt2").add("abc")
    found = {name: model.path for name, model in scanned(hub).models.items()}
    assert found == {"owner/a-name": snapshot, "gpt2": single}
    assert scanned(hub).models["gpt2"].disk_bytes > 8


def test_main_says_which_revision_counts(hub: Path) -> None:
    repo = Repo(hub, "models--o--n")
    first, second = repo.add("aaa"), repo.add("bbb")
    os.utime(first, (0, 2_000_000_000))
    os.utime(second, (0, 1_000_000_000))
    for sha, wanted in (("bbb", second), ("aaa", first), ("gone", first), ("../../..", first), ("\0", first)):
        repo.point_main_at(sha)
        assert scanned(hub).models["o/n"].path == wanted
    (repo.path / "refs" / "main").unlink()
    assert scanned(hub).models["o/n"].path == first


def test_a_change_of_main_is_noticed(hub: Path) -> None:
    repo = Repo(hub, "models--o--n")
    first, second = repo.add("aaa"), repo.add("bbb")
    catalogue = Catalogue([], demo=NOWHERE, hub=hub)
    for sha, wanted in (("aaa", first), ("bbb", second)):
        repo.point_main_at(sha)
        assert [model.path for model in catalogue.list()] == [wanted]


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "tokenizer.json"])
def test_a_link_to_a_blob_that_is_not_there(hub: Path, name: str) -> None:
    repo = Repo(hub, "models--o--n")
    repo.add("aaa", without=name)
    listing = scanned(hub)
    assert listing.models == {}
    assert listing.unusable["o/n"].is_incomplete
    assert name in listing.unusable["o/n"].reason


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "tokenizer.json"])
def test_a_download_under_way(hub: Path, name: str) -> None:
    repo = Repo(hub, "models--o--n")
    snapshot = repo.add("aaa")
    link = snapshot / name
    target = link.resolve()
    link.unlink()
    unfinished = target.rename(target.with_name(target.name + ".1234.incomplete"))
    found = scanned(hub).unusable["o/n"]
    assert (found.is_incomplete, found.path) == (True, snapshot)
    assert found.reason.startswith("it is still being downloaded")
    unfinished.rename(target)
    link.symlink_to(target)
    assert list(scanned(hub).models) == ["o/n"]


def test_a_download_that_has_just_begun(hub: Path) -> None:
    repo = Repo(hub, "models--o--n")
    assert scanned(hub) == Listing()
    (repo.path / "blobs" / "x.incomplete").write_text("")
    assert scanned(hub).unusable["o/n"].is_incomplete


def test_a_leftover_does_not_hide_a_whole_model(hub: Path) -> None:
    repo = Repo(hub, "models--o--n")
    repo.add("aaa")
    (repo.path / "blobs" / "another.incomplete").write_text("")
    assert list(scanned(hub).models) == ["o/n"]


def test_a_download_into_a_folder(tmp_path: Path) -> None:
    folder = write_listed(tmp_path / "all" / "m")
    (folder / "tokenizer.json").unlink()
    catalogue = Catalogue([tmp_path / "all"], demo=NOWHERE)
    assert not catalogue.scan().unusable["m"].is_incomplete
    downloads = folder / ".cache" / "huggingface" / "download"
    downloads.mkdir(parents=True)
    (downloads / "x.incomplete").write_text("")
    assert catalogue.scan().unusable["m"].is_incomplete
    (folder / "tokenizer.json").write_text("{}")
    assert list(catalogue.scan().models) == ["m"]


def test_strange_things_in_the_cache(hub: Path, tmp_path: Path) -> None:
    Repo(hub, "models--good--one").add("aaa")
    (hub / "models--a--file").write_text("")
    (hub / "models--loop--x").symlink_to(hub / "models--loop--x")
    (hub / "models--empty--x").mkdir()
    Repo(hub, "models--no--snapshots")
    (Repo(hub, "models--ref--folder").path / "refs" / "main").mkdir()
    (Repo(hub, "models--ref--bytes").path / "refs" / "main").write_bytes(b"\xff\0" * 100)
    assert list(scanned(hub).models) == ["good/one"]
    assert scanned(hub / "models--a--file") == Listing()
    assert scanned(tmp_path / "absent") == Listing()


def test_the_settings_folders_come_before_the_cache(hub: Path, tmp_path: Path) -> None:
    repo = Repo(hub, "models--o--n")
    snapshot = repo.add("aaa")
    folder = write_listed(tmp_path / "all" / "o" / "n")
    listing = Catalogue([tmp_path / "all"], demo=NOWHERE, hub=hub).scan()
    assert listing.models["o/n"].path == folder
    assert listing.duplicates == {"o/n": [snapshot]}


ENVIRONMENTS: list[dict[str, str]] = [
    {},
    {"XDG_CACHE_HOME": "/x/cache"},
    {"HF_HOME": "/x/home"},
    {"HF_HOME": "~/home", "XDG_CACHE_HOME": "/x/cache"},
    {"HF_HOME": "$HOME/a/${XDG_CACHE_HOME}", "XDG_CACHE_HOME": "sub"},
    {"HF_HUB_CACHE": "~/hub", "HF_HOME": "/x/home"},
    {"HF_HUB_CACHE": "$HF_HOME/elsewhere", "HF_HOME": "/x/home"},
    {"HUGGINGFACE_HUB_CACHE": "~/old", "HF_HOME": "/x/home"},
    {"HUGGINGFACE_HUB_CACHE": "/x/old", "HF_HUB_CACHE": "/x/new"},
]


def test_the_cache_is_where_hugging_face_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked of huggingface_hub itself, whose constants are made anew for each environment."""
    script = (
        "import importlib, json, os, sys\n"
        "import huggingface_hub.constants as constants\n"
        "for settings in json.loads(sys.argv[1]):\n"
        f"    for name in {NAMES}: os.environ.pop(name, None)\n"
        "    os.environ.update(settings)\n"
        "    print(importlib.reload(constants).HF_HUB_CACHE)\n"
    )
    environments = [{"HOME": "/x/user"} | settings for settings in ENVIRONMENTS]
    ran = subprocess.run(
        [sys.executable, "-c", script, json.dumps(environments)], capture_output=True, text=True, check=True
    )
    ours = []
    for settings in environments:
        for name in NAMES:
            monkeypatch.delenv(name, raising=False)
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        ours.append(str(hugging_face_cache()))
    assert ours == ran.stdout.split()


def test_an_empty_variable_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.setenv(name, "")
    monkeypatch.setenv("HF_HOME", "/x/home")
    assert hugging_face_cache() == Path("/x/home/hub")
