"""What sampling, penalties and logprobs cost, against greedy decoding and against the limit."""

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bench.bench import Bench
from bench.contenders import GREEDY, Load
from bench.experiment import Arm, Experiment, Target, Value
from bench.fleet import LIMIT, MLX_LM, OURS, Fleet
from bench.models import SMALL, WIDE
from bench.samples import arm_of

STREAMS = 16
TOP_LOGPROBS = 5
SAMPLED = f"{OURS}, sampled"
NUCLEUS = f"{OURS}, top_p"
LOGPROBS = f"{OURS}, logprobs"
PEER_SAMPLED = f"{MLX_LM}, sampled"
PEER_NUCLEUS = f"{MLX_LM}, top_p"

Fields = Mapping[str, Any]


def everything(row: int) -> Fields:
    """Each row its own value of every sampling field; top_k is at most 64."""
    choose = random.Random(f"sampling/{row}")
    return {
        "temperature": round(choose.uniform(0.5, 1.2), 2),
        "top_p": round(choose.uniform(0.8, 0.98), 2),
        "top_k": choose.randint(8, 64),
        "repetition_penalty": round(choose.uniform(1.05, 1.3), 2),
        "presence_penalty": round(choose.uniform(0.1, 0.8), 2),
        "frequency_penalty": round(choose.uniform(0.1, 0.8), 2),
        "seed": row + 1,
    }


def nucleus(row: int) -> Fields:
    """Temperature and top_p alone, each row its own."""
    sampled = everything(row)
    return {name: sampled[name] for name in ("temperature", "top_p")}


def greedy(_row: int) -> Fields:
    """The likeliest token."""
    return GREEDY


def with_logprobs(_row: int) -> Fields:
    """Greedy, and the likeliest tokens' logprobs."""
    return {**GREEDY, "logprobs": TOP_LOGPROBS}


async def sampling(bench: Bench) -> None:
    """Every row its own parameters, on the 5 M model."""
    with bench.fleet(SMALL) as fleet:
        ours, peer = fleet.ours(), fleet.mlx_lm()
        load = _loads(fleet, bench.scaled(128))
        arms = [
            arm_of(ours, load(greedy)),
            arm_of(ours, load(everything), SAMPLED),
            arm_of(peer, load(everything), PEER_SAMPLED),
        ]
        targets = [
            Target(Value(SAMPLED), Value(OURS), 0.90),
            Target(Value(SAMPLED), Value(PEER_SAMPLED)),
        ]
        await _measure(bench, fleet, "each its own temperature, top_p, top_k, penalties, seed", arms, targets)


async def vocabulary(bench: Bench) -> None:
    """A vocabulary of 151,936 tokens, where drawing a token costs more than the model."""
    with bench.fleet(WIDE) as fleet:
        ours, limit, peer, *guests = bench.contenders(fleet)
        load = _loads(fleet, bench.scaled(64))
        arms = [
            arm_of(ours, load(greedy)),
            arm_of(limit, load(greedy)),
            arm_of(peer, load(greedy)),
            arm_of(ours, load(everything), SAMPLED),
            arm_of(peer, load(everything), PEER_SAMPLED),
            arm_of(ours, load(nucleus), NUCLEUS),
            arm_of(peer, load(nucleus), PEER_NUCLEUS),
            arm_of(ours, load(with_logprobs), LOGPROBS),
            *(arm_of(guest, load(greedy)) for guest in guests),
        ]
        targets = [
            Target(Value(OURS), Value(LIMIT), 1.3),
            Target(Value(SAMPLED), Value(LIMIT), 1.1),
            Target(Value(NUCLEUS), Value(LIMIT), 0.7),
            Target(Value(SAMPLED), Value(PEER_SAMPLED), 4),
            Target(Value(NUCLEUS), Value(PEER_NUCLEUS), 4),
            Target(Value(OURS), Value(MLX_LM)),
            Target(Value(LOGPROBS), Value(OURS)),
        ]
        await _measure(
            bench, fleet, "greedy; all sampling fields; temperature and top_p alone", arms, targets
        )


async def logprobs(bench: Bench) -> None:
    """The five likeliest tokens' logprobs, on the 5 M model."""
    with bench.fleet(SMALL) as fleet:
        ours = fleet.ours()
        load = _loads(fleet, bench.scaled(128))
        arms = [arm_of(ours, load(greedy)), arm_of(ours, load(with_logprobs), LOGPROBS)]
        targets = [Target(Value(LOGPROBS), Value(OURS), 0.85)]
        await _measure(bench, fleet, f"logprobs {TOP_LOGPROBS} against greedy", arms, targets)


def _loads(fleet: Fleet, max_tokens: int) -> Callable[[Callable[[int], Fields]], Callable[[int], Load]]:
    """Makes the loads of each kind of request; each has prompts of its own, so that no prefix cache helps."""

    def of(fields: Callable[[int], Fields]) -> Callable[[int], Load]:
        def load(number: int) -> Load:
            prompts = fleet.prompts(STREAMS, 32, "sampling", fields.__name__, number)
            return Load(prompts, max_tokens, [fields(row) for row in range(STREAMS)])

        return load

    return of


async def _measure(
    bench: Bench, fleet: Fleet, title: str, arms: Sequence[Arm], targets: Sequence[Target]
) -> None:
    await bench.measure(
        Experiment(f"{STREAMS} streams", f"{STREAMS} streams: {title}", fleet.spec.name, arms, targets), fleet
    )
