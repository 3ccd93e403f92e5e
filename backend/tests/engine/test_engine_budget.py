"""Bounds that change while an engine runs: nothing is lost, and no more is held than is said."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np
import pytest
from harness import ONE_BYTE, Harness, assert_greedy, submit
from mlx_lm.models.cache import make_prompt_cache
from prefix_models import KINDS, WAIT_S, Tier, assert_believable, believe, make_believe, tokens
from tiny_models import tiny

from mlx_manager.mlx_server.engine.ledger import KVLedger
from mlx_manager.mlx_server.engine.prefix_cache.folder import Folder
from mlx_manager.mlx_server.engine.prefix_cache.prefix_cache import PrefixCache
from mlx_manager.mlx_server.engine.wire import Boundary, Budgets

LARGE = 1 << 40


def row_bytes(num_tokens: int) -> int:
    """What the harness' ledger charges for one row."""
    return KVLedger(ONE_BYTE, 0).row_bytes(num_tokens)


def test_more_room_lets_in_what_waits() -> None:
    harness = Harness(tiny("llama"), kv_budget_bytes=row_bytes(22))
    for index in range(3):
        harness.submit(submit(index, [index, 4], 20))
    for _ in range(4):
        harness.engine.step()
    assert (harness.most_rows, harness.engine.pong(1, 0).num_waiting) == (1, 2)
    assert harness.set_budget(LARGE) == Budgets(LARGE, 0)
    harness.run()
    assert harness.most_rows == 3
    for index in range(3):
        assert_greedy(tiny("llama"), [index, 4], harness.tokens[index])


@pytest.mark.parametrize("num_waiting", [0, 1])
def test_what_runs_or_waits_keeps_its_room(num_waiting: int) -> None:
    harness = Harness(tiny("llama"), max_rows=2, kv_budget_bytes=LARGE)
    for index in range(2):
        harness.submit(submit(index, [index, 4], 20))
    while {0, 1} - set(harness.tokens):
        harness.engine.step()
    for index in range(num_waiting):
        harness.submit(submit(5 + index, [7], 1000))
    charged = harness.engine.pong(1, 0).kv_bytes
    held = harness.set_budget(5).kv_budget_bytes
    assert held == max(charged, row_bytes(1001) if num_waiting else 0)
    assert (held > charged) == bool(num_waiting)
    harness.run()
    assert harness.failed == {}
    assert set(harness.finish) == {0, 1, 5} - ({5} if not num_waiting else set())
    assert harness.set_budget(5).kv_budget_bytes == 5


def test_a_prompt_that_is_being_read_keeps_its_room() -> None:
    harness = Harness(tiny("llama"), chunk=16)
    harness.submit(submit(1, range(60), 4))
    harness.engine.step()
    assert harness.engine._scheduler.reading
    assert harness.set_budget(1).kv_budget_bytes == row_bytes(64)
    harness.run()
    assert_greedy(tiny("llama"), list(range(60)), harness.tokens[1])


def test_an_idle_engine_keeps_a_bound() -> None:
    harness = Harness(tiny("llama"))
    assert harness.set_budget(0).kv_budget_bytes == 1
    harness.submit(submit(1, [3], 4))
    assert "bytes of 1" in harness.failed[1]
    harness.engine.check_idle()


def test_no_more_is_charged_than_the_bound_and_nobody_is_left_behind() -> None:
    random = np.random.default_rng(5)
    harness = Harness(tiny("llama"), max_rows=3, chunk=16, kv_budget_bytes=LARGE)
    bound, submitted = LARGE, 0
    for index in range(600):
        match random.choice(["submit", "budget", "step"], p=[0.15, 0.1, 0.75]):
            case "submit":
                request = submit(index, random.integers(0, 97, random.integers(1, 40)).tolist(), 8)
                if row_bytes(len(request.prompt_ids) + 8) <= bound:  # as the server sees to
                    harness.submit(request)
                    submitted += 1
            case "budget":
                asked = int(random.integers(0, 3000))
                bound = harness.set_budget(asked).kv_budget_bytes
                assert bound >= asked
            case _:
                harness.engine.step()
        assert harness.engine.pong(index, 0).kv_bytes <= bound
    harness.run()
    assert harness.failed == {}
    assert len(harness.finish) == submitted > 30


def caching(family: str = "llama", budget_bytes: int = 64_000_000) -> Harness:
    """An engine whose prefix cache has so much room."""
    model = tiny(family)
    cache = PrefixCache(lambda: make_prompt_cache(model), budget_bytes=budget_bytes, fingerprint="x")
    return Harness(model, prefix_cache=cache)


def cached_tokens(harness: Harness, sequence_id: int, prompt: list[int]) -> int:
    """Send a prompt; how much of it was known."""
    harness.submit(submit(sequence_id, prompt, 3, boundaries=[Boundary(len(prompt), "user")]))
    harness.run()
    return harness.restored[sequence_id].cached_tokens


def test_what_was_freed_is_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    harness = caching()
    cached_tokens(harness, 1, tokens(60, 1))
    held_when_cleared: list[int] = []
    # What MLX holds in all would count what other tests' threads let go of.
    monkeypatch.setattr(
        mx, "clear_cache", lambda: held_when_cleared.append(harness.engine.pong(1, 0).cache_bytes)
    )
    harness.set_budget(LARGE, 0)
    assert held_when_cleared == [0]


@pytest.mark.parametrize("family", ["llama", "gemma3_text", "mamba2", "rwkv7"])
def test_a_prefix_cache_without_room_is_empty_and_fills_again_with_some(family: str) -> None:
    harness = caching(family)
    prompt = tokens(60, 1)
    assert [cached_tokens(harness, index, prompt) for index in (1, 2)] == [0, 59]
    assert harness.set_budget(LARGE, 0) == Budgets(LARGE, 0)
    assert harness.engine.pong(1, 0).cache_bytes == 0
    assert [cached_tokens(harness, index, prompt) for index in (3, 4)] == [0, 0]
    assert harness.engine.pong(1, 0).cache_bytes == 0
    assert harness.set_budget(LARGE, 64_000_000).cache_budget_bytes == 64_000_000
    assert [cached_tokens(harness, index, prompt) for index in (5, 6)] == [0, 59]
    for index in range(2, 7):
        assert harness.tokens[index] == harness.tokens[1]


def test_a_smaller_prefix_cache_lets_the_oldest_go() -> None:
    harness = caching()
    old, new = tokens(200, 1), tokens(200, 2)
    for index, prompt in enumerate((old, new)):
        cached_tokens(harness, index, prompt)
    held = harness.engine.pong(1, 0).cache_bytes
    assert harness.set_budget(LARGE, held // 2 + 1).cache_budget_bytes == held // 2 + 1
    assert 0 < harness.engine.pong(1, 0).cache_bytes <= held // 2 + 1
    assert cached_tokens(harness, 3, new) == 199
    assert cached_tokens(harness, 4, old) == 0


def test_an_engine_without_a_prefix_cache_gets_none() -> None:
    assert Harness(tiny("llama")).set_budget(LARGE, 1000) == Budgets(LARGE, 0)


class Broken:
    """A prefix cache whose every method fails."""

    nbytes = 77

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(f"no {name}")


def test_a_fault_of_the_prefix_cache_is_not_the_engines() -> None:
    harness = Harness(tiny("llama"), prefix_cache=Broken())  # type: ignore[arg-type]
    assert harness.set_budget(LARGE, 1000) == Budgets(LARGE, 77)


def hold(tier: Tier, make_cache: Callable[[], list[Any]], prompt: list[int]) -> None:
    """Keep a prompt."""
    tier.cache.insert("", prompt, believe(make_cache(), prompt), "user")


@pytest.mark.parametrize("kind", ["kv", "hybrid", "state"])
def test_what_is_on_disk_survives_a_time_without_room(tmp_path: Path, kind: str) -> None:
    make_cache = make_believe(kind)
    tier = Tier(make_cache, tmp_path)
    prompt = tokens(80, 3)
    hold(tier, make_cache, prompt)
    tier.flush()
    assert tier.cache.set_budget(0) == 0
    assert tier.cache.nbytes == 0
    assert tier.lookup("", [*prompt, 5]).num_tokens == 0
    assert tier.cache.set_budget(2**30) == 2**30
    assert tier.lookup("", [*prompt, 5]).num_tokens == 80
    tier.close()


class Gate:
    """Holds the disk tier's thread at the beginning of a read or a write."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
        self.entered, self.leave = threading.Event(), threading.Event()
        original = getattr(Folder, name)

        def wait(*arguments: Any) -> Any:
            self.entered.set()
            assert self.leave.wait(WAIT_S)
            return original(*arguments)

        monkeypatch.setattr(Folder, name, wait)


@pytest.mark.parametrize("name", ["read", "write"])
def test_what_is_being_read_or_written_goes_as_soon_as_it_can(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    make_cache = make_believe("kv")
    tier = Tier(make_cache, tmp_path)
    prompt = tokens(300, 3)
    if name == "read":
        hold(tier, make_cache, prompt)
        tier.flush()
        tier.cache.set_budget(0)
        tier.cache.set_budget(2**30)
    tier.flush()
    gate = Gate(monkeypatch, name)
    if name == "read":
        assert tier.cache.lookup("", prompt) is None
    else:
        hold(tier, make_cache, prompt)
    assert gate.entered.wait(WAIT_S)
    held = tier.cache.set_budget(0)
    assert tier.cache.nbytes == held > 0
    assert tier.cache.check() == ""
    gate.leave.set()
    tier.flush()
    assert tier.cache.nbytes == tier.cache.set_budget(0) == 0
    assert tier.cache.set_budget(2**30) == 2**30
    assert tier.lookup("", prompt).num_tokens == 299
    tier.close()


@pytest.mark.parametrize("kind", KINDS)
def test_budgets_come_and_go_between_hits(tmp_path: Path, kind: str) -> None:
    random = np.random.default_rng(9)
    make_cache = make_believe(kind)
    tier = Tier(make_cache, tmp_path, ram=40_000)
    bases = [tokens(60, seed) for seed in range(3)]
    known, hits = [bases[0]], 0
    for index in range(250):
        base = bases[random.integers(3)]
        prompt = [*base[: random.integers(20, 61)], *tokens(random.integers(1, 9), int(random.integers(4)))]
        match random.choice(["insert", "lookup", "budget"], p=[0.4, 0.45, 0.15]):
            case "insert":
                hold(tier, make_cache, prompt)
                known.append(prompt)
            case "lookup":
                prompt = [*known[random.integers(len(known))], *prompt[-3:]]
                hit = tier.lookup("", prompt)
                assert_believable(hit, prompt)
                hits += hit.num_tokens > 0
            case _:
                asked = int(random.choice([0, 1500, 8000, 40_000]))
                assert tier.cache.set_budget(asked) == max(asked, tier.cache.nbytes)
        assert tier.cache.check() == "", index
    assert hits > 3  # how many depends on how soon the disk has written
    tier.flush()
    assert tier.cache.set_budget(0) == tier.cache.nbytes == 0
    tier.close()
