"""Whose turn it is when one row has many takers: two tenants, and a request that nobody waits for."""

import asyncio
import json
import time
import urllib.request
from collections.abc import Awaitable, Callable

from bench.answers import Answer, BenchError
from bench.bench import Bench
from bench.client import StreamedRequest, connect, wait_all
from bench.contenders import GREEDY, HttpServer
from bench.experiment import Arm, Experiment, Sample, Target, Value
from bench.fleet import OURS, Fleet
from bench.models import SMALL

A_REQUESTS = 28
B_REQUESTS = 4
# Most of A's that may start before B's last: its last before A's eighth.
A_BEFORE_B = 7
NEW_TOKENS = 32
# One row, so that the order of admissions can be read off the first tokens.
ONE_ROW = {"MLX_SERVER_MAX_CONCURRENT_REQUESTS": "1"}
BUSY_CLIENTS = 3
BACKGROUND_LIMIT_S = 180.0


async def fairness(bench: Bench) -> None:
    """The 5 M model with one row."""
    with bench.fleet(SMALL) as fleet:
        server = fleet.ours(ONE_ROW)
        await bench.measure(_tenants(fleet, server), fleet)
        await bench.measure(_background(fleet, server), fleet)


def _tenants(fleet: Fleet, server: HttpServer) -> Experiment:
    targets = [
        Target(
            Value(OURS, "b_first_admission"),
            None,
            2,
            is_minimum=False,
            words="B's first, counted in admissions",
        ),
        Target(
            Value(OURS, "a_before_b_last"),
            None,
            A_BEFORE_B,
            is_minimum=False,
            words="A's that start before B's last",
        ),
    ]
    title = f"tenant A queues {A_REQUESTS} requests, then B {B_REQUESTS}; one row"
    return Experiment(
        "two tenants", title, SMALL.name, [Arm(OURS, OURS, _two_tenants(fleet, server))], targets
    )


def _background(fleet: Fleet, server: HttpServer) -> Experiment:
    targets = [Target(Value(OURS, "background_ended"), None, 1, words="the background request ended")]
    title = f"a background request beside {BUSY_CLIENTS} clients that never pause; one row"
    arms = [Arm(OURS, OURS, _aged_background(fleet, server))]
    return Experiment("background", title, SMALL.name, arms, targets, warm_up=False)


def _two_tenants(fleet: Fleet, server: HttpServer) -> Callable[[int], Awaitable[Sample]]:
    async def run(number: int) -> Sample:
        a_streams = [await _send(fleet, server, "a", number, index) for index in range(A_REQUESTS)]
        await _all_accepted(server, A_REQUESTS, a_streams)
        arrived_s = time.perf_counter()
        b_streams = [await _send(fleet, server, "b", number, index) for index in range(B_REQUESTS)]
        await wait_all([*a_streams, *b_streams])
        a, b = (_first_tokens(streams) for streams in (a_streams, b_streams))
        after = sorted(moment for moment in [*a, *b] if moment > arrived_s)
        return {
            "b_first_admission": after.index(b[0]) + 1.0,
            "a_before_b_last": float(sum(moment < b[-1] for moment in a)),
            "a_before_b_arrived": float(sum(moment < arrived_s for moment in a)),
        }

    return run


def _aged_background(fleet: Fleet, server: HttpServer) -> Callable[[int], Awaitable[Sample]]:
    async def run(number: int) -> Sample:
        over = asyncio.Event()
        clients = [
            asyncio.create_task(_never_pause(fleet, server, over, number, n)) for n in range(BUSY_CLIENTS)
        ]
        try:
            await _all_accepted(server, BUSY_CLIENTS, [])
            stream = await _send(fleet, server, "background", number, 0, priority="background")
            await wait_all([stream], BACKGROUND_LIMIT_S)
        finally:
            over.set()
            served = sum(await asyncio.gather(*clients))
        answer = stream.answer()
        return {
            "background_ended": float(not answer.error),
            "background_ttft_s": answer.ttft_s if answer.arrivals else BACKGROUND_LIMIT_S,
            "others_meanwhile": float(served),
        }

    return run


async def _never_pause(
    fleet: Fleet, server: HttpServer, over: asyncio.Event, number: int, client: int
) -> int:
    count = 0
    while not over.is_set():
        stream = await _send(fleet, server, "busy", number, client * 1_000_000 + count)
        await wait_all([stream])
        _check(stream.answer())
        count += 1
    return count


async def _send(
    fleet: Fleet, server: HttpServer, tenant: str, number: int, index: int, **fields: str
) -> StreamedRequest:
    prompt = fleet.prompt(32, "fairness", tenant, number, index)
    body = {"prompt": prompt.text, "max_tokens": NEW_TOKENS, **GREEDY, **fields}
    stream = await connect(server.endpoint)
    stream.send(server.endpoint.request(body, {"Authorization": f"Bearer {tenant}"}))
    return stream


async def _all_accepted(server: HttpServer, count: int, streams: list[StreamedRequest]) -> None:
    """Wait until the server holds all of them; those that have ended meanwhile count, too."""
    deadline = time.monotonic() + 30
    while await asyncio.to_thread(_num_held, server) + sum(one.done.done() for one in streams) < count:
        if time.monotonic() > deadline:
            raise BenchError(f"{server.name} does not hold {count} requests")
        await asyncio.sleep(0.01)


def _num_held(server: HttpServer) -> int:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(f"{server.endpoint.url}/ready", timeout=30) as reply:
        return int(json.load(reply)["running"])


def _first_tokens(streams: list[StreamedRequest]) -> list[float]:
    return sorted(_check(stream.answer()).first_token_s for stream in streams)


def _check(answer: Answer) -> Answer:
    if answer.error:
        raise BenchError(answer.error)
    return answer
