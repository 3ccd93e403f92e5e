"""What a worker's death by `kill -9` costs: its own model, and another one's stream."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from bench.answers import Answer, BenchError
from bench.client import StreamedRequest, ask, connect, wait_all
from bench.cpu import measured
from bench.models import SMALL
from bench.ratios import percentile
from bench_serving import event_loop

from pool_measures.figures import Figure, counted, ratio, seconds
from pool_measures.run import Run
from pool_measures.servers import PoolServer, kill

MOST_TIMES_P99 = 3.0
VICTIM_STREAMS = 8
ALONE_S = 2.0
LOADED_S = 2.0
AFTERWARDS_S = 5.0
# Longer than any of this takes, and within what is reserved for caches at load.
VICTIM_TOKENS = 3000
SURVIVOR_TOKENS = 16_000
_ANSWERED_WITHIN_S = 60.0


def recovery(run: Run) -> list[Figure]:
    """From `kill -9` to the next answered request."""
    model = run.model(SMALL)
    times: dict[str, list[float]] = {"without a spare worker": [], "spare worker ready": []}
    tries: dict[str, list[float]] = {kind: [] for kind in times}
    with (
        run.server([model]) as server,
        run.server([model], {"MLX_SERVER_SPARE_WORKER": "false"}) as spareless,
    ):
        servers = (spareless, server)
        spareless.load(model.name)  # into the worker that was started to meet the device
        for number in range(run.num_runs):
            for killed in servers:
                killed.load(model.name)  # earlier deaths are forgotten with this
            # Used up by the second of them only.
            server.wait_spare()
            for kind, killed in zip(times, servers, strict=True):
                took, count = _kill_and_ask(run, killed, model.name, number)
                times[kind].append(took)
                tries[kind].append(count)
                run.say(f"recovery {number + 1}/{run.num_runs}, {kind}: {took:.3f} s, {count} tries")
    return [
        *(seconds(f"kill -9 to the next answer, {kind}", values) for kind, values in reversed(times.items())),
        *(counted(f"tries until then, {kind}", values) for kind, values in reversed(tries.items())),
    ]


def _kill_and_ask(run: Run, server: PoolServer, model: str, number: int) -> tuple[float, int]:
    """Seconds until a request was answered, and how many were sent."""
    body = {"model": model, **run.body(1, "recovery", number)}
    killed_s = kill(server.pid(model))
    tries = 1
    while (answer := server.call("POST", "/v1/completions", body))[0] != 200:
        if time.perf_counter() - killed_s > _ANSWERED_WITHIN_S:
            raise BenchError(f"no answer after a worker was killed: {answer}")
        tries += 1
    return time.perf_counter() - killed_s, tries


def gaps(run: Run) -> list[Figure]:
    """The gaps of one model's stream while another's worker is killed."""
    models = run.copies("survivor", "victim")
    samples: list[dict[str, float]] = []
    with run.server(models) as server, event_loop() as loop:
        for number in range(run.num_runs):
            # The victim's deaths are forgotten with this, or it would not be started again after three.
            for model in models:
                server.load(model.name)
            server.wait_spare()
            samples.append(loop.run(_disturbed(run, server, number)))
            shown = ", ".join(f"{name} {1000 * value:.1f} ms" for name, value in samples[-1].items())
            run.say(f"death {number + 1}/{run.num_runs}: {shown}")
    columns = {name: [sample[name] for sample in samples] for name in samples[0]}
    largest = columns["largest gap in 5 s after the kill"]
    return [
        *(Figure(name, "ms", tuple(1000 * value for value in values)) for name, values in columns.items()),
        ratio("largest gap ÷ p99 alone", largest, columns["gap p99, alone"], MOST_TIMES_P99),
        ratio("largest gap ÷ p99 before the kill", largest, columns["gap p99, before the kill"]),
    ]


@dataclass(frozen=True)
class Moments:
    """When what happened, by `time.perf_counter`.

    Attributes:
        crowded_s: the other model's streams were asked for.
        loaded_s: all of them flowed.
        told_s: the last of them had ended.
    """

    crowded_s: float
    loaded_s: float
    killed_s: float
    told_s: float


async def _disturbed(run: Run, server: PoolServer, number: int) -> dict[str, float]:
    """Seconds by what they are."""
    pid = server.pid("victim")
    with measured():
        survivor = (await _start(run, server, "survivor", SURVIVOR_TOKENS, 1, number))[0]
        victims: list[StreamedRequest] = []
        try:
            await asyncio.sleep(ALONE_S)
            crowded_s = time.perf_counter()
            victims = await _start(run, server, "victim", VICTIM_TOKENS, VICTIM_STREAMS, number)
            loaded_s = time.perf_counter()
            await asyncio.sleep(LOADED_S)
            if any(stream.done.done() for stream in (survivor, *victims)):
                raise BenchError("a stream ended before the worker was killed")
            killed_s = kill(pid)
            again = asyncio.ensure_future(_ask_until_answered(server, run.body(8, "again", number)))
            await asyncio.sleep(AFTERWARDS_S)
            if survivor.done.done():
                raise BenchError(f"the other model's stream ended: {survivor.answer().error}")
            await again
            await wait_all(victims, 0)
            # Before they are cut, which is all that would be known of them.
            told_s = _last_end([stream.answer() for stream in victims])
        finally:
            for stream in (survivor, *victims):
                stream.cut()
    answer = survivor.answer()
    # The last pause had not ended; it counts as far as it went.
    pauses = [*answer.pauses(), (answer.last_token_s, answer.ended_s)]
    return sample(pauses, Moments(crowded_s, loaded_s, killed_s, told_s))


def sample(pauses: Sequence[tuple[float, float]], moments: Moments) -> dict[str, float]:
    """Seconds by what they are, from the begin and end of each pause of the stream that went on."""
    killed_s = moments.killed_s
    alone = [ended - began for began, ended in pauses if ended <= moments.crowded_s]
    before = [ended - began for began, ended in pauses if began >= moments.loaded_s and ended <= killed_s]
    # From the pause in which the worker was killed.
    largest, largest_ended_s = max(
        (ended - began, ended)
        for began, ended in pauses
        if ended > killed_s and began < killed_s + AFTERWARDS_S
    )
    return {
        "gap, alone": median(alone),
        "gap p99, alone": percentile(alone, 0.99),
        "gap p99, before the kill": percentile(before, 0.99),
        "largest gap before the kill": max(before),
        "largest gap in 5 s after the kill": largest,
        "that gap's end, after the kill": largest_ended_s - killed_s,
        "the killed model's streams end after": moments.told_s - killed_s,
    }


async def _ask_until_answered(server: PoolServer, body: Mapping[str, object]) -> None:
    """Ask the killed model again, whatever the first requests are told."""
    end = time.perf_counter() + _ANSWERED_WITHIN_S
    while error := (await ask(server.endpoint("victim"), body)).error:
        if time.perf_counter() > end:
            raise BenchError(f"the killed model does not answer again: {error}")


async def _start(
    run: Run, server: PoolServer, model: str, num_tokens: int, count: int, number: int
) -> list[StreamedRequest]:
    """Streams that have begun to flow."""
    endpoint = server.endpoint(model)
    streams = [await connect(endpoint) for _ in range(count)]
    for index, stream in enumerate(streams):
        stream.send(endpoint.request(run.body(num_tokens, model, number, index)))
    await asyncio.wait([stream.first_token for stream in streams], timeout=_ANSWERED_WITHIN_S)
    return streams


def _last_end(answers: Sequence[Answer]) -> float:
    """When the last of them was told. Raises BenchError where one was not."""
    if untold := [answer.error for answer in answers if not answer.error or "no end" in answer.error]:
        raise BenchError(f"{len(untold)} streams of the killed worker were not told of its death")
    return max(answer.ended_s for answer in answers)
