"""Two resident models that stream at once, beside each alone."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

from bench.answers import Answer, BenchError
from bench.client import ask_all
from bench.cpu import measured
from bench_serving import event_loop

from pool_measures.figures import Figure, ratio
from pool_measures.run import Run
from pool_measures.servers import PoolServer

CLIENTS = 8
NEW_TOKENS = 128
_MODELS = ("left", "right")


@dataclass(frozen=True)
class Streams:
    """What one model's clients received."""

    answers: Sequence[Answer]

    @property
    def ended_s(self) -> float:
        """When the last token came."""
        return max(answer.last_token_s for answer in self.answers)

    def num_tokens_until(self, when_s: float) -> int:
        """Tokens that had come by then."""
        arrivals = chain.from_iterable(answer.arrivals for answer in self.answers)
        return sum(count for at, count in arrivals if at <= when_s)


def tokens_per_s(streams: Sequence[Streams]) -> float:
    """All tokens over the time from the first request to the last token."""
    answers = [answer for one in streams for answer in one.answers]
    began = min(answer.sent_s for answer in answers)
    return sum(answer.num_tokens for answer in answers) / (max(one.ended_s for one in streams) - began)


def smaller_share(streams: Sequence[Streams]) -> float:
    """Of the tokens that came while all were running, the part of the one that got fewest."""
    end = min(one.ended_s for one in streams)
    counts = [one.num_tokens_until(end) for one in streams]
    return min(counts) / sum(counts)


def measure(run: Run) -> list[Figure]:
    """Each alone and both, in another order each time."""
    arms: list[tuple[str, ...]] = [(_MODELS[0],), (_MODELS[1],), _MODELS]
    speeds: dict[tuple[str, ...], list[float]] = {arm: [] for arm in arms}
    shares = []
    with run.server(run.copies(*_MODELS)) as server, event_loop() as loop:
        for name in _MODELS:
            server.load(name)
        loop.run(_stream(run, server, _MODELS, -1))
        server.wait_spare()  # no imports while it is measured
        for number in range(run.num_runs):
            for arm in arms[number % len(arms) :] + arms[: number % len(arms)]:
                streams = loop.run(_stream(run, server, arm, number))
                speeds[arm].append(tokens_per_s(streams))
                if len(arm) > 1:
                    shares.append(100 * smaller_share(streams))
            shown = ", ".join(f"{' and '.join(arm)} {values[-1]:.0f}" for arm, values in speeds.items())
            run.say(f"together {number + 1}/{run.num_runs}: {shown} tokens/s")
    left, right, both = (speeds[arm] for arm in arms)
    alone = [(one + other) / 2 for one, other in zip(left, right, strict=True)]
    return [
        Figure("one alone, tokens per second", "/s", tuple(left)),
        Figure("the other alone", "/s", tuple(right)),
        Figure("both at once, their sum", "/s", tuple(both)),
        ratio("both ÷ one alone", both, alone),
        Figure("share of the one that got less", "%", tuple(shares)),
    ]


async def _stream(run: Run, server: PoolServer, models: Sequence[str], number: int) -> list[Streams]:
    num_tokens = run.scaled(NEW_TOKENS)
    bodies = {
        name: [run.body(num_tokens, "together", name, number, index) for index in range(CLIENTS)]
        for name in models
    }
    with measured():
        answers = await asyncio.gather(*(ask_all(server.endpoint(name), bodies[name]) for name in models))
    if errors := {answer.error for one in answers for answer in one} - {""}:
        raise BenchError("; ".join(sorted(errors)))
    return [Streams(one) for one in answers]
