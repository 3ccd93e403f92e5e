"""Guided rows in the engine: they are held, and whoever decodes beside them never notices."""

import json
from functools import cache
from typing import Any

import numpy as np
import pytest
from guide_vocabulary import VOCAB_SIZE, compiler, json_grammar, token_id, vocabulary
from harness import Harness, submit
from tiny_models import build

from mlx_manager.mlx_server.engine.guiding.desk import Guided
from mlx_manager.mlx_server.engine.guiding.plan import GuidePlan
from mlx_manager.mlx_server.engine.guiding.row import GuideRow
from mlx_manager.mlx_server.engine.wire import Guide, Submit

SCHEMA = {"type": "object", "properties": {"n": {"enum": [1, 22, 333]}}, "required": ["n"]}
CLOSED = SCHEMA | {"additionalProperties": False}
HELD = Guide(grammar=json_grammar(CLOSED))


@cache
def wide() -> Any:
    """A llama whose logits are as wide as the guides' vocabulary."""
    return build("llama", vocab_size=VOCAB_SIZE)


def guided(request: Submit, guide: Guide = HELD) -> Guided:
    """The request with its guide made ready."""
    return Guided(request, GuideRow(GuidePlan(guide, compiler()), vocabulary(), request.max_tokens))


def text_of(token_ids: list[int]) -> str:
    """What tokens say."""
    return b"".join(map(vocabulary().bytes_of, token_ids)).decode()


@pytest.mark.parametrize("on_host", [True, False])
@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_guided_rows_are_held_and_free_ones_never_notice(on_host: bool, temperature: float) -> None:
    model = wide()
    alone = Harness(model, on_host=on_host)
    for number in (1, 2):
        alone.submit(submit(number, [5, 6, number], 12, temperature=temperature, seed=number))
        alone.run()
    together = Harness(model, on_host=on_host, max_rows=8)
    for number in (1, 2):
        together.submit(submit(number, [5, 6, number], 12, temperature=temperature, seed=number))
    for number in range(3, 9):
        together.engine.handle(guided(submit(number, [number] * number, 20, temperature=temperature)))
    together.run()
    assert together.most_rows > 4
    assert {number: together.tokens[number] for number in (1, 2)} == alone.tokens
    for number in range(3, 9):
        assert together.finish[number] == "complete"
        assert json.loads(text_of(together.tokens[number]))["n"] in (1, 22, 333)


def test_a_guide_of_one_token_a_prompt_of_one_token() -> None:
    harness = Harness(wide())
    harness.engine.handle(guided(submit(1, [7], 4), Guide(grammar='start: "ab"\n')))
    harness.run()
    assert text_of(harness.tokens[1]) == "ab"
    assert harness.finish[1] == "complete"


def test_a_stop_token_ends_what_could_go_on() -> None:
    eos = token_id("<eos>")
    harness = Harness(wide())
    request = submit(1, [7, 8], 30, stop_ids=[eos])
    harness.engine.handle(guided(request, Guide(grammar="start: /[0-9]+/\n")))
    harness.run()
    assert harness.finish[1] == "stop"
    assert harness.tokens[1][-1] == eos
    assert text_of(harness.tokens[1][:-1]).isdigit()


def test_logprobs_are_those_of_the_model_and_not_of_the_mask() -> None:
    model = wide()
    free = Harness(model)
    free.submit(submit(1, [5, 6], 1, top_logprobs=3))
    free.run()
    held = Harness(model)
    held.engine.handle(guided(submit(1, [5, 6], 20, top_logprobs=3)))
    held.run()
    first, free_first = held.logprobs[1][0], free.logprobs[1][0]
    assert first is not None
    assert free_first is not None
    assert first.top_ids == free_first.top_ids
    assert np.allclose(first.top_logprobs, free_first.top_logprobs, atol=1e-4)


def test_a_guide_that_fails_ends_its_own_row_alone() -> None:
    harness = Harness(wide())
    broken = guided(submit(1, [5, 6], 20))
    harness.engine.handle(broken)
    harness.submit(submit(2, [9, 9], 8))
    for _ in range(3):
        harness.engine.step()
    # What no mask allows cannot be drawn; here it is said to have been.
    broken.row.note(token_id("ab"))
    harness.run()
    assert "cannot be guided" in harness.failed[1]
    assert harness.finish[2] == "length"


def test_nothing_is_drafted_for_a_guided_row() -> None:
    harness = Harness(wide(), prompt_lookup=True)
    harness.engine.handle(guided(submit(1, [5, 6] * 20, 20)))
    harness.run()
    assert json.loads(text_of(harness.tokens[1]))
