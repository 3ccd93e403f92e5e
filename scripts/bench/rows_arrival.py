"""Eight streams run while a long prompt arrives: what it does to them, and they to it."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from statistics import median

from bench.answers import Answer, BenchError
from bench.bench import Bench
from bench.client import DEADLINE_S, StreamedRequest, ask, connect, wait_all
from bench.contenders import HttpServer, Load, check_lengths
from bench.cpu import measured
from bench.experiment import Arm, Experiment, Sample, Target, Timeline, Value
from bench.fleet import OURS, Fleet
from bench.models import SMALL
from bench.ratios import percentile

STREAMS = 8
LONG_PROMPT = 4000
# Tokens of each stream before the prompt arrives, and of the long answer after it has joined.
UNDISTURBED = 64
JOINED = 64
ENDLESS = 6000


async def arrival(bench: Bench) -> None:
    """The 5 M model."""
    with bench.fleet(SMALL) as fleet:
        timelines: dict[str, list[Timeline]] = {}
        arms = [
            Arm(
                server.name,
                server.name,
                _disturbed(bench, fleet, server, timelines.setdefault(server.name, [])),
            )
            for server in (fleet.ours(), fleet.mlx_lm())
        ]
        targets = [
            _target("gap_reading_p99_s", "gap_undisturbed_s", "p99 of gaps while it is read ÷ median before"),
            _target("gap_joined_p99_s", "gap_undisturbed_s", "p99 of gaps after it joined ÷ median before"),
            _target("ttft_busy_s", "ttft_idle_s", "its first token ÷ on an idle server"),
        ]
        title = f"{STREAMS} streams, and a prompt of {bench.scaled(LONG_PROMPT):,} tokens arrives"
        outcome = await bench.measure(
            Experiment("a long prompt arrives", title, SMALL.name, arms, targets), fleet
        )
        # The last round stands for all in the plot.
        outcome.timelines = {name: rounds[-1] for name, rounds in timelines.items() if rounds}


def _target(top: str, bottom: str, words: str) -> Target:
    return Target(Value(OURS, top), Value(OURS, bottom), 3, is_minimum=False, words=words)


def _disturbed(
    bench: Bench, fleet: Fleet, server: HttpServer, timelines: list[Timeline]
) -> Callable[[int], Awaitable[Sample]]:
    long_tokens, joined = bench.scaled(LONG_PROMPT), bench.scaled(JOINED)

    async def run(number: int) -> Sample:
        def long_load(what: str) -> Load:
            return Load([fleet.prompt(long_tokens, "long", what, server.name, number)], joined)

        (alone,) = (await server.run(long_load("idle"))).answers
        await asyncio.to_thread(fleet.wait_quiet)
        with measured() as share:
            prompts = fleet.prompts(STREAMS, 32, "running", server.name, number)
            streams = await _start(server, Load(prompts, ENDLESS))
            try:
                await _flowing(streams, bench.scaled(UNDISTURBED))
                load = long_load("busy")
                busy = await ask(server.endpoint, load.bodies()[0])
                check_lengths(server.name, load, [busy])
                if any(stream.done.done() for stream in streams):
                    raise BenchError(f"{server.name}: a stream ended while the long prompt was read")
            finally:
                for stream in streams:
                    stream.cut()
        for answer in (alone, busy):
            if answer.error:
                raise BenchError(f"{server.name}: {answer.error}")
        answers = [stream.answer() for stream in streams]
        timelines.append(_timeline(answers, busy))
        return _sample(answers, alone, busy) | {"client_cpu": share.value}

    return run


async def _start(server: HttpServer, load: Load) -> list[StreamedRequest]:
    streams = [await connect(server.endpoint) for _ in load.prompts]
    for stream, body in zip(streams, load.bodies(), strict=True):
        stream.send(server.endpoint.request(body))
    return streams


async def _flowing(streams: Sequence[StreamedRequest], num_arrivals: int) -> None:
    """Wait until each stream has so many arrivals, counted from when the last of them began to flow."""
    await asyncio.wait([stream.first_token for stream in streams], timeout=DEADLINE_S)
    wanted = [stream.num_arrivals + num_arrivals for stream in streams]
    while any(stream.num_arrivals < count for stream, count in zip(streams, wanted, strict=True)):
        if any(stream.done.done() for stream in streams):
            await wait_all(streams, 0)
            for stream in streams:
                if error := stream.answer().error:
                    raise BenchError(error)
            raise BenchError("a stream ended before the long prompt arrived")
        await asyncio.sleep(0.02)


def _sample(answers: Sequence[Answer], alone: Answer, busy: Answer) -> Sample:
    flowing_since = max(answer.first_token_s for answer in answers)
    pauses = [pause for answer in answers for pause in answer.pauses()]
    before = [(began, ended) for began, ended in pauses if began >= flowing_since and ended <= busy.sent_s]
    # A pause is the reading's if any of it lies there, so that the reading's last stall is not the joining's.
    reading = [
        (began, ended) for began, ended in pauses if ended > busy.sent_s and began < busy.first_token_s
    ]
    joined = [(began, ended) for began, ended in pauses if busy.first_token_s <= began < busy.ended_s]
    undisturbed_s, reading_s, joined_s = map(_lengths, (before, reading, joined))
    return {
        "gap_undisturbed_s": median(undisturbed_s),
        "gap_undisturbed_p99_s": percentile(undisturbed_s, 0.99),
        "gap_reading_p99_s": percentile(reading_s, 0.99),
        "gap_reading_max_s": max(reading_s),
        "gap_joined_p99_s": percentile(joined_s, 0.99),
        "gap_joined_max_s": max(joined_s),
        "ttft_idle_s": alone.ttft_s,
        "ttft_busy_s": busy.ttft_s,
    }


def _lengths(pauses: Iterable[tuple[float, float]]) -> list[float]:
    found = [ended - began for began, ended in pauses]
    if not found:
        raise BenchError("no stream went on while the long prompt was there")
    return found


def _timeline(answers: Sequence[Answer], busy: Answer) -> Timeline:
    """Pauses around the arrival, in seconds from it."""
    flowing_since = max(answer.first_token_s for answer in answers)
    gaps = [
        (round(ended - busy.sent_s, 5), round(ended - began, 6))
        for answer in answers
        for began, ended in answer.pauses()
        if began >= flowing_since and ended <= busy.ended_s
    ]
    return Timeline(sorted(gaps), round(busy.ttft_s, 5), round(busy.ended_s - busy.sent_s, 5))
