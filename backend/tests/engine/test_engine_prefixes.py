"""Conversations are read once: what the prefix cache keeps is taken up again, and changes no token."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from harness import Calls, Harness, assert_greedy, submit
from mlx_lm.models.cache import make_prompt_cache
from tiny_models import tiny

from mlx_manager.mlx_server.engine.kv_bits import with_quantised_cache
from mlx_manager.mlx_server.engine.prefix_cache.prefix_cache import PrefixCache
from mlx_manager.mlx_server.engine.wire import Boundary

FAMILIES = ["llama", "gemma3_text", "mamba2", "rwkv7"]


def caching(model: Any, **options: Any) -> Harness:
    cache = PrefixCache(lambda: make_prompt_cache(model), budget_bytes=64_000_000, fingerprint="x")
    return Harness(model, prefix_cache=cache, **options)


def ids(count: int, seed: int) -> list[int]:
    found: list[int] = np.random.default_rng(seed).integers(0, 97, count).tolist()
    return found


def turns(harness: Harness, count: int) -> Iterator[tuple[list[int], int]]:
    """A chat of so many turns: each prompt is the last one, its answer, and a new message."""
    prompt = ids(40, 1)
    ends = [Boundary(40, "system")]
    for turn in range(count):
        prompt = [*prompt, *ids(9, 100 + turn)]
        ends.append(Boundary(len(prompt) - 2, "user"))  # two tokens open the answer
        harness.submit(submit(turn, prompt, 6, boundaries=list(ends)))
        harness.run()
        yield prompt, turn
        prompt = [*prompt, *harness.tokens[turn]]
        ends.append(Boundary(len(prompt), "assistant"))


@pytest.mark.sample(2)
@pytest.mark.parametrize("family", FAMILIES)
def test_ten_turns_read_only_what_is_new(family: str) -> None:
    model = Calls(tiny(family))
    harness = caching(model)
    known = 0
    for prompt, turn in turns(harness, 10):
        restored = harness.restored[turn]
        # All but the last drawn token of the answer has been computed before.
        assert restored.cached_tokens == max(known - 1, 0)
        read = sum(length for rows, length in model.shapes if length > 1)
        assert read <= len(prompt) - known + 16
        model.shapes.clear()
        assert assert_greedy(tiny(family), prompt, harness.tokens[turn]) > 0
        known = len(prompt) + 6


def test_parallel_requests_share_a_prefix_and_do_not_spoil_it() -> None:
    model = Calls(tiny("llama"))
    harness = caching(model, max_rows=8)
    shared = ids(120, 5)
    for index in range(8):
        harness.submit(submit(index, [*shared, *ids(5, 10 + index)], 20, temperature=0.8, seed=3))
    harness.run()
    assert [harness.restored[index].cached_tokens for index in range(8)] == [0, *[120] * 7]
    alone = Harness(tiny("llama"))
    for index in range(8):
        alone.submit(submit(index, [*shared, *ids(5, 10 + index)], 20, temperature=0.8, seed=3))
        alone.run()
    assert alone.tokens == harness.tokens


@pytest.mark.parametrize("family", FAMILIES)
def test_a_seed_draws_the_same_alone_in_a_batch_and_after_a_hit(family: str) -> None:
    model = tiny(family)
    prompt = ids(60, 2)
    fields: dict[str, Any] = {"temperature": 0.9, "top_p": 0.95, "seed": 11}
    alone = Harness(model)
    alone.submit(submit(1, prompt, 24, **fields))
    alone.run()
    crowd = caching(model, max_rows=4)
    for index in range(3):
        crowd.submit(submit(10 + index, ids(7 + 20 * index, 40 + index), 30, temperature=1.0, top_k=9))
    crowd.submit(submit(1, prompt, 24, **fields))
    crowd.run()
    crowd.submit(submit(2, prompt, 24, **fields))
    crowd.run()
    assert crowd.restored[2].cached_tokens == 59
    assert alone.tokens[1] == crowd.tokens[1] == crowd.tokens[2]


def test_salts_are_kept_apart_and_a_miss_says_where_it_parted() -> None:
    harness = caching(tiny("llama"))
    prompt = ids(50, 3)
    harness.submit(submit(1, prompt, 3, cache_salt="a"))
    harness.run()
    other = [*prompt[:20], (prompt[20] + 1) % 97, *prompt[21:]]
    for sequence_id, salt, asked in [(2, "b", prompt), (3, "a", other), (4, "a", prompt)]:
        harness.submit(submit(sequence_id, asked, 3, cache_salt=salt))
        harness.run()
    assert (harness.restored[2].cached_tokens, harness.restored[2].matched_tokens) == (0, 0)
    parted = harness.restored[3]
    assert (parted.cached_tokens, parted.matched_tokens) == (20, 20)
    assert parted.stored_ids == prompt[20:36]
    assert harness.restored[4].cached_tokens == 49


class Broken:
    """A prefix cache whose every method fails."""

    nbytes = 0

    def check(self) -> str:
        """Nothing to find."""
        return ""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(f"no {name}")


def test_a_fault_of_the_cache_costs_no_request() -> None:
    harness = Harness(tiny("llama"), prefix_cache=Broken())  # type: ignore[arg-type]
    prompt = ids(30, 4)
    harness.submit(submit(1, prompt, 8, boundaries=[Boundary(10, "system")]))
    harness.run()
    assert harness.failed == {}
    assert assert_greedy(tiny("llama"), prompt, harness.tokens[1]) > 0


@pytest.mark.parametrize("can_batch", [True, False])
def test_a_cancel_in_mid_prompt_keeps_what_was_read_to_a_boundary(can_batch: bool) -> None:
    harness = caching(tiny("llama"), can_batch=can_batch)
    prompt = ids(64, 6)
    harness.submit(submit(1, prompt, 8, boundaries=[Boundary(20, "system")]))
    for _ in range(3):  # 16, 20, 36
        harness.engine.step()
    harness.cancel(1)
    harness.engine.check_idle()
    harness.submit(submit(2, prompt, 8))
    harness.run()
    assert harness.restored[2].cached_tokens == 20
    assert assert_greedy(tiny("llama"), prompt, harness.tokens[2]) > 0


@pytest.mark.parametrize("bits", [4, 8])
def test_a_quantised_cache_is_taken_up_again_too(bits: int) -> None:
    model = with_quantised_cache(tiny("llama_wide"), bits)
    harness = caching(model, can_batch=False)
    prompt = ids(70, 8)
    for sequence_id in (1, 2):
        harness.submit(submit(sequence_id, prompt, 12))
        harness.run()
    assert harness.restored[2].cached_tokens == 69
    assert harness.tokens[1] == harness.tokens[2]
