"""For every family: the engine's greedy tokens are mlx-lm's serial ones, whoever comes and goes meanwhile."""

import pytest
from families import CHUNKS_MATTER, FAMILIES, ONE_ROW
from harness import Harness, assert_greedy, prompts, submit
from tiny_models import tiny


@pytest.mark.sample(2)
@pytest.mark.parametrize("family", FAMILIES)
def test_staggered_arrivals_and_cancels(family: str) -> None:
    model, can_batch = tiny(family), family not in ONE_ROW
    harness = Harness(model, can_batch=can_batch, max_rows=4)
    # A prompt of nine tokens is read in one chunk whatever the machine's speed: the last is not read.
    longest = 9 if family in CHUNKS_MATTER else 300
    given = {index: prompt[:longest] for index, prompt in enumerate(prompts())}
    wanted = {index: 8 + 2 * index for index in given}
    for index, prompt in given.items():
        harness.submit(submit(index, prompt, wanted[index]))
        harness.submit(submit(100 + index, [*prompt, 5], 50))
        for _ in range(index):
            harness.engine.step()
        harness.cancel(100 + index)
    harness.run()
    assert harness.most_rows == (4 if can_batch else 1)
    assert harness.failed == {}
    compared = 0
    for index, prompt in given.items():
        assert harness.finish[index] == "length"
        assert len(harness.tokens[index]) == wanted[index]
        compared += assert_greedy(model, prompt, harness.tokens[index])
    assert compared > sum(wanted.values()) / 2
    # A model that says one thing only would prove nothing.
    assert len({tuple(harness.tokens[index]) for index in given}) >= len(given) - 1
    assert len({token for index in given for token in harness.tokens[index]}) > 8
