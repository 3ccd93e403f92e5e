"""Batched greedy tokens are mlx-lm's serial ones, whoever comes and goes meanwhile."""

import pytest
from harness import Harness, assert_greedy, prompts, submit
from tiny_models import CONFIGS, tiny

BOTH_CHUNKS = [
    (family, chunk)
    if chunk == 16 or family == "llama"
    else pytest.param(family, chunk, marks=pytest.mark.full)
    for family in CONFIGS
    for chunk in (16, 512)
]


@pytest.mark.sample(3)
@pytest.mark.parametrize(("family", "chunk"), BOTH_CHUNKS)
def test_staggered_arrivals_and_cancels(family: str, chunk: int) -> None:
    model = tiny(family)
    harness = Harness(model, max_rows=4, chunk=chunk)
    given = dict(enumerate(prompts()))
    wanted = {index: 12 + 3 * index for index in given}
    for index, prompt in given.items():
        harness.submit(submit(index, prompt, wanted[index]))
        harness.submit(submit(100 + index, [*prompt, 5], 50))
        for _ in range(index):
            harness.engine.step()
        harness.cancel(100 + index)
    harness.run()
    assert harness.most_rows == 4
    assert harness.failed == {}
    assert {index: harness.finish[index] for index in given} == dict.fromkeys(given, "length")
    compared = 0
    for index, prompt in given.items():
        assert len(harness.tokens[index]) == wanted[index]
        compared += assert_greedy(model, prompt, harness.tokens[index])
    assert compared > sum(wanted.values()) / 2
    # A model that says one thing only would prove nothing.
    assert len({tuple(harness.tokens[index]) for index in given}) == len(given)
    assert len({token for index in given for token in harness.tokens[index]}) > 8


@pytest.mark.sample(1)
@pytest.mark.parametrize("family", ["llama", "gemma3_text", "rwkv7"])
def test_one_row_at_a_time(family: str) -> None:
    model = tiny(family)
    harness = Harness(model, can_batch=False, max_rows=8)
    given = dict(enumerate(prompts(6)))
    for index, prompt in given.items():
        harness.submit(submit(index, prompt, 10))
    harness.run()
    assert harness.most_rows == 1
    for index, prompt in given.items():
        assert assert_greedy(model, prompt, harness.tokens[index]) > 0
        assert len(harness.tokens[index]) == 10


def test_prompt_is_read_in_chunks_between_decode_steps() -> None:
    harness = Harness(tiny("llama"), chunk=16)
    harness.submit(submit(1, [1], 30))
    harness.submit(submit(2, list(range(50)), 3))
    harness.run()
    assert harness.prefill == {1: [1], 2: [16, 32, 48, 50]}
    # The first one drew a token in each step while the second was read.
    assert harness.reported.index(2) >= 4


@pytest.mark.parametrize(("family", "last"), [("llama", 40), ("gemma3_text", 39), ("rwkv7", 39)])
def test_a_short_end_is_read_whole_where_all_is_full_kv(family: str, last: int) -> None:
    model, prompt = tiny(family), prompts(1)[0][:1] * 20 + list(range(20))
    harness = Harness(model, chunk=32)
    harness.submit(submit(1, prompt, 10))
    harness.run()
    assert harness.prefill[1] == [32, last]
    assert assert_greedy(model, prompt, harness.tokens[1]) > 0


def test_a_model_that_cannot_batch_is_read_as_mlx_lm_reads_it() -> None:
    harness = Harness(tiny("llama"), chunk=32, can_batch=False)
    harness.submit(submit(1, list(range(40)), 3))
    harness.run()
    assert harness.prefill[1] == [32, 39]


def test_the_last_token_alone_is_fed_with_the_other_rows() -> None:
    harness = Harness(tiny("llama"), chunk=16)
    harness.submit(submit(1, list(range(17)), 3))
    harness.run()
    assert harness.prefill[1] == [16]
