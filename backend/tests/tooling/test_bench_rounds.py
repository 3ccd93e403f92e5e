"""Interleaving, what is refused, what breaks, and verdicts."""

from collections.abc import Awaitable, Callable

import pytest
from bench.answers import BenchError, Refused
from bench.experiment import Arm, Experiment, Outcome, Sample, Target, Value
from bench.rounds import run_rounds


class QuietFleet:
    """Contenders that use no CPU."""

    def wait_quiet(self) -> None:
        pass

    def cpu_s(self, *, but: str = "") -> float:
        return 0.0


def arm(name: str, calls: list[tuple[int, str]], value: Callable[[int], float]) -> Arm:
    async def run(number: int) -> Sample:
        calls.append((number, name))
        return {"tokens_per_s": value(number)}

    return Arm(name, name, run)


def raising(name: str, error: Exception, since: int = -1) -> Arm:
    async def run(number: int) -> Sample:
        if number >= since:
            raise error
        return {"tokens_per_s": 1.0}

    return Arm(name, name, run)


def measured(*arms: Arm, targets: tuple[Target, ...] = (), rounds: int = 4) -> Awaitable[Outcome]:
    experiment = Experiment("row", "title", "model", arms, targets)
    return run_rounds(experiment, QuietFleet(), rounds, lambda _: None)  # type: ignore[arg-type]


async def test_every_round_begins_with_another_arm() -> None:
    calls: list[tuple[int, str]] = []
    await measured(*(arm(name, calls, lambda _: 1.0) for name in "abc"))
    orders = {number: "".join(name for at, name in calls if at == number) for number in range(-1, 4)}
    assert orders == {-1: "cab", 0: "abc", 1: "bca", 2: "cab", 3: "abc"}


async def test_warm_up_does_not_count_and_ratios_are_of_one_round() -> None:
    fast = arm("a", [], lambda number: 999.0 if number < 0 else 9.0 * 10**number)
    slow = arm("b", [], lambda number: 1.0 if number < 0 else 10.0 * 10**number)
    target = Target(Value("a"), Value("b"), 0.90)
    outcome = await measured(fast, slow, targets=(target,))
    verdict = outcome.judge(target)
    assert len(outcome.rounds) == 4
    assert verdict.summary is not None
    assert (verdict.summary.smallest, verdict.summary.largest) == (0.9, 0.9)
    assert verdict.is_met


@pytest.mark.parametrize(
    ("bound", "is_minimum", "is_met"),
    [(3, True, False), (2, True, True), (2, False, True), (1, False, False)],
)
async def test_bounds(bound: float, is_minimum: bool, is_met: bool) -> None:
    target = Target(Value("a"), None, bound, is_minimum)
    outcome = await measured(arm("a", [], lambda _: 2.0))
    assert outcome.judge(target).is_met is is_met


@pytest.mark.parametrize("error", [Refused("not here"), BenchError("not here"), ConnectionError("not here")])
async def test_arm_that_does_not_work_stops_nobody(error: Exception) -> None:
    target = Target(Value("a"), Value("b"), 1)
    outcome = await measured(arm("a", [], lambda _: 1.0), raising("b", error, since=1))
    assert [sorted(samples) for samples in outcome.rounds] == [["a", "b"], ["a"], ["a"], ["a"]]
    assert ("b" in outcome.refused) == isinstance(error, Refused)
    verdict = outcome.judge(target)
    assert (verdict.summary, verdict.is_met, verdict.reason) == (None, None, "not here")


async def test_nobody_left_is_no_result() -> None:
    outcome = await measured(raising("a", Refused("not here")))
    assert outcome.rounds == []
    assert outcome.judge(Target(Value("a"), None, 1)).is_met is None
