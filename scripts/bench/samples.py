"""Metrics of a run, and the arms that measure them."""

from collections.abc import Callable
from statistics import median

from bench.answers import BenchError
from bench.contenders import Contender, Load, Run
from bench.experiment import Arm, Sample
from bench.ratios import percentile


def sample_of(run: Run) -> Sample:
    """The metrics of a run. Times in seconds; what failed counts in no other metric.

    Raises BenchError where nothing was answered.
    """
    whole = [answer for answer in run.answers if not answer.error]
    if not whole:
        raise BenchError(f"all {len(run.answers)} requests failed: {run.answers[0].error}")
    ttfts = [answer.ttft_s for answer in whole]
    gaps = [ended - began for answer in whole for began, ended in answer.pauses()]
    sample = {
        "tokens_per_s": sum(answer.num_tokens for answer in whole) / run.wall_s,
        "ttft_s": median(ttfts),
        "ttft_max_s": max(ttfts),
        "num_failed": float(len(run.answers) - len(whole)),
        "wall_s": run.wall_s,
        "client_cpu": run.client_cpu,
    }
    return sample | ({"gap_s": median(gaps), "gap_p99_s": percentile(gaps, 0.99)} if gaps else {})


def arm_of(
    contender: Contender, load: Callable[[int], Load], name: str = "", *, may_fail: bool = False
) -> Arm:
    """An arm that sends each round's load to a contender.

    Args:
        may_fail: a request that fails is counted; otherwise it ends the measurement.
    """
    errors: list[str] = []

    async def run(number: int) -> Sample:
        result = await contender.run(load(number))
        failed = [answer.error for answer in result.answers if answer.error]
        if failed and not may_fail:
            raise BenchError(f"{contender.name}: {len(failed)} requests failed: {failed[0]}")
        errors.extend(failed)
        return sample_of(result)

    return Arm(name or contender.name, contender.name, run, errors)
