"""Prompt lookup: the same tokens as plain greedy decoding, in fewer steps where the text repeats itself."""

import numpy as np
import pytest
from harness import Calls, Harness, assert_greedy, submit
from tiny_models import tiny

from mlx_manager.mlx_server.engine.drafting import Drafter, NGramIndex
from mlx_manager.mlx_server.engine.sequence import Sequence


def test_the_last_occurrence_counts_and_longer_runs_come_first() -> None:
    index = NGramIndex([1, 2, 3, 4, 9, 2, 3, 5, 1, 2, 3])
    assert index.continuation(3) == [4, 9, 2]  # 1 2 3
    assert NGramIndex([7, 2, 3, 4, 9, 2, 3, 5, 1, 2, 3]).continuation(3) == [5, 1, 2]  # only 2 3
    assert NGramIndex([1, 2, 3]).continuation(4) == []
    assert NGramIndex().continuation(4) == []
    assert NGramIndex([5, 5, 5, 5]).continuation(4) == [5, 5, 5, 5]  # a circle


def test_drafts_grow_while_they_are_right_and_rest_when_they_are_not() -> None:
    drafter = Drafter()
    sequence = Sequence(submit(1, [1, 2, 3] * 20, 200))
    assert drafter.is_ready_for(sequence)
    assert len(drafter.draft(sequence)) == 4
    drafter.note(sequence, num_drafted=4, num_accepted=4)
    assert len(drafter.draft(sequence)) == 8
    for _ in range(3):
        assert drafter.is_ready_for(sequence)
        drafter.note(sequence, num_drafted=4, num_accepted=0)
    assert not drafter.is_ready_for(sequence)
    for _ in range(32):
        sequence.take(1)
    assert drafter.is_ready_for(sequence)


@pytest.mark.parametrize(
    "fields", [{"temperature": 0.5}, {"presence_penalty": 1.0}, {"logit_bias": {1: 2.0}}, {"top_logprobs": 0}]
)
def test_only_plain_greedy_sequences_are_drafted_for(fields: dict[str, object]) -> None:
    assert not Drafter().is_ready_for(Sequence(submit(1, [1, 2], 9, **fields)))


@pytest.mark.sample(3)
@pytest.mark.parametrize("can_batch", [True, False])
@pytest.mark.parametrize("seed", range(4))
def test_tokens_are_those_of_plain_greedy(seed: int, can_batch: bool) -> None:
    random = np.random.default_rng(seed)
    phrase = random.integers(0, 97, 12).tolist()
    prompt = [*phrase, *random.integers(0, 97, 5).tolist(), *phrase, *phrase[:3]]
    model = tiny("llama")
    harness = Harness(model, can_batch=can_batch, prompt_lookup=True)
    harness.submit(submit(1, prompt, 150))
    harness.run()
    assert len(harness.tokens[1]) == 150
    assert assert_greedy(model, prompt, harness.tokens[1]) > 20


def repeating_model() -> Calls:
    """A model whose greedy text runs in a circle soon, as small random models do."""
    return Calls(tiny("llama"))


def test_fewer_steps_where_the_text_repeats_and_a_stop_inside_a_draft() -> None:
    plain = Harness(tiny("llama"))
    plain.submit(submit(1, [3, 4], 400))
    plain.run()
    model = repeating_model()
    harness = Harness(model, prompt_lookup=True)
    harness.submit(submit(1, [3, 4], 400))
    harness.run()
    assert harness.tokens == plain.tokens
    repeats = len(set(map(tuple, np.lib.stride_tricks.sliding_window_view(plain.tokens[1], 3).tolist())))
    if repeats < 200:
        assert len(model.shapes) < 300
    assert any(length > 1 for _, length in model.shapes[1:])

    last = plain.tokens[1][250]
    first = plain.tokens[1].index(last)
    stopped = Harness(tiny("llama"), prompt_lookup=True)
    stopped.submit(submit(1, [3, 4], 400, stop_ids=[last]))
    stopped.run()
    assert stopped.tokens[1] == plain.tokens[1][: first + 1]
    assert stopped.finish[1] == "stop"


def test_company_ends_drafting_and_nobody_is_harmed() -> None:
    model = tiny("llama")
    harness = Harness(model, prompt_lookup=True)
    prompt = [5, 6, 7] * 10
    harness.submit(submit(1, prompt, 60))
    for _ in range(6):
        harness.engine.step()
    harness.submit(submit(2, [8, 9, 10], 30))
    harness.run()
    assert assert_greedy(model, prompt, harness.tokens[1]) > 10
    assert assert_greedy(model, [8, 9, 10], harness.tokens[2]) > 10
