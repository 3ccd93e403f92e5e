"""Who goes when a third model is asked for, who stays, and what a request for it has to wait for."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.live.pool_server import ALPHA, BETA, GAMMA, MODELS, Events, Pool, chat_body, text_body
from tests.live.server import DEADLINE_S, wait_until

SIZE = re.compile(r"\d+\.\d\d [MG]B")


def test_the_least_recently_used_goes(pool: Pool) -> None:
    before = pool.only(ALPHA, BETA)
    pool.answer(ALPHA)  # so that it is beta that was used before all others
    with Events(pool.server) as events:
        pool.answer(GAMMA)
        wait_until(lambda: (GAMMA, pool.pid(GAMMA)) in events.loads(), "the load is told of")
        assert events.states(BETA) == ["draining", "unloaded"]
        assert events.states(ALPHA) == []
    after = pool.loaded()
    assert after.keys() == {ALPHA, GAMMA}
    assert after[ALPHA] == before[ALPHA]
    pool.wait_gone(before[BETA])
    # The same where there are bytes enough, and places are not.
    pool.change(max_models=2, max_memory_gb=pool.room_gb(4))
    pool.answer(ALPHA)
    pool.answer(BETA)
    assert pool.loaded().keys() == {ALPHA, BETA}
    assert pool.pid(ALPHA) == before[ALPHA]


def test_who_is_used_stays_and_is_waited_for(pool: Pool) -> None:
    before = pool.only(ALPHA, BETA)
    old = pool.flowing(ALPHA)
    pool.answer(BETA)
    # Alpha was asked for before beta was, but it is used still.
    pool.answer(GAMMA)
    assert pool.loaded().keys() == {ALPHA, GAMMA}
    young = pool.flowing(GAMMA)
    with ThreadPoolExecutor(2) as threads:
        # Nothing may go: the request waits, and a stream's headers do not come before its room.
        whole = threads.submit(pool.ask, BETA)
        stream = pool.stream(BETA, chat=True, max_tokens=5)
        pool.wait_waiting(BETA, 2)
        old.wait_flowing(old.num_lines + 40)
        young.wait_flowing(young.num_lines + 40)
        assert not whole.done()
        assert stream.num_lines == 0
        assert pool.model(BETA)["status"] == "unloaded"
        young.leave()
        assert whole.result(DEADLINE_S).status_code == 200
    assert stream.wait().finish_reason == "length"
    old.wait_flowing(old.num_lines + 20)
    after = pool.loaded()
    assert after.keys() == {ALPHA, BETA}
    assert after[ALPHA] == before[ALPHA]


def test_who_is_pinned_stays(pool: Pool) -> None:
    before = pool.only(ALPHA, BETA)
    pool.do(ALPHA, "pin")
    pool.answer(BETA)
    pool.answer(GAMMA)
    assert pool.loaded().keys() == {ALPHA, GAMMA}
    assert pool.pid(ALPHA) == before[ALPHA]
    # With both pinned nothing may go, although nothing runs.
    pool.do(GAMMA, "pin")
    pool.change(load_wait_s=1)
    refused = pool.ask(BETA)
    assert refused.status_code == 503
    assert "pinned" in refused.json()["error"]["message"]
    assert pool.loaded().keys() == {ALPHA, GAMMA}


@pytest.mark.full
def test_waiting_has_an_end(pool: Pool) -> None:
    pool.only(ALPHA, BETA)
    streams = [pool.flowing(ALPHA), pool.flowing(BETA)]
    pool.change(load_wait_s=1)
    bodies = {
        "/v1/chat/completions": chat_body(GAMMA, stream=True),
        "/v1/completions": text_body(GAMMA),
    }
    with ThreadPoolExecutor(len(bodies)) as threads:
        answers = list(threads.map(lambda path: pool.server.post(path, bodies[path]), bodies))
    for refused in answers:
        assert refused.status_code == 503
        error = refused.json()["error"]
        assert error["code"] == "insufficient_memory"
        assert len(SIZE.findall(error["message"])) >= 3, error
        for name in MODELS:
            assert name in error["message"]
        assert int(refused.headers["retry-after"]) > 0
    assert pool.model(GAMMA)["waiting"] == 0
    for stream in streams:
        stream.wait_flowing(stream.num_lines + 20)


def test_what_can_never_fit_is_refused_at_once(pool: Pool) -> None:
    pool.only()
    # Were it waited for, the client would give up before.
    pool.change(max_memory_gb=pool.room_gb(1) / 10, load_wait_s=3600)
    refused = pool.ask(ALPHA)
    assert refused.status_code == 503
    error = refused.json()["error"]
    assert error["code"] == "insufficient_memory"
    assert len(SIZE.findall(error["message"])) == 2
    assert "retry-after" not in refused.headers
    assert pool.command(ALPHA, "load").status_code == 503
    assert pool.model(ALPHA)["status"] == "unloaded"
    pool.give_room(1)
    pool.answer(ALPHA)


@pytest.mark.full
def test_a_client_that_waits_may_leave(pool: Pool) -> None:
    pool.only(ALPHA, BETA)
    streams = [pool.flowing(ALPHA), pool.flowing(BETA)]
    leaver = pool.stream(GAMMA)
    pool.wait_waiting(GAMMA)
    leaver.leave()
    pool.wait_waiting(GAMMA, 0)
    for stream in streams:
        stream.leave()
    wait_until(lambda: pool.server.num_running() == 0, "nothing runs")
    assert pool.loaded().keys() == {ALPHA, BETA}
    pool.answer(ALPHA)


@pytest.mark.full
def test_the_ledger_never_exceeds_its_budget_and_caches_yield(pool: Pool) -> None:
    """One model alone takes all the room for its caches, and gives it back for another."""
    pool.only()
    pool.change(max_memory_gb=2.2 * pool.bytes_each / 2**30)
    pool.only(ALPHA)
    alone = pool.memory()
    assert alone["reserved"] <= alone["budget"]
    kept = pool.model(ALPHA)["bytes"]["reserved"]
    pool.only(ALPHA, BETA)
    both = pool.memory()
    assert both["reserved"] <= both["budget"]
    assert pool.model(ALPHA)["bytes"]["reserved"]["total"] < kept["total"]
