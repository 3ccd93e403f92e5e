"""The disk tier: what was written is found after eviction and restart, and what is damaged never is."""

import logging
import os
import resource
import shutil
import stat
import subprocess
import sys
import threading
from collections import namedtuple
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlx.core as mx
import msgspec
import pytest
from mlx_lm.models.cache import KVCache
from prefix_models import (
    KINDS,
    WAIT_S,
    Tier,
    assert_believable,
    assert_continues,
    believe,
    fresh,
    make_believe,
    read,
    tokens,
)

from mlx_manager.mlx_server.engine.prefix_cache import entry_file, folder
from mlx_manager.mlx_server.engine.prefix_cache import prefix_cache as module
from mlx_manager.mlx_server.engine.prefix_cache.disk import Evicted
from mlx_manager.mlx_server.engine.prefix_cache.entry_file import SUFFIX, read_entry, write_entry

FAMILIES = ["llama", "quantised", "deepseek_v32", "gemma3_text", "mamba2", "rwkv7", "falcon_h1", "qwen3_next"]


def put(tier: Tier, kind: str, ids: list[int], salt: str = "", role: str = "user") -> None:
    tier.cache.insert(salt, ids, believe(make_believe(kind)(), ids), role)


def files(path: Path) -> list[Path]:
    return sorted(path.glob(f"*/*{SUFFIX}"))


def found(tier: Tier, ids: list[int], salt: str = "") -> int:
    """Tokens of a believable hit."""
    hit = tier.lookup(salt, [*ids, 1])
    assert_believable(hit, ids)
    assert tier.cache.check() == ""
    return hit.num_tokens


@pytest.mark.sample(4)
@pytest.mark.parametrize("family", FAMILIES)
def test_a_restart_continues(tmp_path: Path, family: str) -> None:
    prompt = tokens(110)
    first = Tier(fresh(family), tmp_path)
    assert first.lookup("", prompt).num_tokens == 0
    for end, role in ((40, "system"), (103, "user")):
        first.cache.insert("", prompt[:end], read(family, prompt[:end]), role)
    first.close()
    second = Tier(fresh(family), tmp_path)
    hit = second.lookup("", prompt)
    assert hit.source == "disk"
    assert_continues(family, prompt, hit, 103)
    assert second.num_ready == 2  # the index, and one batch of reads
    again = second.lookup("", prompt)
    assert again.source == "ram"
    assert_continues(family, prompt, again, 103)
    branch = [*prompt[:40], (prompt[40] + 1) % 97, 4]
    assert_continues(family, branch, second.lookup("", branch), 40)
    second.close()


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_evicted_is_read_back(tmp_path: Path, kind: str) -> None:
    prompts = [[index, *tokens(59, seed=index)] for index in range(6)]
    probe = Tier(make_believe(kind), tmp_path / "probe")
    put(probe, kind, prompts[0])
    budget = 2 * probe.cache.nbytes
    probe.close()
    tier = Tier(make_believe(kind), tmp_path / "tier", ram=2 * budget)
    for ids in prompts:
        put(tier, kind, ids)
        tier.flush()
    assert tier.cache.stats().num_evicted > 0
    for ids in prompts:
        assert found(tier, ids) == 60
        assert tier.cache.nbytes <= 2 * budget
    assert tier.cache.stats().disk.read > 0
    tier.close()


@pytest.mark.parametrize("kind", KINDS)
def test_splits_survive_restarts(tmp_path: Path, kind: str) -> None:
    stem = tokens(200)
    branches = [[*stem[: 30 * index + 30], 90 + index, *tokens(40, seed=index)] for index in range(5)]
    tier = Tier(make_believe(kind), tmp_path)
    put(tier, kind, stem)
    tier.close()
    for ids in branches:  # each in a life of its own, so that the stem is split on disk and in memory
        tier = Tier(make_believe(kind), tmp_path)
        if ids is not branches[2]:
            found(tier, ids)
        assert tier.cache.flush(WAIT_S)
        put(tier, kind, ids, role="assistant")
        tier.close()
    tier = Tier(make_believe(kind), tmp_path)
    for ids in (*branches, stem):
        assert found(tier, ids) == len(ids)
    for length in range(1, 200, 13):
        hit = tier.lookup("", [*stem[:length], 200, 200])
        assert_believable(hit, stem)
        assert hit.num_tokens == (length if kind == "kv" else hit.num_tokens)
    assert tier.cache.stats().disk.discarded == 0
    tier.close()


def test_several_reads_share_one_wait(tmp_path: Path) -> None:
    ids = tokens(5000)
    tier = Tier(make_believe("kv"), tmp_path)
    put(tier, "kv", ids)
    tier.close()
    tier = Tier(make_believe("kv"), tmp_path)
    assert tier.cache.flush(WAIT_S)
    assert tier.cache.lookup("", ids) is None
    assert tier.cache.check() == ""
    assert tier.disk.wait_idle(WAIT_S)
    assert tier.num_ready == 2
    hit = tier.cache.lookup("", ids)
    assert hit is not None
    assert hit.num_tokens == 4999
    # Only what is asked for was read, and it is counted.
    assert tier.cache.stats().disk.read == 5
    tier.close()


def test_salts_and_fingerprints_are_kept_apart_on_disk(tmp_path: Path) -> None:
    ids = tokens(30)
    owner: dict[str, Path] = {}
    for fingerprint in ("one", "other"):
        tier = Tier(make_believe("kv"), tmp_path, fingerprint=fingerprint)
        assert found(tier, ids, "alice") == 0
        put(tier, "kv", ids, "alice")
        tier.close()
        owner[fingerprint] = next(path for path in tmp_path.iterdir() if path not in owner.values())
    tier = Tier(make_believe("kv"), tmp_path, fingerprint="one")
    assert found(tier, ids, "bob") == 0
    assert found(tier, ids, "alice") == 30
    tier.close()
    one, other = files(tmp_path)
    assert b"alice" not in one.read_bytes()
    # Another model's file in our folder is not served, whatever it is called.
    for name in (one.name, other.name):
        shutil.copy(other, one.parent / name)
    tier = Tier(make_believe("kv"), tmp_path, fingerprint="one" if one.parent == owner["one"] else "other")
    assert found(tier, ids, "alice") == 0
    assert tier.cache.stats().disk.discarded == 2
    tier.close()


def test_files_are_private(tmp_path: Path) -> None:
    tier = Tier(make_believe("hybrid"), tmp_path / "new")
    put(tier, "hybrid", tokens(30))
    tier.close()
    assert files(tmp_path / "new")
    for path in (tmp_path / "new").rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)


def rewrite(path: Path, change: Callable[[entry_file.Header], entry_file.Header]) -> None:
    """A file with another header, whose seals are right."""
    header, views = read_entry(path)
    other = change(header)
    write_entry(path.parent, other, views)
    (path.parent / f"{other.name}{SUFFIX}").replace(path)


def flip(offset: int) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        data = bytearray(path.read_bytes())
        data[offset if offset >= 0 else len(data) + offset] ^= 4
        path.write_bytes(data)

    return damage


def cut_to(part: float) -> Callable[[Path], None]:
    return lambda path: os.truncate(path, int(path.stat().st_size * part))


def flip_header(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data.replace(b'\\"role\\":\\"user\\"', b'\\"role\\":\\"usfr\\"'))
    assert path.read_bytes() != data


def newer(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data.replace(b'"format":"1"', b'"format":"2"'))
    assert path.read_bytes() != data


def swap_shapes(path: Path) -> None:
    """The same bytes said to be of another shape."""
    data = path.read_bytes()
    path.write_bytes(data.replace(b'"shape":[1,2,30,3]', b'"shape":[1,3,30,2]'))
    assert path.read_bytes() != data


DAMAGES: dict[str, Callable[[Path], None]] = {
    "empty": lambda path: os.truncate(path, 0),
    "cut in the length": lambda path: os.truncate(path, 5),
    "cut in the header": cut_to(0.1),
    "cut in the data": lambda path: os.truncate(path, path.stat().st_size - 1),
    "longer": lambda path: path.write_bytes(path.read_bytes() + b"\0" * 8) and None,
    "first byte": flip(0),
    "in the length": flip(6),
    "in the header": flip_header,
    "in the header's middle": flip(400),
    "last byte of the data": flip(-1),
    "middle of the data": flip(-300),
    "shapes": swap_shapes,
    "newer format": newer,
    "another model's": lambda path: rewrite(path, lambda h: msgspec.structs.replace(h, model="0" * 64)),
    "another tenant's": lambda path: rewrite(path, lambda h: msgspec.structs.replace(h, salt="0" * 64)),
    "other tokens": lambda path: rewrite(path, lambda h: msgspec.structs.replace(h, tokens=h.tokens[::-1])),
    "no safetensors": lambda path: path.write_bytes(b"\x10" + b"\0" * 7 + b"[" * 500) and None,
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_discarded_and_never_served(
    tmp_path: Path, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    ids = tokens(30)
    tier = Tier(make_believe("kv"), tmp_path)
    put(tier, "kv", ids)
    tier.close()
    [path] = files(tmp_path)
    DAMAGES[damage](path)
    tier = Tier(make_believe("kv"), tmp_path)
    assert found(tier, ids) == 0
    tier.flush()
    assert files(tmp_path) == []
    stats = tier.cache.stats()
    assert (stats.disk.discarded, stats.disk_files, stats.disk_nbytes, stats.nbytes) == (1, 0, 0, 0)
    assert len([record for record in caplog.records if record.levelno == logging.WARNING]) == 1
    # The place is free for a sound one.
    put(tier, "kv", ids)
    tier.close()
    tier = Tier(make_believe("kv"), tmp_path)
    assert found(tier, ids) == 30
    tier.close()


@pytest.mark.parametrize("kind", KINDS)
def test_every_flipped_byte_is_noticed(tmp_path: Path, kind: str) -> None:
    """Whichever bit of a file flips: served are right contents or none."""
    ids = tokens(14)
    tier = Tier(make_believe(kind), tmp_path / "sound")
    put(tier, kind, ids)
    tier.close()
    for index, path in enumerate(files(tmp_path / "sound")):
        size = path.stat().st_size
        for offset in range(index, size, size // 15):
            copy = tmp_path / f"{index}-{offset}"
            shutil.copytree(tmp_path / "sound", copy)
            flip(offset)(copy / path.relative_to(tmp_path / "sound"))
            tier = Tier(make_believe(kind), copy)
            assert found(tier, ids) in (0, 14)
            if tier.cache.stats().disk.discarded == 0:
                # A bit that means nothing, such as padding: the content is right all the same.
                assert found(tier, ids) == 14
            tier.close()


def test_what_continues_a_damaged_file_goes_with_it(tmp_path: Path) -> None:
    ids = tokens(90)
    tier = Tier(make_believe("kv"), tmp_path)
    for end in (30, 60, 90):
        put(tier, "kv", ids[:end])
    tier.close()
    middle = next(path for path in files(tmp_path) if entry_file.read_header(path)[0].start == 30)
    flip(-1)(middle)
    tier = Tier(make_believe("kv"), tmp_path)
    assert found(tier, ids) == 30
    tier.flush()
    assert [entry_file.read_header(path)[0].start for path in files(tmp_path)] == [0]
    tier.close()


def test_what_continues_half_of_a_damaged_file_is_found_by_its_digest(tmp_path: Path) -> None:
    """The half that is in memory is written anew, under the name that the other file calls its parent by."""
    ids, branch, other = tokens(60), [*tokens(30), *[200] * 10], [201, *tokens(29)]
    tier = Tier(make_believe("kv"), tmp_path)
    put(tier, "kv", ids)
    budget = tier.cache.nbytes * 70 // 60
    tier.close()
    tier = Tier(make_believe("kv"), tmp_path, ram=budget)
    tier.flush()
    put(tier, "kv", ids)
    tier.flush()
    put(tier, "kv", branch)
    tier.flush()
    put(tier, "kv", other)  # the lower half of `ids` has to go
    tier.flush()
    whole = next(path for path in files(tmp_path) if entry_file.read_header(path)[0].num_tokens == 60)
    flip(-1)(whole)
    assert found(tier, ids) == 30
    put(tier, "kv", branch)
    tier.close()
    tier = Tier(make_believe("kv"), tmp_path)
    assert found(tier, branch) == 40
    assert tier.cache.stats().disk.discarded == 0
    tier.close()


def test_other_models_folders_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "something").mkdir()
    (tmp_path / "something" / f"{'0' * 64}{SUFFIX}").write_bytes(b"not ours")
    (tmp_path / "notes.txt").write_text("not ours either")
    tier = Tier(make_believe("kv"), tmp_path, disk=4000)
    put(tier, "kv", tokens(30))
    tier.close()
    assert (tmp_path / "something" / f"{'0' * 64}{SUFFIX}").read_bytes() == b"not ours"
    assert (tmp_path / "notes.txt").exists()


def test_leftovers_of_a_crash_are_removed(tmp_path: Path) -> None:
    tier = Tier(make_believe("kv"), tmp_path)
    put(tier, "kv", tokens(30))
    tier.close()
    [path] = files(tmp_path)
    leftover = path.with_suffix(".123.tmp")
    leftover.write_bytes(b"half a file")
    tier = Tier(make_believe("kv"), tmp_path)
    assert found(tier, tokens(30)) == 30
    assert not leftover.exists()
    tier.close()


@pytest.mark.parametrize("kind", KINDS)
def test_the_disk_budget_holds(tmp_path: Path, kind: str) -> None:
    tier = Tier(make_believe(kind), tmp_path / "probe")
    put(tier, kind, tokens(60))
    tier.close()
    budget = 20_000 + 4 * sum(path.stat().st_size for path in files(tmp_path / "probe"))
    tier = Tier(make_believe(kind), tmp_path / "tier", disk=budget)
    stem = tokens(30, seed=77)
    prompts = [[*stem[: 10 * (index % 3)], index, *tokens(59, seed=index)] for index in range(20)]
    for ids in prompts:
        put(tier, kind, ids)
        tier.flush()
        assert sum(path.stat().st_size for path in files(tmp_path / "tier")) <= budget
        assert tier.cache.stats().disk_nbytes == sum(p.stat().st_size for p in files(tmp_path / "tier"))
    assert tier.cache.stats().disk.evicted > 0
    tier.close()
    tier = Tier(make_believe(kind), tmp_path / "tier", disk=budget)
    assert found(tier, prompts[-1]) == len(prompts[-1])
    assert tier.cache.stats().disk.discarded == 0  # none had lost the one that it continues
    tier.close()
    tier = Tier(make_believe(kind), tmp_path / "tier", disk=budget // 3)
    tier.flush()
    assert sum(path.stat().st_size for path in files(tmp_path / "tier")) <= budget // 3
    tier.close()


def test_what_is_too_large_for_the_disk_evicts_nothing(tmp_path: Path) -> None:
    tier = Tier(make_believe("kv"), tmp_path, disk=40_000)
    put(tier, "kv", tokens(60))
    tier.flush()
    put(tier, "kv", tokens(600, seed=1))
    put(tier, "kv", [*tokens(60), *tokens(180, seed=2)])  # would fit without the one that it continues
    tier.flush()
    disk = tier.cache.stats().disk
    assert (disk.written, disk.evicted, disk.refused) == (1, 0, 2)
    tier.close()


def test_what_was_read_last_stays(tmp_path: Path) -> None:
    prompts = [[index, *tokens(59, seed=index)] for index in range(4)]
    tier = Tier(make_believe("kv"), tmp_path)
    for ids in prompts[:3]:
        put(tier, "kv", ids)
    tier.close()
    size = files(tmp_path)[0].stat().st_size
    for path in files(tmp_path):
        is_second = entry_file.read_header(path)[0].token_array()[0] == 1
        os.utime(path, (1000, 1000) if is_second else (2000, 2000))
    tier = Tier(make_believe("kv"), tmp_path)
    assert found(tier, prompts[1]) == 60
    tier.close()
    tier = Tier(make_believe("kv"), tmp_path, disk=size + size // 2)
    assert [found(tier, ids) for ids in prompts[:3]] == [0, 60, 0]
    tier.close()


def test_the_floor_of_free_space_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    prompts = [[index, *tokens(59, seed=index)] for index in range(3)]
    free = 10**6

    def disk_usage(path: Any) -> Any:
        return usage(10**7, 0, free - sum(each.stat().st_size for each in files(tmp_path)))

    monkeypatch.setattr(folder.shutil, "disk_usage", disk_usage)
    tier = Tier(make_believe("kv"), tmp_path, floor=10**6 - 30_000)
    for ids in prompts:  # each takes some 10,000 bytes
        put(tier, "kv", ids)
        tier.flush()
        assert disk_usage(tmp_path).free >= 10**6 - 30_000
    assert tier.cache.stats().disk.evicted > 0
    assert tier.cache.stats().disk.written == 3
    free = 0
    put(tier, "kv", [3, *tokens(59, seed=3)])
    tier.flush()
    assert tier.cache.stats().disk.refused == 1
    assert tier.cache.stats().disk.written == 3
    free = 10**6
    put(tier, "kv", [3, *tokens(59, seed=3)])
    tier.flush()
    assert tier.cache.stats().disk.written == 4
    tier.close()


def test_a_folder_that_cannot_be_made_switches_the_tier_off(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("in the way")
    tier = Tier(make_believe("kv"), tmp_path / "file" / "folder")
    for index in range(3):
        put(tier, "kv", [index, *tokens(20)])
        assert found(tier, [index, *tokens(20)]) == 21
    tier.flush()
    assert len([record for record in caplog.records if record.levelno >= logging.WARNING]) == 1
    assert not tier.disk.can_write
    tier.close()


@pytest.mark.parametrize("number", [28, 30])  # ENOSPC, EROFS
def test_a_failing_write_switches_writing_off_and_reading_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, number: int
) -> None:
    kept = [40, *tokens(30)]
    tier = Tier(make_believe("hybrid"), tmp_path)
    put(tier, "hybrid", kept)
    tier.close()

    def fail(*_: Any) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(entry_file, "save_file", fail)
    tier = Tier(make_believe("hybrid"), tmp_path)
    for index in range(3):
        put(tier, "hybrid", [index, *tokens(20)])
        tier.flush()
        assert found(tier, [index, *tokens(20)]) == 21
    assert found(tier, kept) == 31
    assert len([record for record in caplog.records if record.levelno >= logging.WARNING]) == 1
    assert not list(tmp_path.glob("*/*.tmp"))
    tier.close()


def test_a_disk_that_is_full_switches_writing_off(tmp_path: Path) -> None:
    """A real refusal by the operating system, in the middle of a file."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    tier = Tier(make_believe("kv"), tmp_path)
    tier.flush()
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    try:
        put(tier, "kv", tokens(1000))
        tier.flush()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert not tier.disk.can_write
    assert not list(tmp_path.glob("*/*"))
    assert found(tier, tokens(1000)) == 1000
    tier.close()


def test_a_folder_that_is_taken_away_comes_back(tmp_path: Path) -> None:
    tier = Tier(make_believe("kv"), tmp_path / "here")
    tier.flush()
    shutil.rmtree(tmp_path / "here")
    put(tier, "kv", tokens(30))
    tier.flush()
    assert files(tmp_path / "here") == []
    put(tier, "kv", tokens(30))
    tier.flush()
    assert len(files(tmp_path / "here")) == 1
    tier.close()


def test_a_file_that_disappears_is_a_miss(tmp_path: Path) -> None:
    ids = tokens(60)
    tier = Tier(make_believe("hybrid"), tmp_path)
    put(tier, "hybrid", ids[:30])
    put(tier, "hybrid", ids)
    tier.close()
    tier = Tier(make_believe("hybrid"), tmp_path)
    tier.flush()
    for path in files(tmp_path):
        if entry_file.read_header(path)[0].start >= 30 and entry_file.read_header(path)[0].num_tokens:
            path.unlink()
    assert found(tier, ids) == 30
    tier.close()


def test_a_path_that_memory_cannot_hold_is_not_waited_for_forever(tmp_path: Path) -> None:
    ids = tokens(100)
    tier = Tier(make_believe("kv"), tmp_path)
    put(tier, "kv", ids)
    size = tier.cache.nbytes
    tier.close()
    tier = Tier(make_believe("kv"), tmp_path, ram=size // 2)
    assert found(tier, ids) == 0
    tier.close()


def test_reads_that_are_evicted_before_they_are_used_end_in_a_miss(tmp_path: Path) -> None:
    prompts = [[index, *tokens(59, seed=index)] for index in range(2)]
    tier = Tier(make_believe("kv"), tmp_path)
    for ids in prompts:
        put(tier, "kv", ids)
    size = tier.cache.nbytes
    tier.close()
    tier = Tier(make_believe("kv"), tmp_path, ram=size)
    tier.flush()
    crowd = [90, *tokens(119, seed=5)]
    answers = []
    for _ in range(module.MAX_READS + 1):
        answers.append(tier.cache.lookup("", [*prompts[0], 1]))
        tier.flush()
        put(tier, "kv", crowd)  # takes all the room
        tier.cache._store.forget(tier.cache._store.trie.match(*key(crowd)).path[0])
    assert answers[:-1] == [None] * module.MAX_READS
    assert answers[-1] is not None
    assert answers[-1].num_tokens == 0
    assert found(tier, prompts[0]) == 60  # and another time it is read again
    tier.close()


def key(ids: list[int]) -> tuple[str, Any]:
    return module.text_digest("", "salt"), module.token_array(ids)


class Gate:
    """Holds the writer inside a write."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.entered, self.leave = threading.Event(), threading.Event()
        self._save = entry_file.save_file
        monkeypatch.setattr(entry_file, "save_file", self._wait)

    def _wait(self, *args: Any) -> None:
        self.entered.set()
        assert self.leave.wait(WAIT_S)
        self._save(*args)


@pytest.mark.parametrize("kind", KINDS)
def test_writes_under_way_count_and_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """Eviction, splits and clearing while a write is under way and others wait behind it."""
    prompts = [[index, *tokens(59, seed=index)] for index in range(5)]
    probe = Tier(make_believe(kind), tmp_path / "probe")
    put(probe, kind, prompts[0])
    size = probe.cache.nbytes
    probe.close()
    gate = Gate(monkeypatch)
    tier = Tier(make_believe(kind), tmp_path / "tier", ram=3 * size)
    put(tier, kind, prompts[0])
    assert gate.entered.wait(WAIT_S)
    for ids in prompts[1:]:
        put(tier, kind, ids)
        assert tier.cache.check() == ""
        assert found(tier, ids) == 60
    assert found(tier, prompts[0]) == 60  # could not go
    branch = [*prompts[0][:20], 96, *tokens(5)]
    put(tier, kind, branch)
    assert tier.cache.check() == ""
    assert found(tier, branch) == len(branch)
    tier.cache.clear()
    assert tier.cache.check() == ""
    assert tier.cache.nbytes <= 2 * size  # what the writer holds
    put(tier, kind, prompts[0])
    assert tier.cache.check() == ""
    gate.leave.set()
    tier.flush()
    assert tier.cache.nbytes == size
    tier.close()
    tier = Tier(make_believe(kind), tmp_path / "tier")
    assert [found(tier, ids) for ids in prompts] == [60, 0, 0, 0, 0]
    assert tier.cache.stats().disk.discarded == 0
    tier.close()


def test_a_split_during_a_write_counts_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = tokens(60)
    gate = Gate(monkeypatch)
    tier = Tier(make_believe("kv"), tmp_path)
    put(tier, "kv", ids)
    size = tier.cache.nbytes
    assert gate.entered.wait(WAIT_S)
    put(tier, "kv", [*ids[:20], 200])
    put(tier, "kv", [*ids[:40], 200])  # the next split is one of copies
    assert tier.cache.check() == ""
    assert tier.cache.nbytes == 2 * size + 2 * size // 60
    gate.leave.set()
    tier.flush()
    assert tier.cache.nbytes == size + 2 * size // 60
    tier.close()


def test_a_late_word_of_an_eviction_does_not_hit_a_new_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids, other = tokens(60), [200, *tokens(59)]
    probe = Tier(make_believe("kv"), tmp_path / "probe")
    put(probe, "kv", ids)
    size = probe.cache.nbytes
    probe.close()
    [name] = [path.name.removesuffix(SUFFIX) for path in files(tmp_path / "probe")]
    gate = Gate(monkeypatch)
    tier = Tier(make_believe("kv"), tmp_path / "tier", ram=size)
    put(tier, "kv", ids)
    assert gate.entered.wait(WAIT_S)
    tier.disk._results.append(Evicted([name]))
    assert found(tier, ids) == 60
    gate.leave.set()
    tier.flush()
    put(tier, "kv", other)
    assert found(tier, ids) == 60
    tier.close()


def test_room_made_in_vain_costs_the_plan_not_the_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The longer prefix is on disk, and there is no room; the shorter one's checkpoint went for it."""
    ids, other = tokens(60), [200, *tokens(29)]
    tier = Tier(make_believe("hybrid"), tmp_path)
    put(tier, "hybrid", ids[:30])
    size = tier.cache.nbytes
    put(tier, "hybrid", ids)
    tier.close()
    tier = Tier(make_believe("hybrid"), tmp_path, ram=2 * size)
    assert found(tier, ids[:30]) == 30
    tier.flush()
    gate = Gate(monkeypatch)
    put(tier, "hybrid", other)
    assert gate.entered.wait(WAIT_S)
    assert tier.cache.nbytes == 2 * size
    hit = tier.cache.lookup("", [*ids, 1])
    assert hit is not None
    assert hit.num_tokens == 0
    gate.leave.set()
    tier.flush()
    assert found(tier, ids) == 60
    tier.close()


def test_closing_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = Gate(monkeypatch)
    tier = Tier(make_believe("kv"), tmp_path)
    put(tier, "kv", tokens(30))
    assert gate.entered.wait(WAIT_S)
    put(tier, "kv", tokens(30, seed=1))
    assert not tier.cache.close(0.05)
    assert found(tier, tokens(30)) == 30  # memory goes on
    put(tier, "kv", tokens(30, seed=2))
    assert found(tier, tokens(30, seed=2)) == 30
    gate.leave.set()


def test_an_insert_before_the_index_is_read_joins_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = tokens(100)
    tier = Tier(make_believe("hybrid"), tmp_path)
    put(tier, "hybrid", ids[:50])
    put(tier, "hybrid", ids)
    tier.close()
    held = threading.Event()
    index = folder.Folder.index

    def wait(self: folder.Folder) -> Any:
        assert held.wait(WAIT_S)
        return index(self)

    monkeypatch.setattr(folder.Folder, "index", wait)
    tier = Tier(make_believe("hybrid"), tmp_path)
    assert tier.cache.lookup("", ids) is None
    branch = [*ids[:70], 96, 96]
    for prompt in (ids[:70], branch, [95, *ids]):
        put(tier, "hybrid", prompt)
        assert tier.cache.check() == ""
    assert tier.cache.lookup("", ids) is None
    held.set()
    tier.flush()
    for prompt in (ids, branch, ids[:70], ids[:50], [95, *ids]):
        assert found(tier, prompt) == len(prompt)
    tier.close()
    tier = Tier(make_believe("hybrid"), tmp_path)
    for prompt in (ids, branch, ids[:70], ids[:50], [95, *ids]):
        assert found(tier, prompt) == len(prompt)
    tier.close()


def test_closing_before_the_index_is_read_leaves_the_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tier = Tier(make_believe("kv"), tmp_path)
    put(tier, "kv", tokens(30))
    tier.close()
    held = threading.Event()
    index = folder.Folder.index

    def wait(self: folder.Folder) -> Any:
        assert held.wait(WAIT_S)
        return index(self)

    with monkeypatch.context() as patch:
        patch.setattr(folder.Folder, "index", wait)
        tier = Tier(make_believe("kv"), tmp_path)
        assert not tier.cache.close(0.05)
    put(tier, "kv", tokens(30, seed=1))
    for _ in range(2):
        assert found(tier, tokens(30, seed=1)) == 30
        assert found(tier, tokens(30)) == 0
        held.set()
        assert tier.disk.wait_ended(WAIT_S)
    tier = Tier(make_believe("kv"), tmp_path)
    assert found(tier, tokens(30)) == 30
    tier.close()


def test_files_of_other_layers_are_discarded(tmp_path: Path) -> None:
    """A fingerprint that says too little does no harm."""
    tier = Tier(make_believe("kv"), tmp_path)
    put(tier, "kv", tokens(30))
    tier.close()
    tier = Tier(make_believe("window"), tmp_path)
    assert found(tier, tokens(30)) == 0
    tier.flush()
    assert (files(tmp_path), tier.cache.stats().disk.discarded) == ([], 1)
    tier.close()


@pytest.mark.parametrize("is_known", [False, True])
def test_files_of_other_shapes_are_not_mixed_with_the_models(tmp_path: Path, is_known: bool) -> None:
    def live(width: int, ids: list[int]) -> list[Any]:
        cache = KVCache()
        cache.update_and_fetch(mx.ones((1, 2, len(ids), width)), mx.ones((1, 2, len(ids), width)))
        return [cache]

    tier = Tier(lambda: [KVCache()], tmp_path)
    tier.cache.insert("", tokens(30), live(3, tokens(30)), "user")
    tier.close()
    tier = Tier(lambda: [KVCache()], tmp_path)
    assert tier.cache.flush(WAIT_S)
    if is_known:
        tier.cache.insert("", tokens(30, seed=1), live(5, tokens(30, seed=1)), "user")
        assert tier.lookup("", [*tokens(30), 1]).num_tokens == 0
        assert tier.lookup("", [*tokens(30, seed=1), 1]).num_tokens == 30
    else:
        assert tier.lookup("", [*tokens(30), 1]).num_tokens == 30
        longer = [*tokens(30), *tokens(30, seed=1)]
        tier.cache.insert("", longer, live(5, longer), "user")
        hit = tier.lookup("", [*longer, 1])
        assert hit.cache is not None
        assert hit.cache[0].keys.shape[3] == 5
    tier.flush()
    tier.close()


@pytest.mark.parametrize("early", [False, True])
def test_clearing_clears_the_disk(tmp_path: Path, early: bool) -> None:
    tier = Tier(make_believe("kv"), tmp_path)
    put(tier, "kv", tokens(30))
    tier.close()
    tier = Tier(make_believe("kv"), tmp_path)
    if not early:
        assert found(tier, tokens(30)) == 30
    tier.cache.clear()
    tier.flush()
    tier.flush()  # the first one took in the index
    assert files(tmp_path) == []
    assert found(tier, tokens(30)) == 0
    tier.close()


def test_bfloat16_survives_a_restart(tmp_path: Path) -> None:
    live, keys = KVCache(), mx.random.normal((1, 2, 20, 3)).astype(mx.bfloat16)
    live.update_and_fetch(keys, mx.zeros((1, 2, 20, 0), mx.bfloat16))
    tier = Tier(lambda: [KVCache()], tmp_path)
    tier.cache.insert("", tokens(20), [live], "user")
    tier.close()
    tier = Tier(lambda: [KVCache()], tmp_path)
    hit = tier.lookup("", [*tokens(20)[:9], 96])
    assert hit.cache is not None
    restored, empty = hit.cache[0].keys_and_values()
    assert restored.dtype == mx.bfloat16
    assert mx.array_equal(restored, keys[:, :, :9])
    assert empty.shape == (1, 2, 9, 0)
    tier.close()


def test_the_writers_modules_need_no_mlx() -> None:
    code = (
        "import sys; sys.modules['mlx'] = sys.modules['mlx.core'] = None\n"
        "import mlx_manager.mlx_server.engine.prefix_cache.disk"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
