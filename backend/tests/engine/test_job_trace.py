"""What the engine notes of traced jobs: each phase once, in its time, however the job ends."""

from itertools import pairwise
from typing import Any

from harness import Calls, Harness, submit
from tiny_models import tiny

from mlx_manager.mlx_server.engine.tracing import JobTrace, PhaseSpan


class Traced(Harness):
    """A harness whose jobs are traced under their number, unless they say otherwise."""

    def __init__(self, model: Any, **options: Any) -> None:
        self.phases: list[PhaseSpan] = []
        super().__init__(
            model, trace_job=lambda parent, count: JobTrace(parent, count, self.phases.append), **options
        )

    def of(self, sequence_id: int) -> list[PhaseSpan]:
        """Its phases, one following at the very time at which the one before ended."""
        found = [phase for phase in self.phases if phase.traceparent == str(sequence_id)]
        for before, after in pairwise(found):
            assert before.start_ns <= before.end_ns == after.start_ns
        return found


def traced(sequence_id: int, prompt: list[int], max_tokens: int = 4, **fields: Any) -> Any:
    return submit(sequence_id, prompt, max_tokens, traceparent=str(sequence_id), **fields)


def names(phases: list[PhaseSpan]) -> list[str]:
    return [phase.name for phase in phases]


def values(phase: PhaseSpan) -> dict[str, int | str]:
    return {name.removeprefix("mlx_manager."): value for name, value in phase.attributes.items()}


def read(tokens: int, chunks: int) -> dict[str, int]:
    return {"prompt_tokens": tokens, "cached_tokens": 0, "prefill_chunks": chunks}


def test_a_prompt_in_chunks_and_one_beside_it_that_is_not_traced() -> None:
    harness = Traced(tiny("llama"), chunk=16)
    harness.submit(traced(1, list(range(40))))
    harness.submit(submit(2, [3, 4]))
    harness.run()
    queued, prefill, decode = harness.of(1)
    assert names([queued, prefill, decode]) == ["queued", "prefill", "decode"]
    assert values(prefill) == read(40, len(harness.prefill[1]))
    assert len(harness.prefill[1]) > 1
    assert values(decode) == {"decoded_tokens": 4, "outcome": "finished"}
    assert len(harness.phases) == 3
    assert len(harness.tokens[2]) == 8


def test_one_token_has_all_three() -> None:
    harness = Traced(tiny("llama"))
    harness.submit(traced(1, [3, 4], 1))
    harness.run()
    assert names(harness.of(1)) == ["queued", "prefill", "decode"]
    assert values(harness.of(1)[2]) == {"decoded_tokens": 1, "outcome": "finished"}


def test_prompts_that_are_read_together() -> None:
    harness = Traced(tiny("llama"), chunk=512)
    for number in (1, 2, 3):
        harness.submit(traced(number, [number] * 20))
    harness.run()
    for number in (1, 2, 3):
        assert names(harness.of(number)) == ["queued", "prefill", "decode"]
        assert values(harness.of(number)[1]) == read(20, 1)


def test_cancelled_in_each_phase() -> None:
    harness = Traced(tiny("llama"), chunk=16, max_rows=1)
    harness.submit(traced(1, list(range(60)), 50))
    harness.submit(traced(2, [5], 5))
    harness.engine.step()
    harness.cancel(2)
    assert [(phase.name, values(phase)) for phase in harness.of(2)] == [("queued", {"outcome": "cancelled"})]
    harness.cancel(1)
    assert names(harness.of(1)) == ["queued", "prefill"]
    assert values(harness.of(1)[1]) == read(60, 1) | {"outcome": "cancelled"}
    harness.submit(traced(3, [5], 50))
    for _ in range(4):
        harness.engine.step()
    harness.cancel(3)
    told = len(harness.tokens[3])
    assert names(harness.of(3)) == ["queued", "prefill", "decode"]
    assert values(harness.of(3)[2]) == {"decoded_tokens": told, "outcome": "cancelled"}
    harness.cancel(3)
    assert len(harness.phases) == 6
    harness.engine.check_idle()


def test_a_fault_is_named() -> None:
    model = Calls(tiny("llama"))
    harness = Traced(model)
    harness.submit(traced(1, [5, 6], 50))
    harness.engine.step()
    harness.engine.step()
    model.fails = True
    harness.run()
    assert harness.failed
    last = harness.of(1)[-1]
    assert (last.name, last.fault, values(last)["outcome"]) == ("decode", "RuntimeError", "failed")
