"""Time to the first token after a prefix that was read before: by the same process, and before a restart."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from bench.answers import BenchError
from bench.bench import Bench
from bench.contenders import Contender, HttpServer, Load
from bench.experiment import Arm, Experiment, Sample, Target, Value
from bench.fleet import MLX_LM, OURS, Fleet
from bench.models import LARGE, SMALL
from bench.vocabulary import Prompt

PREFIX_TOKENS = 2000
TAIL_TOKENS = 16
NEW_TOKENS = 8
MODELS = (SMALL, LARGE)


async def prefix(bench: Bench) -> None:
    """Warm against cold."""
    for spec in MODELS:
        with bench.fleet(spec) as fleet:
            contenders = [fleet.ours(), fleet.mlx_lm()]
            arms = [Arm(one.name, one.name, _warm_after_cold(bench, fleet, one)) for one in contenders]
            targets = [_ratio(OURS, "warm_ttft_s", 0.05), _ratio(MLX_LM, "warm_ttft_s", None)]
            await bench.measure(Experiment("shared prefix", _title(bench), spec.name, arms, targets), fleet)


async def restart(bench: Bench) -> None:
    """The same across a restart: what the disk tier keeps."""
    for spec in MODELS:
        with bench.fleet(spec) as fleet:
            home = bench.work / f"home-{spec.name}"
            arms = [Arm(OURS, OURS, _warm_after_restart(bench, fleet, home))]
            targets = [_ratio(OURS, "disk_ttft_s", 0.10)]
            title = f"{_title(bench)}, the server restarted between"
            experiment = Experiment("prefix, restarted", title, spec.name, arms, targets, warm_up=False)
            await bench.measure(experiment, fleet)


def _title(bench: Bench) -> str:
    return f"prefix of {bench.scaled(PREFIX_TOKENS):,} tokens, then {TAIL_TOKENS} new ones"


def _ratio(arm: str, metric: str, bound: float | None) -> Target:
    words = f"first token {'from disk' if metric == 'disk_ttft_s' else 'warm'} ÷ cold"
    return Target(Value(arm, metric), Value(arm, "cold_ttft_s"), bound, is_minimum=False, words=words)


def _warm_after_cold(bench: Bench, fleet: Fleet, contender: Contender) -> Callable[[int], Awaitable[Sample]]:
    async def run(number: int) -> Sample:
        shared = fleet.prompt(bench.scaled(PREFIX_TOKENS), "prefix", contender.name, number)
        cold, _ = await _ttft(contender, shared + fleet.prompt(TAIL_TOKENS, "cold", number))
        await asyncio.to_thread(fleet.wait_quiet)
        warm, cached = await _ttft(contender, shared + fleet.prompt(TAIL_TOKENS, "warm", number))
        return {"cold_ttft_s": cold, "warm_ttft_s": warm, "cached_tokens": cached}

    return run


def _warm_after_restart(bench: Bench, fleet: Fleet, home: Path) -> Callable[[int], Awaitable[Sample]]:
    async def run(number: int) -> Sample:
        shared = fleet.prompt(bench.scaled(PREFIX_TOKENS), "restart", number)
        server = await _started(fleet, home)
        cold, _ = await _ttft(server, shared + fleet.prompt(TAIL_TOKENS, "cold", number))
        # Its end writes out what is not on the disk yet.
        fleet.stop(server)
        server = await _started(fleet, home)
        warm, cached = await _ttft(server, shared + fleet.prompt(TAIL_TOKENS, "warm", number))
        fleet.stop(server)
        return {"cold_ttft_s": cold, "disk_ttft_s": warm, "cached_tokens": cached}

    return run


async def _started(fleet: Fleet, home: Path) -> HttpServer:
    server = fleet.ours(home=home)
    await fleet.warm(server)
    await asyncio.to_thread(fleet.wait_quiet)
    return server


async def _ttft(contender: Contender, prompt: Prompt) -> tuple[float, float]:
    """Seconds to the first token, and how many tokens of the prompt came from a cache."""
    (answer,) = (await contender.run(Load([prompt], NEW_TOKENS))).answers
    if answer.error:
        raise BenchError(f"{contender.name}: {answer.error}")
    return answer.ttft_s, float(answer.cached_tokens)
