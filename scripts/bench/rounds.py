"""Interleaved rounds: every arm once a round, each time in another order."""

import asyncio
import time
from collections.abc import Callable, Sequence

from bench.answers import BenchError, Refused
from bench.cpu import num_cores
from bench.experiment import Arm, Experiment, Outcome, Sample
from bench.fleet import Fleet


def rotated(arms: Sequence[Arm], number: int) -> list[Arm]:
    """The arms, beginning with another one each round."""
    first = number % len(arms)
    return [*arms[first:], *arms[:first]]


async def run_rounds(
    experiment: Experiment, fleet: Fleet, num_rounds: int, report: Callable[[Outcome], None]
) -> Outcome:
    """Run a workload; an arm that is refused or breaks is left out from then on, the others go on.

    Args:
        report: called after each round.
    """
    outcome = Outcome(experiment)
    try:
        if experiment.warm_up:
            await _round(outcome, fleet, -1)
        for number in range(num_rounds):
            if samples := await _round(outcome, fleet, number):
                outcome.rounds.append(samples)
                report(outcome)
    except BenchError as error:
        outcome.failed = str(error)
    return outcome


async def _round(outcome: Outcome, fleet: Fleet, number: int) -> dict[str, Sample]:
    samples: dict[str, Sample] = {}
    for arm in rotated(outcome.experiment.arms, number):
        if arm.name in outcome.refused or arm.name in outcome.broken:
            continue
        await asyncio.to_thread(fleet.wait_quiet)
        before, began = fleet.cpu_s(but=arm.contender), time.perf_counter()
        try:
            sample = await arm.run(number)
        except Refused as error:
            outcome.refused[arm.name] = str(error)
            continue
        except (BenchError, OSError) as error:
            outcome.broken[arm.name] = str(error) or type(error).__name__
            continue
        used_s = fleet.cpu_s(but=arm.contender) - before
        samples[arm.name] = sample | {"idle_cpu": used_s / (time.perf_counter() - began) / num_cores()}
    return samples
