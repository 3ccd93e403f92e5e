"""A worker that dies takes nobody with it, comes back while requests wait, and is given up in the end."""

import re
import signal
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from tests.live.conftest import three_models_env
from tests.live.pool_server import ALPHA, BETA, Events, Pool
from tests.live.server import DEADLINE_S, BackgroundStream, Server, is_running, wait_until

SIGNALS = [signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT]


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory, three_models: Path) -> Iterator[Pool]:
    """A server that takes a worker for hung after two seconds of silence."""
    env = three_models_env(three_models) | {"MLX_SERVER_WORKER_HANG_S": "2"}
    with Server(tmp_path_factory.mktemp("hasty"), env) as running:
        pool = Pool(running)
        yield pool
        pool.leave_all()


def check_neighbour(pool: Pool, pid: int, harm: Callable[[psutil.Process], None]) -> BackgroundStream:
    """Harm alpha's worker while both models stream; returns alpha's stream, which has ended."""
    victim = psutil.Process(pool.pid(ALPHA))
    chat, text = pool.stream(ALPHA, chat=True), pool.stream(ALPHA)
    other = pool.stream(BETA, max_tokens=500, stream_options={"include_usage": True})
    for stream in (chat, text, other):
        stream.wait_flowing()
    harm(victim)
    for stream in (chat, text):
        ended = stream.wait()
        assert ended.error is not None
        assert ended.error["code"] == "worker_died"
        assert not ended.done
        assert ended.finish_reason is None
    # The neighbour has seen nothing of it.
    whole = other.wait()
    assert (whole.error, whole.finish_reason, whole.done) == (None, "length", True)
    assert whole.chunks[-1]["usage"]["completion_tokens"] == 500
    assert pool.pid(BETA) == pid
    return chat


@pytest.mark.sample(1)
@pytest.mark.parametrize("number", SIGNALS)
def test_a_death_ends_its_own_streams_only(pool: Pool, number: signal.Signals) -> None:
    pool.give_room(4)  # two streams of one model need more than what is left beside two models
    before = pool.only(ALPHA, BETA)
    ended = check_neighbour(pool, before[BETA], lambda victim: victim.send_signal(number)).wait()
    assert ended.error is not None
    assert re.search(rf"signal {int(number)}\b", ended.error["message"])
    pool.answer(ALPHA)
    assert pool.pid(ALPHA) not in before.values()
    assert pool.server.client.get("/health").status_code == 200


def die(pool: Pool, number: signal.Signals) -> None:
    """End alpha's worker and wait until that has been noticed."""
    pid = pool.pid(ALPHA)
    psutil.Process(pid).send_signal(number)
    wait_until(lambda: pool.model(ALPHA)["pid"] != pid, "the death is noticed")


@pytest.mark.full
def test_three_deaths_and_then_no_more(pool: Pool) -> None:
    pool.only(ALPHA, BETA)
    with Events(pool.server) as events:
        die(pool, signal.SIGKILL)
        pool.answer(ALPHA)
        die(pool, signal.SIGKILL)
        # After the second it is not started again at once, and the requests wait for that.
        with ThreadPoolExecutor(4) as threads:
            assert len(set(threads.map(pool.answer, [ALPHA] * 4))) == 1
        die(pool, signal.SIGABRT)
        view = pool.wait_status(ALPHA, "failed")
        again = ["unloaded", "loading", "loaded"]
        events.wait_states(ALPHA, [*again, *again, "failed"])
    assert re.search(r"signal 6\b", view["reason"])
    # Of what the worker wrote before its end the last lines are there.
    assert len(view["reason"].splitlines()) > 3, view["reason"]
    assert "recent call first" in view["reason"]
    for _ in range(2):
        refused = pool.ask(ALPHA)
        assert refused.status_code == 503
        error = refused.json()["error"]
        assert error["code"] == "model_load_failed"
        assert re.search(r"signal 6\b", error["message"])
    assert pool.get(f"/v1/models/{ALPHA}")["status"] == "failed"
    pool.answer(BETA)
    # Somebody says so, and all is forgotten.
    assert pool.do(ALPHA, "load")["status"] == "loaded"
    assert pool.model(ALPHA)["reason"] is None
    die(pool, signal.SIGKILL)
    pool.answer(ALPHA)


def test_a_death_during_the_load_costs_its_requests_nothing_but_time(pool: Pool) -> None:
    pool.only()
    with ThreadPoolExecutor(4) as threads:
        answers = [threads.submit(pool.answer, ALPHA) for _ in range(4)]
        pool.wait_status(ALPHA, "loading")
        victim = wait_until(pool.server.workers, "its worker starts")[0]
        victim.kill()
        wait_until(lambda: not is_running(victim), "the worker is dead")
        assert len({answer.result(DEADLINE_S) for answer in answers}) == 1
    assert pool.pid(ALPHA) != victim.pid


@pytest.mark.full
def test_a_pinned_model_comes_back_by_itself(pool: Pool) -> None:
    before = pool.only(ALPHA)
    pool.do(ALPHA, "pin")
    psutil.Process(before[ALPHA]).kill()
    wait_until(lambda: pool.loaded().get(ALPHA) not in (None, before[ALPHA]), "another worker has it")


@pytest.mark.full
def test_a_hang_is_a_death(hasty: Pool) -> None:
    before = hasty.only(ALPHA, BETA)
    try:
        ended = check_neighbour(hasty, before[BETA], lambda victim: victim.suspend()).wait()
    finally:
        if psutil.pid_exists(before[ALPHA]):
            psutil.Process(before[ALPHA]).resume()
    assert ended.error is not None
    assert "2 s" in ended.error["message"]
    hasty.wait_gone(before[ALPHA])
    hasty.answer(ALPHA)
    assert hasty.pid(ALPHA) != before[ALPHA]


@pytest.mark.full
def test_a_hang_during_the_load_is_a_death(hasty: Pool) -> None:
    hasty.only()
    with ThreadPoolExecutor(1) as threads:
        asked = threads.submit(hasty.answer, ALPHA)
        hasty.wait_status(ALPHA, "loading")
        victim = wait_until(hasty.server.workers, "its worker starts")[0]
        victim.suspend()
        try:
            assert asked.result(DEADLINE_S)
        finally:
            if is_running(victim):
                victim.resume()
    assert hasty.pid(ALPHA) != victim.pid


@pytest.mark.full
def test_a_death_while_it_drains(pool: Pool) -> None:
    before = pool.only(ALPHA)
    stream = pool.flowing(ALPHA)
    with ThreadPoolExecutor(1) as threads:
        unloading = threads.submit(pool.do, ALPHA, "unload")
        pool.wait_status(ALPHA, "draining")
        psutil.Process(before[ALPHA]).kill()
        assert unloading.result(DEADLINE_S)["status"] == "unloaded"
    ended = stream.wait()
    assert ended.error is not None
    assert ended.error["code"] == "worker_died"
    pool.answer(ALPHA)


@pytest.mark.full
@pytest.mark.skipif(sys.platform != "linux", reason="another process's limits can be set on Linux only")
def test_out_of_memory_is_one_models_affair(hasty: Pool) -> None:
    import resource

    before = hasty.only(ALPHA, BETA)
    other = hasty.flowing(BETA)
    taken = psutil.Process(before[ALPHA]).memory_info().vms
    resource.prlimit(before[ALPHA], resource.RLIMIT_AS, (taken + 2**20, taken + 2**20))
    failed = hasty.ask(ALPHA, prompt="w5 " * 30_000)
    assert failed.status_code == 500, failed.text
    assert failed.json()["error"]["code"] in ("worker_died", "engine_error")
    print(failed.text)
    other.wait_flowing(other.num_lines + 40)
    assert hasty.pid(BETA) == before[BETA]
    if hasty.loaded().get(ALPHA) == before[ALPHA]:  # it has survived, and is still held short
        hasty.do(ALPHA, "unload")
    hasty.answer(ALPHA)
    assert hasty.pid(ALPHA) != before[ALPHA]
