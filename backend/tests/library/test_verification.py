"""Verifying: against the hub where it answers, and else against what the download left."""

import asyncio
import hashlib
import os
import threading
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from mlx_manager.config import ManagerSettings
from mlx_manager.core.security.sealing import SealingKey
from mlx_manager.db.secrets import SecretVault
from mlx_manager.hub.files import HubFile
from mlx_manager.hub.service import Hub
from mlx_manager.library import verification
from mlx_manager.library.hashing import HashingStopped, digest_of
from tests.accounts import code_of
from tests.hub_stand_in import HubStandIn, Kind, Repository, small_repository
from tests.library.conftest import Shelves

REPO_ID = "mlx-community/Small-4bit"
LARGE = "model.safetensors"


@pytest.fixture
async def hub(shelves: Shelves) -> AsyncIterator[HubStandIn]:
    """A hub with one model, which the library asks."""
    with HubStandIn([small_repository(REPO_ID, more={"sub/notes.txt": b"notes"})]) as stand_in:
        settings = ManagerSettings(hub_endpoint=stand_in.url)
        asked = Hub(settings, SecretVault(shelves.house.accounts.database, SealingKey.new()), {})

        async def ask(repo_id: str, commit: str) -> Sequence[HubFile]:
            return (await asked.details(repo_id, commit, with_card=False)).model.files

        shelves.ask_hub = ask
        yield stand_in


def cached(cache: Path, repo: Repository) -> Path:
    """The repository as Hugging Face's programs cache it."""
    folder = cache / f"models--{repo.repo_id.replace('/', '--')}"
    snapshot = folder / "snapshots" / repo.commit
    for path, file in repo.files.items():
        blob = folder / "blobs" / file.etag
        blob.parent.mkdir(parents=True, exist_ok=True)
        blob.write_bytes(file.content)
        link = snapshot / path
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(os.path.relpath(blob, link.parent))
    return snapshot


def noted(folder: Path, repo: Repository) -> Path:
    """The repository as `hf download --local-dir` leaves it."""
    for path, file in repo.files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(file.content)
        note = folder / ".cache" / "huggingface" / "download" / f"{path}.metadata"
        note.parent.mkdir(parents=True, exist_ok=True)
        note.write_text(f"{repo.commit}\n{file.etag}\n1700000000.0\n")
    return folder


def flip(file: Path, offset: int = -1) -> None:
    """One bit of it, which its size does not tell."""
    content = bytearray(file.read_bytes())
    content[offset] ^= 1
    file.resolve().write_bytes(content)


async def verified(shelves: Shelves, model_id: str = REPO_ID) -> dict[str, Any]:
    answer = await shelves.admin.post(f"/library/models/{model_id}/verify")
    assert answer.status_code == 202, answer.text
    return await ended(shelves, answer.json()["id"])


async def ended(shelves: Shelves, verification_id: str) -> dict[str, Any]:
    async with asyncio.timeout(60):
        while True:
            answer = await shelves.user.get(f"/library/verifications/{verification_id}")
            assert answer.status_code == 200, answer.text
            found: dict[str, Any] = answer.json()
            if found["status"] != "running":
                return found
            await asyncio.sleep(0.01)


def results(found: dict[str, Any]) -> dict[str, str]:
    return {file["path"]: file["result"] for file in found["files"]}


PATHS = ("README.md", "config.json", LARGE, "sub/notes.txt", "tokenizer.json", "tokenizer_config.json")


async def test_all_is_well_by_the_hub(shelves: Shelves, hub: HubStandIn) -> None:
    snapshot = cached(shelves.hub, hub.repositories[REPO_ID])
    found = await verified(shelves)
    assert (found["status"], found["authority"], found["why_not_hub"]) == ("completed", "hub", None)
    assert results(found) == dict.fromkeys(PATHS, "ok")
    assert (found["is_intact"], found["damaged"], found["model_id"]) == (True, [], REPO_ID)
    assert (
        found["done_bytes"] == found["total_bytes"] == sum((snapshot / path).stat().st_size for path in PATHS)
    )
    assert found["ended_at"] >= found["started_at"]


@pytest.mark.parametrize("is_online", [True, False])
async def test_a_flipped_bit_is_found_in_any_file(shelves: Shelves, hub: HubStandIn, is_online: bool) -> None:
    snapshot = cached(shelves.hub, hub.repositories[REPO_ID])
    if not is_online:
        hub.fail(Kind.STATUS, status=503, times=None)
    for path in PATHS:
        flip(snapshot / path)
        found = await verified(shelves)
        assert found["authority"] == ("hub" if is_online else "download")
        assert (found["damaged"], found["is_intact"]) == ([path], False)
        assert [name for name, result in results(found).items() if result != "ok"] == [path]
        flip(snapshot / path)
    assert (await verified(shelves))["is_intact"] is True


async def test_the_hubs_word_counts_more_than_a_blobs_name(shelves: Shelves, hub: HubStandIn) -> None:
    """A blob whose name was changed with it."""
    link = cached(shelves.hub, hub.repositories[REPO_ID]) / LARGE
    blob, content = link.resolve(), b"something else"
    blob.unlink()
    blob.with_name(hashlib.sha256(content).hexdigest()).write_bytes(content)
    link.unlink()
    link.symlink_to(Path("..", "..", "blobs", hashlib.sha256(content).hexdigest()))
    assert (await verified(shelves))["damaged"] == [LARGE]
    hub.fail(Kind.STATUS, status=503)
    assert (await verified(shelves))["damaged"] == []


async def test_missing_unknown_and_unreadable(
    shelves: Shelves, hub: HubStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshot = cached(shelves.hub, hub.repositories[REPO_ID])
    (snapshot / "README.md").unlink()
    (snapshot / "tokenizer_config.json").resolve().unlink()
    (snapshot / "mine.txt").write_text("x")
    real = digest_of

    def refuse(file: Path, *rest: Any) -> str:
        if file.name == "config.json":
            raise PermissionError(13, "Permission denied")
        return real(file, *rest)

    monkeypatch.setattr(verification, "digest_of", refuse)
    found = await verified(shelves)
    assert results(found) == {
        **dict.fromkeys(PATHS, "ok"),
        "README.md": "missing",
        "tokenizer_config.json": "missing",
        "mine.txt": "unknown",
        "config.json": "unreadable",
    }
    assert (found["damaged"], found["is_intact"]) == (["config.json"], False)


async def test_a_folder_that_was_downloaded_into(shelves: Shelves, hub: HubStandIn) -> None:
    folder = noted(shelves.models / REPO_ID, hub.repositories[REPO_ID])
    flip(folder / LARGE)
    found = await verified(shelves)
    assert (found["authority"], found["damaged"]) == ("hub", [LARGE])
    renamed = shelves.models / "renamed"
    folder.rename(renamed)
    found = await verified(shelves, "renamed")
    assert (found["authority"], found["damaged"]) == ("download", [LARGE])
    assert found["why_not_hub"] is not None


async def test_nobody_knows(shelves: Shelves, hub: HubStandIn) -> None:
    shelves.add("mine")
    found = await verified(shelves, "mine")
    assert (found["status"], found["authority"], found["is_intact"]) == ("completed", "nobody", None)
    assert set(results(found).values()) == {"unknown"}
    assert hub.asked == []


async def test_a_hub_that_is_not_there(shelves: Shelves) -> None:
    repo = small_repository(REPO_ID)
    cached(shelves.hub, repo)
    found = await verified(shelves)
    assert (found["authority"], found["is_intact"]) == ("download", True)
    assert found["why_not_hub"] == "the hub cannot be reached"


async def test_one_at_a_time_and_cancelled(
    shelves: Shelves, hub: HubStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    cached(shelves.hub, hub.repositories[REPO_ID])
    shelves.add("other")
    reached = threading.Event()

    def hang(_: Path, __: str, stop: threading.Event, on_bytes: Any) -> str:
        on_bytes(1)
        reached.set()
        assert stop.wait(60)
        raise HashingStopped

    monkeypatch.setattr(verification, "digest_of", hang)
    started = (await shelves.admin.post(f"/library/models/{REPO_ID}/verify")).json()
    await asyncio.to_thread(reached.wait, 60)
    # The event loop is free meanwhile.
    assert code_of(await shelves.admin.post("/library/models/other/verify")) == (409, "conflict")
    assert code_of(await shelves.admin.call("DELETE", f"/library/models/{REPO_ID}")) == (409, "conflict")
    running = (await shelves.user.get(f"/library/verifications/{started['id']}")).json()
    assert (running["status"], running["done_bytes"], running["is_intact"]) == ("running", 1, None)
    path = f"/library/verifications/{started['id']}"
    assert code_of(await shelves.user.call("DELETE", path)) == (403, "permission_denied")
    cancelled = await shelves.admin.call("DELETE", path)
    assert cancelled.json()["status"] == "cancelled"
    monkeypatch.undo()
    assert (await shelves.admin.call("DELETE", path)).json()["status"] == "cancelled"


async def test_they_are_remembered(shelves: Shelves, hub: HubStandIn) -> None:
    shelves.add("one")
    shelves.add("two")
    for name in ("one", "two"):
        await verified(shelves, name)
    listed = (await shelves.user.get("/library/verifications")).json()["data"]
    assert [each["model_id"] for each in listed] == ["two", "one"]
    for unknown in (f"ver_{'0' * 32}", "nonsense"):
        assert code_of(await shelves.user.get(f"/library/verifications/{unknown}"))[0] == 404


async def test_a_fault_of_ours_ends_it(
    shelves: Shelves, hub: HubStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    cached(shelves.hub, hub.repositories[REPO_ID])

    def fail(*_: Any) -> str:
        raise RuntimeError("a fault")

    monkeypatch.setattr(verification, "digest_of", fail)
    found = await verified(shelves)
    assert (found["status"], found["reason"]) == ("failed", "a fault")


def test_hashes_of_both_kinds(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(os.urandom(9 * 2**20))
    counted: list[int] = []
    sha256 = digest_of(file, "0" * 64, threading.Event(), counted.append)
    assert sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    assert sum(counted) == 9 * 2**20
    (tmp_path / "hello").write_bytes(b"hello\n")
    # What `git hash-object` prints of it.
    assert digest_of(tmp_path / "hello", "0" * 40, threading.Event(), counted.append) == (
        "ce013625030ba8dba906f756967f9e9ca394464a"
    )
    stop = threading.Event()
    with pytest.raises(HashingStopped):
        digest_of(file, "0" * 64, stop, lambda _: stop.set())
