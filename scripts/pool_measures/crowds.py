"""Many requests: at once for a model that is not loaded, and spread over more models than fit."""

import asyncio
import random
import time
from collections.abc import Iterator, Sequence

from bench.answers import Answer
from bench.client import ask, ask_all
from bench.models import SMALL
from bench_serving import event_loop

from pool_measures.events import StateListener
from pool_measures.figures import Figure, counted, seconds
from pool_measures.run import Run
from pool_measures.servers import PoolServer

BURST = 20
REQUESTS = 1000
AT_ONCE = 16
_PARTS = 5


def burst(run: Run) -> list[Figure]:
    """Simultaneous first requests."""
    model = run.model(SMALL)
    loads, failed, times = [], [], []
    with run.server([model]) as server, event_loop() as loop:
        for number in range(run.num_runs):
            server.unload(model.name)
            server.wait_spare()
            bodies = [run.body(4, "burst", number, index) for index in range(BURST)]
            with StateListener(server.url) as listener:
                began = time.perf_counter()
                answers = loop.run(ask_all(server.endpoint(model.name), bodies))
                loads.append(float(listener.num_loads()))
            failed.append(float(sum(bool(answer.error) for answer in answers)))
            times.append(max(answer.ended_s for answer in answers) - began)
            run.say(f"burst {number + 1}/{run.num_runs}: {loads[-1]:.0f} loads, {failed[-1]:.0f} failures")
    return [
        counted(f"loads for {BURST} requests", loads, 1),
        counted("requests that failed", failed, 0),
        seconds("from the first request to the last answer", times),
    ]


def spread(run: Run) -> list[Figure]:
    """Three models, room for two."""
    folders = run.copies("one", "two", "three")
    models = [folder.name for folder in folders]
    num_requests = run.scaled(REQUESTS)
    with (
        run.server(folders, {"MLX_SERVER_MAX_MODELS": "2"}) as server,
        StateListener(server.url) as listener,
        event_loop() as loop,
    ):
        answers = loop.run(_ask_spread(run, server, models, num_requests))
        loads = listener.num_loads()
    for error in sorted({answer.error for answer in answers} - {""}):
        run.say(f"spread: {error}")
    took = max(answer.ended_s for answer in answers) - min(answer.sent_s for answer in answers)
    return [
        counted("requests", [num_requests]),
        counted("requests that failed", [sum(bool(answer.error) for answer in answers)], 0),
        counted("loads", [loads]),
        seconds("duration", [took]),
        Figure("requests per second", "/s", tuple(rates([answer.ended_s for answer in answers], _PARTS))),
        seconds("longest wait for an answer", [max(answer.ended_s - answer.sent_s for answer in answers)]),
    ]


async def _ask_spread(run: Run, server: PoolServer, models: Sequence[str], count: int) -> list[Answer]:
    """The answers, in the order of the requests."""
    choose = random.Random(0)
    endpoints = [server.endpoint(choose.choice(models)) for _ in range(count)]
    room = asyncio.Semaphore(AT_ONCE)
    num_done = 0

    async def one(index: int) -> Answer:
        nonlocal num_done
        async with room:
            answer = await ask(endpoints[index], run.body(2, "spread", index))
        num_done += 1
        if num_done % (count // _PARTS or 1) == 0:
            run.say(f"spread: {num_done}/{count} answered")
        return answer

    return list(await asyncio.gather(*map(one, range(count))))


def rates(ended_s: Sequence[float], num_parts: int) -> Iterator[float]:
    """Answers per second in each of so many equal parts of them; what is left over is left out."""
    ordered = sorted(ended_s)
    size = (len(ordered) - 1) // num_parts
    for part in range(num_parts):
        began, ended = ordered[part * size], ordered[(part + 1) * size]
        yield size / (ended - began)
