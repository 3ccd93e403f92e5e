"""What a prefix cache gives back continues as if it had just been computed, for every kind of cache."""

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import mlx.core as mx
import pytest
from mlx_lm.models.cache import (
    ArraysCache,
    CacheList,
    ChunkedKVCache,
    ConcatenateKVCache,
    KVCache,
    RotatingKVCache,
)
from prefix_models import (
    KINDS,
    assert_believable,
    assert_continues,
    believe,
    fresh,
    make_believe,
    prefill,
    read,
    tokens,
)

from mlx_manager.mlx_server.engine.prefix_cache import layers
from mlx_manager.mlx_server.engine.prefix_cache import prefix_cache as module
from mlx_manager.mlx_server.engine.prefix_cache.arrays import num_bytes
from mlx_manager.mlx_server.engine.prefix_cache.insertion import MAX_EDGE_TOKENS
from mlx_manager.mlx_server.engine.prefix_cache.prefix_cache import PrefixCache

SEGMENTS = ["llama", "quantised", "deepseek_v32"]
WINDOWS = ["gemma3_text"]
STATES = ["mamba2", "rwkv7", "falcon_h1", "qwen3_next"]


def ram(make_cache, budget: int = 2**30) -> PrefixCache:  # type: ignore[no-untyped-def]
    return PrefixCache(make_cache, budget_bytes=budget, fingerprint="a model")


@pytest.mark.sample(10)
@pytest.mark.parametrize("family", SEGMENTS + WINDOWS + STATES)
@pytest.mark.parametrize("length", [1, 17, 60, 300])
def test_an_exact_hit_continues(family: str, length: int) -> None:
    cache, prompt = ram(fresh(family)), tokens(length + 7)
    cache.insert("", prompt[:length], read(family, prompt[:length]), "user")
    hit = cache.lookup("", prompt)
    assert_continues(family, prompt, hit, length)
    assert hit is not None
    assert (hit.matched_tokens, hit.stored_ids, hit.source) == (length, [], "ram")
    assert cache.check() == ""


@pytest.mark.sample(5)
@pytest.mark.parametrize("family", SEGMENTS)
@pytest.mark.parametrize("agreed", [1, 30, 256, 270])
def test_segments_serve_any_prefix(family: str, agreed: int) -> None:
    cache, stored = ram(fresh(family)), tokens(280)
    cache.insert("", stored, read(family, stored), "user")
    prompt = [*stored[:agreed], (stored[agreed] + 1) % 97, *tokens(4, seed=5)]
    hit = cache.lookup("", prompt)
    assert_continues(family, prompt, hit, agreed)
    assert hit is not None
    assert hit.stored_ids == stored[agreed : agreed + 16]
    # The insert of the branch splits the edge; both ways go on as before.
    cache.insert("", prompt, read(family, prompt), "user")
    assert cache.check() == ""
    for whole in (stored, prompt):
        assert_continues(family, [*whole, 3], cache.lookup("", [*whole, 3]), len(whole))


def test_the_last_token_is_never_restored() -> None:
    cache, stored = ram(fresh("llama")), tokens(40)
    cache.insert("", stored, read("llama", stored), "user")
    hit = cache.lookup("", stored)
    assert_continues("llama", stored, hit, 39)
    assert hit is not None
    assert hit.matched_tokens == 40
    assert cache.lookup("", stored[:1]).num_tokens == 0  # type: ignore[union-attr]


def test_a_window_is_cut_while_it_has_not_rotated() -> None:
    cache, stored = ram(fresh("gemma3_text")), tokens(24)
    cache.insert("", stored, read("gemma3_text", stored), "user")
    prompt = [*stored[:10], (stored[10] + 1) % 97, 5, 6]
    assert_continues("gemma3_text", prompt, cache.lookup("", prompt), 10)
    # A branch keeps its own checkpoint, and the upper half of the edge still lends from below.
    cache.insert("", prompt, read("gemma3_text", prompt), "user")
    third = [*stored[:7], (stored[7] + 1) % 97, 5]
    assert_continues("gemma3_text", third, cache.lookup("", third), 7)
    assert cache.check() == ""


@pytest.mark.parametrize("family", WINDOWS + STATES)
def test_past_the_window_and_in_states_only_boundaries_serve(family: str) -> None:
    cache, stored = ram(fresh(family)), tokens(90)
    state = fresh(family)()
    prefill(family, stored[:40], state)
    cache.insert("", stored[:40], state, "system")
    prefill(family, stored[40:], state)
    cache.insert("", stored, state, "user")
    prompt = [*stored[:70], (stored[70] + 1) % 97, 1]
    hit = cache.lookup("", prompt)
    assert_continues(family, prompt, hit, 40)
    assert hit is not None
    assert (hit.matched_tokens, hit.stored_ids) == (70, stored[70:86])
    assert_continues(family, [*stored, 1], cache.lookup("", [*stored, 1]), 90)
    # Inserting the end of an inner part makes it a boundary, too.
    cache.insert("", stored[:70], read(family, stored[:70]), "user")
    assert_continues(family, prompt, cache.lookup("", prompt), 70)
    assert cache.check() == ""


@pytest.mark.parametrize("kind", KINDS)
def test_a_live_cache_and_the_store_share_nothing(kind: str) -> None:
    cache, ids = ram(make_believe(kind)), tokens(30)
    live = believe(make_believe(kind)(), ids)
    cache.insert("", ids, live, "user")
    believe(live, [*ids, *tokens(9, seed=1)], 30)  # goes on being written
    for _ in range(2):
        hit = cache.lookup("", [*ids, 1])
        assert hit is not None
        assert_believable(hit, ids)
        assert hit.cache is not None
        believe(hit.cache, [*ids, *tokens(9, seed=2)], 30)
    # What a running sequence was given does not keep evicted memory alive.
    del live
    hit = cache.lookup("", [*ids, 1])
    before = mx.get_active_memory()
    size = cache.nbytes
    cache.clear()
    assert cache.nbytes == 0
    assert before - mx.get_active_memory() >= size
    assert hit is not None


def test_what_is_counted_is_what_is_held() -> None:
    """Copies of slices keep no larger buffer alive, whatever is split off or evicted."""
    # In a process of its own: what other tests let go of meanwhile would be counted here.
    with ProcessPoolExecutor(1, get_context("spawn")) as executor:
        counted, held, num_arrays, left = executor.submit(_count_and_hold).result()
    assert counted <= held <= counted + 16_384 * num_arrays
    assert held < 1.05 * counted
    assert left == 0


def _count_and_hold() -> tuple[int, int, int, int]:
    """Bytes that a cache counts, bytes that it holds, its number of arrays, and bytes left when cleared."""
    ids = tokens(4000)
    live = believe([KVCache(), KVCache()], ids)
    for leaf in live:  # one head: a slice of it is contiguous in itself
        leaf.keys, leaf.values = mx.contiguous(leaf.keys[:, :1]), mx.contiguous(leaf.values[:, :1])
    mx.eval([leaf.state for leaf in live])
    cache = ram(lambda: [KVCache(), KVCache()])
    mx.clear_cache()
    before = mx.get_active_memory()
    for prompt in (ids[:2500], ids, [*ids[:1300], 200, *ids[1301:]], [*ids[:700], 200, *ids[701:]]):
        cache.insert("", prompt, [_cut(leaf, len(prompt)) for leaf in live], "user")
    counted, held = cache.nbytes, mx.get_active_memory() - before
    num_arrays = 4 * cache.stats().num_nodes
    cache.clear()
    return counted, held, num_arrays, mx.get_active_memory() - before


def _cut(leaf: KVCache, length: int) -> KVCache:
    found = KVCache()
    found.keys, found.values, found.offset = leaf.keys, leaf.values, length
    return found


def test_salts_are_kept_apart() -> None:
    cache, ids = ram(make_believe("kv")), tokens(30)
    cache.insert("alice", ids, believe(make_believe("kv")(), ids), "user")
    for salt in ("bob", "", "alice "):
        hit = cache.lookup(salt, [*ids, 1])
        assert hit is not None
        assert (hit.num_tokens, hit.matched_tokens, hit.stored_ids, hit.source) == (0, 0, [], "none")
    assert cache.lookup("alice", [*ids, 1]).num_tokens == 30  # type: ignore[union-attr]


@pytest.mark.parametrize("kind", KINDS)
def test_growing_turns_cost_what_is_new(kind: str) -> None:
    cache, ids, live = ram(make_believe(kind)), tokens(1000), make_believe(kind)()
    sizes = []
    for turn in range(10):
        believe(live, ids[: 100 * (turn + 1)], 100 * turn)
        cache.insert("", ids[: 100 * (turn + 1)], live, "assistant")
        sizes.append(cache.nbytes)
    alone = ram(make_believe(kind))
    alone.insert("", ids, live, "assistant")
    state = num_bytes(layers.checkpoint(alone._layout, live))
    assert sizes[-1] == alone.nbytes + 9 * state
    assert cache.num_tokens == 1000
    # What is there already costs nothing.
    cache.insert("", ids, live, "user")
    assert cache.nbytes == sizes[-1]


def test_long_prompts_become_bounded_edges() -> None:
    cache, ids = ram(make_believe("kv")), tokens(100_000)
    cache.insert("", ids, believe(make_believe("kv")(), ids), "user")
    assert cache.stats().num_nodes == -(-100_000 // MAX_EDGE_TOKENS)
    other = [*ids[:77_777], (ids[77_777] + 1) % 97, *ids[77_778:]]
    hit = cache.lookup("", other)
    assert hit is not None
    assert (hit.num_tokens, hit.stored_ids) == (77_777, ids[77_777:77_793])
    assert_believable(hit, other)
    cache.insert("", other, believe(make_believe("kv")(), other), "user")
    hit = cache.lookup("", [*other, 1])
    assert hit is not None
    assert hit.num_tokens == 100_000
    assert_believable(hit, other)
    assert cache.check() == ""


@pytest.mark.parametrize("kind", KINDS)
def test_assistants_go_before_users_before_systems(kind: str) -> None:
    names = ["system", "assistant", "user", "assistant"]
    prompts = [[index, *tokens(29, seed=index)] for index in range(5)]
    probe = ram(make_believe(kind))
    probe.insert("", prompts[0], believe(make_believe(kind)(), prompts[0]), "user")
    cache = ram(make_believe(kind), 4 * probe.nbytes)
    for role, ids in zip(names, prompts, strict=False):
        cache.insert("", ids, believe(make_believe(kind)(), ids), role)
    assert cache.lookup("", [*prompts[1], 1]).num_tokens == 30  # type: ignore[union-attr]

    def gone_after(seed: int) -> list[int]:
        ids = [50 + seed, *tokens(29, seed=50 + seed)]
        cache.insert("", ids, believe(make_believe(kind)(), ids), "system")
        assert cache.check() == ""
        return [index for index in range(4) if cache._store.trie.match(*key_of(prompts[index])).length == 0]

    def key_of(ids: list[int]):  # type: ignore[no-untyped-def]
        return module.text_digest("", "salt"), module.token_array(ids)

    assert gone_after(0) == [3]  # the assistant that was not used since
    assert gone_after(1) == [1, 3]
    assert gone_after(2) == [1, 2, 3]
    assert gone_after(3) == [0, 1, 2, 3]


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_too_large_is_not_kept_and_evicts_nothing(kind: str) -> None:
    small, large = tokens(10), [96, *tokens(3000, seed=1)]
    live = believe(make_believe(kind)(), large)
    probe = ram(make_believe(kind))
    probe.insert("", large, live, "user")
    budget = probe.nbytes - 1
    cache = ram(make_believe(kind), budget)
    if kind != "state":
        cache.insert("", small, believe(make_believe(kind)(), small), "user")
    size = cache.nbytes
    cache.insert("", large, live, "system")
    assert (cache.nbytes, cache.stats().num_refused) == (size, 1)
    assert cache.check() == ""
    assert cache.lookup("", [*small, 1]).num_tokens == (10 if size else 0)  # type: ignore[union-attr]


def test_a_shared_prefix_outlives_its_branches() -> None:
    stem = tokens(100)
    branches = [[*stem, index, *tokens(50, seed=index)] for index in range(6)]
    probe = ram(make_believe("kv"))
    probe.insert("", branches[0], believe(make_believe("kv")(), branches[0]), "user")
    cache = ram(make_believe("kv"), 2 * probe.nbytes)
    for ids in branches:
        cache.insert("", ids, believe(make_believe("kv")(), ids), "user")
        assert cache.check() == ""
    lengths = [cache.lookup("", [*ids, 1]).num_tokens for ids in branches]  # type: ignore[union-attr]
    assert lengths[0] == 100
    assert lengths[-1] == 151
    assert cache.stats().num_evicted > 0


def test_caches_that_cannot_be_kept_are_named() -> None:
    assert PrefixCache.supports([KVCache(), CacheList(ArraysCache(2), RotatingKVCache(8))]) is None
    for unknown in (
        ChunkedKVCache(8),
        ConcatenateKVCache(),
        CacheList(KVCache(), ChunkedKVCache(8)),
        object(),
    ):
        reason = PrefixCache.supports([KVCache(), unknown])
        assert reason is not None
        assert "cannot be kept" in reason
    with pytest.raises(ValueError, match="ChunkedKVCache"):
        ram(lambda: [ChunkedKVCache(8)])


def test_a_cache_that_is_not_what_it_should_be_is_not_kept() -> None:
    cache, ids = ram(make_believe("hybrid")), tokens(20)
    believed = believe(make_believe("hybrid")(), ids)
    cache.insert("", ids[:19], believed, "user")  # holds one token more
    cache.insert("", ids, [KVCache()], "user")  # another model's
    padded = believe(make_believe("hybrid")(), ids)
    padded[0].caches[0].left_padding = mx.array([1])
    cache.insert("", ids, padded, "user")
    batch = believe(make_believe("hybrid")(), ids)
    batch[1].keys = mx.repeat(batch[1].keys, 2, axis=0)
    cache.insert("", ids, batch, "user")
    assert (cache.nbytes, cache.stats().num_refused) == (0, 4)
    with pytest.raises(ValueError, match="role"):
        cache.insert("", ids, believed, "tool")


def test_changed_shapes_drop_what_was_there() -> None:
    cache, ids = ram(lambda: [KVCache()]), tokens(20)
    for width in (3, 5):
        live = KVCache()
        live.update_and_fetch(mx.ones((1, 2, 20, width)), mx.ones((1, 2, 20, width)))
        cache.insert("", ids, [live], "user")
        hit = cache.lookup("", [*ids, 1])
        assert hit is not None
        assert hit.cache is not None
        assert hit.cache[0].keys.shape[3] == width
    assert cache.check() == ""


def test_half_precision_and_empty_widths_come_back() -> None:
    cache, ids, live = ram(lambda: [KVCache()]), tokens(20), KVCache()
    keys = mx.random.normal((1, 2, 20, 3)).astype(mx.bfloat16)
    live.update_and_fetch(keys, mx.zeros((1, 2, 20, 0), mx.bfloat16))
    cache.insert("", ids, [live], "user")
    hit = cache.lookup("", [*ids[:9], 96 - ids[9]])
    assert hit is not None
    assert hit.cache is not None
    restored, empty = hit.cache[0].keys_and_values()
    assert restored.dtype == mx.bfloat16
    assert mx.array_equal(restored, keys[:, :, :9])
    assert empty.shape == (1, 2, 9, 0)
