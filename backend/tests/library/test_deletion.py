"""Deleting, without a server: what goes, what stays, and what is never touched."""

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.db.tables import Download, DownloadStatus
from mlx_manager.library.deletion import Deletion, Revisions
from mlx_manager.library.live import LiveServer, View
from mlx_manager.library.removal import LinkError, SetAside, tidy
from tests.accounts import code_of, param_of
from tests.library.conftest import Shelves, add_revision
from tests.pool.model_folders import write_listed

Tree = dict[str, tuple[bool, bytes]]


def tree(folder: Path) -> Tree:
    """Everything below, by path: whether it is a link, and what it holds."""
    found: Tree = {}
    for parent, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(parent, name)
            content = os.readlink(path).encode() if path.is_symlink() else b""
            if path.is_file() and not path.is_symlink():
                content = path.read_bytes()
            found[str(path.relative_to(folder))] = path.is_symlink(), content
    return found


async def delete(shelves: Shelves, model_id: str, query: str = "") -> Any:
    return await shelves.admin.call("DELETE", f"/library/models/{model_id}{query}")


async def test_a_folder(shelves: Shelves) -> None:
    folder, other = shelves.add("owner/small"), shelves.add("owner/other")
    before = tree(other)
    size = sum(file.stat().st_size for file in folder.iterdir())
    answer = await delete(shelves, "owner/small")
    assert (answer.status_code, answer.json()) == (
        200,
        {"id": "owner/small", "path": str(folder), "freed_bytes": size},
    )
    assert os.listdir(shelves.models / "owner") == ["other"]
    assert tree(other) == before
    assert code_of(await delete(shelves, "owner/small")) == (404, "model_not_found")


async def test_what_has_another_name_elsewhere_does_not_come_free(shelves: Shelves, tmp_path: Path) -> None:
    folder = shelves.add("small")
    os.link(folder / "model.safetensors", tmp_path / "kept")
    os.link(folder / "model.safetensors", folder / "twice")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").write_text("stays")
    (folder / "link").symlink_to(outside)
    size = sum((folder / name).stat().st_size for name in ("config.json", "tokenizer.json"))
    assert (await delete(shelves, "small")).json()["freed_bytes"] == size
    assert (tmp_path / "kept").read_bytes() == b"12345678"
    assert (outside / "file").read_text() == "stays"


async def test_a_repository_with_all_revisions(shelves: Shelves) -> None:
    shelves.add_to_hub("owner/name", "a" * 40)
    repo = shelves.add_to_hub("owner/name", "b" * 40).parents[1]
    other = shelves.add_to_hub("owner/other").parents[1]
    blobs = sum(blob.stat().st_size for blob in (repo / "blobs").iterdir()) + 40
    answer = await delete(shelves, "owner/name")
    assert (answer.json()["path"], answer.json()["freed_bytes"]) == (str(repo), blobs)
    assert os.listdir(shelves.hub) == [other.name]


async def test_a_revision_with_what_it_alone_needs(shelves: Shelves, tmp_path: Path) -> None:
    old = add_revision(shelves.hub, "owner/name", "a" * 40, more="old")
    new = add_revision(shelves.hub, "owner/name", "b" * 40, more="newer")
    repo = new.parents[1]
    (repo / "refs" / "pr").mkdir()
    (repo / "refs" / "pr" / "1").write_text("a" * 40)
    (tmp_path / "outside").write_text("stays")
    (repo / "blobs" / "linked").symlink_to(tmp_path / "outside")
    (new / "linked.bin").symlink_to(Path("..", "..", "blobs", "linked"))
    (new / "stray.bin").symlink_to(tmp_path / "outside")
    before = tree(old)
    answer = await delete(shelves, "owner/name", "?revisions=current")
    assert (answer.json()["path"], answer.json()["freed_bytes"]) == (str(new), len("newer"))
    assert tree(old) == before
    assert all(file.exists() for file in old.iterdir())
    assert os.listdir(repo / "snapshots") == ["a" * 40]
    assert "linked" not in os.listdir(repo / "blobs")
    assert (tmp_path / "outside").read_text() == "stays"
    assert tree(repo / "refs").keys() == {"pr", "pr/1"}
    # The other one is offered now, and is the last: with it the repository goes.
    answer = await delete(shelves, "owner/name", "?revisions=current")
    assert answer.json()["path"] == str(repo)
    assert os.listdir(shelves.hub) == []


HOSTILE = (
    *("..", "../../etc", "%2e%2e", "%2e%2e%2f%2e%2e%2fetc", "..%2f..%2fmodels", "%2e%2e/models/small"),
    *("/etc", "%2fetc", "//etc/passwd", "small%00", "%00", "small%5c..%5c..", "..%5cmodels", "."),
    *("small/", "small/.", "small/..", "./small", "owner/../small", "~", "*", "%ff%fe", "SMALL", ""),
)


async def test_a_name_is_never_a_path(shelves: Shelves) -> None:
    shelves.add("small")
    shelves.add("owner/name")
    before = tree(shelves.models)
    for name in HOSTILE:
        for method, path in (("DELETE", name), ("GET", name), ("POST", f"{name}/verify")):
            # Sent as it is: a client's library would resolve the dots before they left.
            answer = await shelves.raw(method, f"/api/v1/library/models/{path}")
            assert answer == (404, "model_not_found"), (method, path)
    assert tree(shelves.models) == before


async def test_the_demo_stays(shelves: Shelves) -> None:
    assert code_of(await delete(shelves, "demo")) == (400, "invalid_request")


async def test_never_through_a_link(shelves: Shelves, tmp_path: Path) -> None:
    outside = write_listed(tmp_path / "outside" / "model")
    (shelves.models / "linked").symlink_to(outside)
    (shelves.models / "owner").symlink_to(outside.parent)
    shelves.hub.joinpath("models--o--linked").symlink_to(
        add_revision(tmp_path / "elsewhere", "o/n", "a" * 40).parents[1]
    )
    before = [tree(tmp_path / name) for name in ("models", "hub", "outside", "elsewhere")]
    for name in ("linked", "owner/model", "o/linked"):
        answer = await delete(shelves, name)
        assert (*code_of(answer), param_of(answer)) == (400, "invalid_request", "model_id")
        assert "is a link" in answer.json()["error"]["message"]
    assert [tree(tmp_path / name) for name in ("models", "hub", "outside", "elsewhere")] == before


async def test_a_folder_of_the_settings_is_not_deleted_itself(shelves: Shelves) -> None:
    folder = shelves.add("small")
    shelves.settings.model_dirs = [folder]
    answer = await delete(shelves, "small")
    assert code_of(answer) == (400, "invalid_request")
    assert folder.is_dir()


async def test_the_folder_of_the_settings_may_be_a_link(shelves: Shelves, tmp_path: Path) -> None:
    folder = shelves.add("small")
    (tmp_path / "link").symlink_to(shelves.models)
    shelves.settings.model_dirs = [tmp_path / "link"]
    assert (await delete(shelves, "small")).status_code == 200
    assert not folder.exists()


async def test_whoever_links_to_its_files_keeps_it(shelves: Shelves) -> None:
    snapshot = shelves.add_to_hub("owner/name")
    (shelves.models / "mine").mkdir()
    for file in snapshot.iterdir():
        (shelves.models / "mine" / file.name).symlink_to(file)
    answer = await delete(shelves, "owner/name")
    assert code_of(answer) == (409, "conflict")
    assert "mine" in answer.json()["error"]["message"]
    assert (await delete(shelves, "mine")).status_code == 200
    assert all(file.exists() for file in snapshot.iterdir())
    assert (await delete(shelves, "owner/name")).status_code == 200


async def test_not_while_it_is_being_downloaded(shelves: Shelves) -> None:
    snapshot = shelves.add_to_hub("owner/name")
    async with shelves.house.accounts.database.session() as session:
        session.add(Download(repo_id="owner/name", status=DownloadStatus.RUNNING.value))
    assert code_of(await delete(shelves, "owner/name")) == (409, "conflict")
    assert snapshot.exists()


async def test_an_adapter_goes_and_its_base_stays(shelves: Shelves) -> None:
    base = shelves.add("base")
    adapter = shelves.models / "adapter"
    adapter.mkdir()
    (adapter / "adapter_config.json").write_text('{"model": "base"}')
    (adapter / "adapters.safetensors").write_bytes(b"12345678")
    assert (await delete(shelves, "base+adapter")).json()["path"] == str(adapter)
    assert base.exists()
    assert not adapter.exists()


async def test_what_cannot_be_used_can_be_deleted(shelves: Shelves) -> None:
    folder = shelves.add("broken")
    (folder / "tokenizer.json").unlink()
    assert (await delete(shelves, "broken")).status_code == 200
    partial = shelves.hub / "models--owner--partial" / "blobs"
    partial.mkdir(parents=True)
    (partial / "x.incomplete").write_bytes(b"123")
    assert (await delete(shelves, "owner/partial")).json()["freed_bytes"] == 3
    assert os.listdir(shelves.hub) == []


async def test_only_administrators(shelves: Shelves) -> None:
    folder = shelves.add("small")
    for method, path in (("DELETE", ""), ("POST", "/verify")):
        answer = await shelves.user.call(method, f"/library/models/small{path}")
        assert code_of(answer) == (403, "permission_denied")
    assert folder.exists()


class Says(LiveServer):
    """A server whose answers are told to it, for what no real one can be brought to do at will."""

    def __init__(self, *answers: Sequence[View] | ApiError) -> None:
        self._answers = list(answers)
        self.unloaded: list[str] = []

    async def models(self) -> Sequence[View]:
        answer = self._answers.pop(0)
        if isinstance(answer, ApiError):
            raise answer
        return answer

    async def unload(self, model_id: str) -> None:
        self.unloaded.append(model_id)


async def _none() -> frozenset[str]:
    return frozenset()


def deletion(shelves: Shelves, live: LiveServer) -> Deletion:
    return Deletion(shelves.library.shelf, live, _none, lambda _: False)


def view(path: Path, status: str = "loaded", **fields: Any) -> View:
    return {"id": "small", "path": str(path), "status": status, "leases": 0, "waiting": 0, **fields}


async def test_what_was_loaded_meanwhile_is_put_back(shelves: Shelves) -> None:
    folder = shelves.add("small")
    before = tree(shelves.models)
    for status in ("loading", "loaded", "draining"):
        live = Says([view(folder, "unloaded")], [view(folder, status)])
        with pytest.raises(ApiError) as raised:
            await deletion(shelves, live).delete("small", unload=True, which=Revisions.ALL)
        assert raised.value.code is ErrorCode.MODEL_IN_USE
        assert tree(shelves.models) == before


async def test_a_server_that_is_silent_keeps_everything(shelves: Shelves) -> None:
    folder = shelves.add("small")
    before = tree(shelves.models)
    silent = ApiError(ErrorCode.SERVER_UNAVAILABLE, "it does not answer")
    for live in (Says(silent), Says([view(folder, "unloaded")], silent)):
        with pytest.raises(ApiError) as raised:
            await deletion(shelves, live).delete("small", unload=True, which=Revisions.ALL)
        assert raised.value.code is ErrorCode.SERVER_UNAVAILABLE
        assert tree(shelves.models) == before


async def test_what_is_used_is_not_unloaded_for_it(shelves: Shelves) -> None:
    folder = shelves.add("small")
    for used in (
        {"leases": 1},
        {"waiting": 1},
        {"status": "loading"},
        {"status": "unloaded", "waiting": 2},
    ):
        live = Says([view(folder, **used)])
        with pytest.raises(ApiError) as raised:
            await deletion(shelves, live).delete("small", unload=True, which=Revisions.ALL)
        assert raised.value.code is ErrorCode.MODEL_IN_USE
        assert (live.unloaded, folder.exists()) == ([], True)


async def test_an_adapter_in_memory_keeps_its_base(shelves: Shelves) -> None:
    folder = shelves.add("small")
    live = Says([view(folder, id="small+adapter", adapter_path="/elsewhere")])
    with pytest.raises(ApiError, match=r"small\+adapter is loaded"):
        await deletion(shelves, live).delete("small", unload=False, which=Revisions.ALL)


async def test_who_is_cancelled_leaves_nothing_hidden(shelves: Shelves) -> None:
    folder = shelves.add("small")
    before = tree(shelves.models)
    reached = asyncio.Event()

    class Slow(Says):
        async def models(self) -> Sequence[View]:
            if not self._answers:
                reached.set()
                await asyncio.Event().wait()
            return await super().models()

    task = asyncio.create_task(
        deletion(shelves, Slow([view(folder, "unloaded")])).delete("small", unload=False, which=Revisions.ALL)
    )
    await reached.wait()
    assert not folder.exists()
    task.cancel()
    await asyncio.wait({task})
    assert tree(shelves.models) == before


def test_a_link_that_comes_in_between(tmp_path: Path) -> None:
    folder = write_listed(tmp_path / "models" / "owner" / "name")
    outside = write_listed(tmp_path / "outside" / "name")
    aside = SetAside(tmp_path / "models", folder)
    # Whoever exchanges the parent now moves a name only: the descriptor stays.
    folder.parent.rename(tmp_path / "moved")
    folder.parent.symlink_to(outside.parent)
    aside.remove()
    aside.close()
    assert os.listdir(tmp_path / "moved") == []
    assert (outside / "config.json").exists()
    with pytest.raises(LinkError, match="owner is a link"):
        SetAside(tmp_path / "models", folder)


def test_tidying_up_removes_what_was_decided_and_puts_back_what_was_not(tmp_path: Path) -> None:
    models, hub = tmp_path / "models", tmp_path / "hub"
    decided = [
        write_listed(models / ".mlx-manager-deleting-0011"),
        write_listed(models / "owner" / ".mlx-manager-deleting-0022"),
        write_listed(hub / ".mlx-manager-deleting-0033"),
        write_listed(hub / "models--o--n" / "snapshots" / ".mlx-manager-deleting-0044"),
    ]
    open_ = write_listed(models / "owner" / ".mlx-manager-set-aside-name")
    (hub / ".mlx-manager-deleting-link").symlink_to(models)
    other = write_listed(models / ".other")
    tidy([models, tmp_path / "none"], hub)
    assert not any(folder.exists() for folder in (*decided, open_))
    assert (models / "owner" / "name" / "config.json").exists()
    assert other.exists()


_KILLED = """
import os, signal, shutil, sys
from pathlib import Path
from mlx_manager.library.removal import SetAside

aside = SetAside(Path(sys.argv[1]), Path(sys.argv[1]) / "name")
if sys.argv[2] == "decided":
    def rmtree(*_, **__):
        os.kill(os.getpid(), signal.SIGKILL)
    shutil.rmtree = rmtree
    aside.remove()
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("when", ["decided", "before"])
async def test_a_deletion_that_is_killed_is_ended_by_the_next_start(shelves: Shelves, when: str) -> None:
    folder = shelves.add("name")
    before = tree(folder)
    command = [sys.executable, "-c", _KILLED, str(shelves.models), when]
    killed = await asyncio.to_thread(subprocess.run, command, check=False)
    assert killed.returncode == -9
    assert not folder.exists()
    (hidden,) = os.listdir(shelves.models)
    assert hidden.startswith(".mlx-manager-")
    assert "name" not in (await shelves.library.shelf()).models
    async with shelves.library:
        pass
    assert os.listdir(shelves.models) == ([] if when == "decided" else ["name"])
    if when == "before":
        assert tree(folder) == before


async def test_what_cannot_be_removed_stays_hidden_and_is_said(
    shelves: Shelves, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelves.add("small")

    def refuse(*_: Any, **__: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(shutil, "rmtree", refuse)
    answer = await delete(shelves, "small")
    assert code_of(answer) == (409, "conflict")
    assert "Permission denied" in answer.json()["error"]["message"]
    (hidden,) = os.listdir(shelves.models)
    assert hidden.startswith(".mlx-manager-deleting-")


def test_a_new_folder_of_the_same_name_is_not_written_over(tmp_path: Path) -> None:
    folder = write_listed(tmp_path / "models" / "name")
    aside = SetAside(tmp_path / "models", folder)
    write_listed(folder)
    with pytest.raises(OSError, match="not empty"):
        aside.put_back()
    aside.remove()
    aside.close()
    assert (folder / "config.json").exists()
