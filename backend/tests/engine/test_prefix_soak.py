"""Long seeded runs of everything at once: the sums stay true, the budgets hold, and nothing is mixed up."""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prefix_models import KINDS, WINDOW, Tier, assert_believable, believe, make_believe

from mlx_manager.mlx_server.engine.prefix_cache.entry_file import SUFFIX

ROLES = ["system", "user", "assistant"]


class Talk:
    """Prompts that share beginnings, as those of a server do."""

    def __init__(self, seed: str) -> None:
        self.random = random.Random(seed)
        self.seen: list[list[int]] = [[0]]

    def prompt(self) -> list[int]:
        """One of old, cut and continued."""
        base = self.random.choice(self.seen[-12:])
        start = self.random.choice([0, len(base), self.random.randint(0, len(base))])
        tail = [self.random.randint(0, 2) for _ in range(self.random.choice([1, 2, 5, 20]))]
        found = (base[:start] + tail)[:80]
        self.seen.append(found)
        return found


class Soak:
    """A cache, and what happens to it."""

    def __init__(self, kind: str, folder: Path, seed: int, **options: Any) -> None:
        self.kind, self.folder, self.options = kind, folder, options
        self.talk = Talk(f"{kind} {seed}")
        self.tier = Tier(make_believe(kind), folder, **options)
        self.num_hits = 0
        self.num_disk_hits = 0

    def insert(self, salt: str) -> None:
        ids = self.talk.prompt()
        live = believe(make_believe(self.kind)(), ids)
        self.tier.cache.insert(salt, ids, live, self.talk.random.choice(ROLES))

    def lookup(self, salt: str) -> None:
        ids = self.talk.prompt()
        hit = self.tier.lookup(salt, ids)
        assert_believable(hit, ids)
        assert hit.num_tokens <= min(hit.matched_tokens, len(ids) - 1)
        self.num_hits += hit.num_tokens > 0
        self.num_disk_hits += hit.source == "disk"

    def impatient_lookup(self, salt: str) -> None:
        """Asked once, whatever is being read or written."""
        ids = self.talk.prompt()
        hit = self.tier.cache.lookup(salt, ids)
        if hit is not None:
            assert_believable(hit, ids)

    def flush(self, salt: str) -> None:
        self.tier.flush()

    def clear(self, salt: str) -> None:
        self.tier.cache.clear()

    def damage(self, salt: str) -> None:
        files = sorted(self.folder.glob(f"*/*{SUFFIX}"))
        if files:
            path = self.talk.random.choice(files)
            try:
                data = bytearray(path.read_bytes())
                data[self.talk.random.randrange(len(data))] ^= 1 << self.talk.random.randrange(8)
                path.write_bytes(data)
            except FileNotFoundError:  # evicted meanwhile
                return

    def restart(self, salt: str) -> None:
        self.tier.close()
        self.tier = Tier(make_believe(self.kind), self.folder, **self.options)

    def run(self, steps: int) -> None:
        """Do this and that."""
        weights = {
            self.insert: 40,
            self.lookup: 25,
            self.impatient_lookup: 25,
            self.flush: 4,
            self.damage: 3,
            self.restart: 2,
            self.clear: 0.5,
        }
        actions = self.talk.random.choices(list(weights), list(weights.values()), k=steps)
        for number, action in enumerate(actions):
            action(self.talk.random.choice(["", "alice"]))
            fault = self.tier.cache.check()
            assert fault == "", f"after step {number}, {action.__name__}: {fault}"
        self.tier.close()
        disk_bytes = sum(path.stat().st_size for path in self.folder.glob(f"*/*{SUFFIX}"))
        assert disk_bytes <= self.options["disk"]


@pytest.mark.parametrize("kind", KINDS)
def test_soak(tmp_path: Path, kind: str) -> None:
    soak = Soak(kind, tmp_path, 1, ram=100 if kind == "state" else 12_000, disk=60_000)
    soak.run(500)
    assert soak.num_hits > 20
    assert soak.num_disk_hits > 5


@pytest.mark.full
@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("kind", KINDS)
def test_long_soak(tmp_path: Path, kind: str, seed: int) -> None:
    ram = ([100, 1000] if kind == "state" else [6_000, 50_000])[seed]
    soak = Soak(kind, tmp_path, seed, ram=ram, disk=[30_000, 10**7][seed])
    soak.run(3000)


def agreement(one: list[int], other: list[int]) -> int:
    return next(
        (i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )


def restorable(kind: str, stored: list[list[int]], prompt: list[int]) -> Iterator[int]:
    """The lengths that a cache with all of `stored` could restore."""
    limit = len(prompt) - 1
    reach = min(limit, max((agreement(ids, prompt) for ids in stored), default=0))
    yield 0
    if kind == "kv":
        yield reach
        return
    yield from (len(ids) for ids in stored if ids == prompt[: len(ids)] and len(ids) <= limit)
    if kind == "window":
        yield from (min(limit, agreement(ids, prompt)) for ids in stored if len(ids) <= WINDOW)


@pytest.mark.parametrize("has_disk", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_the_longest_prefix_is_found(tmp_path: Path, kind: str, has_disk: bool) -> None:
    """With room for all, in memory or on disk behind a small memory, restarts included."""
    tight = {"kv": 20_000, "window": 8_000, "hybrid": 8_000, "state": 60}[kind]
    talk = Talk(kind)
    tier = Tier(make_believe(kind), tmp_path, ram=tight if has_disk else 2**30)
    stored: list[list[int]] = []
    num_evicted = 0
    for step in range(150):
        ids = talk.prompt()
        hit = tier.lookup("", ids)
        assert_believable(hit, ids)
        assert hit.num_tokens == max(restorable(kind, stored, ids)), f"step {step}"
        assert hit.matched_tokens == max((agreement(one, ids) for one in stored), default=0)
        if step % 3 == 0:
            live = hit.cache if hit.cache is not None else make_believe(kind)()
            tier.cache.insert("", ids, believe(live, ids, hit.num_tokens), talk.random.choice(ROLES))
            stored.append(ids)
            tier.flush()
        if has_disk and step % 50 == 49:
            num_evicted += tier.cache.stats().num_evicted
            tier.close()
            tier = Tier(make_believe(kind), tmp_path, ram=tight)
    assert not has_disk or num_evicted > 0
    tier.close()
