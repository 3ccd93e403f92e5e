"""Models that nobody uses go when their time is over: by setting, by model, by request."""

from typing import Any

import pytest

from tests.live.pool_server import ALPHA, BETA, GAMMA, Pool, chat_body
from tests.live.server import wait_until

SOON_S = 0.4


@pytest.mark.full
def test_one_models_own_time(pool: Pool) -> None:
    before = pool.only(ALPHA, BETA)
    pool.change(model_options={ALPHA: {"idle_unload_s": SOON_S}})
    pool.wait_status(ALPHA, "unloaded")
    pool.wait_gone(before[ALPHA])
    view = pool.model(BETA)
    assert (view["status"], view["pid"], view["unloads_in_s"]) == ("loaded", before[BETA], None)


def test_the_time_of_all_and_who_is_not_idle(pool: Pool) -> None:
    """One is used and one is not: the one that is goes when its last request has ended."""
    pool.give_room(3)
    before = pool.only(ALPHA, BETA, GAMMA)
    pool.answer(GAMMA, keep_alive=-1)
    stream = pool.flowing(ALPHA)
    pool.change(idle_unload_s=SOON_S)
    pool.wait_status(BETA, "unloaded")
    stream.wait_flowing(stream.num_lines + 20)
    view = pool.model(ALPHA)
    assert (view["status"], view["leases"], view["idle_s"]) == ("loaded", 1, None)
    stream.leave()
    pool.wait_status(ALPHA, "unloaded")
    # A request has said that it is to stay for ever.
    view = pool.model(GAMMA)
    assert (view["status"], view["pid"], view["unloads_in_s"]) == ("loaded", before[GAMMA], None)


def test_a_request_says_how_long_its_model_stays(pool: Pool) -> None:
    pool.only(ALPHA, BETA)
    pool.answer(ALPHA, keep_alive="10m")
    assert 300 < pool.model(ALPHA)["unloads_in_s"] <= 600
    pool.answer(ALPHA, keep_alive="1h30m")
    assert 3600 < pool.model(ALPHA)["unloads_in_s"] <= 5400
    pool.answer(ALPHA, keep_alive=3)  # the last one counts
    assert pool.model(ALPHA)["unloads_in_s"] <= 3
    response = pool.server.post("/v1/chat/completions", chat_body(BETA, keep_alive=0))
    assert response.status_code == 200
    pool.wait_status(BETA, "unloaded")
    pool.answer(ALPHA, keep_alive="1s")
    pool.wait_status(ALPHA, "unloaded")


@pytest.mark.full
def test_a_pinned_model_does_not_go(pool: Pool) -> None:
    before = pool.only(ALPHA, BETA)
    pool.do(ALPHA, "pin")
    pool.answer(ALPHA, keep_alive=0)
    pool.answer(BETA, keep_alive=0)
    pool.wait_status(BETA, "unloaded")
    assert pool.pid(ALPHA) == before[ALPHA]
    pool.change(idle_unload_s=SOON_S)
    assert pool.model(ALPHA)["unloads_in_s"] is None
    pool.change(pinned=[])
    pool.wait_status(ALPHA, "unloaded")


@pytest.mark.sample(3)
@pytest.mark.parametrize("value", ["soon", "", "5 m", "1x", "m", True, [1], {"s": 1}])
def test_what_is_no_time(pool: Pool, value: Any) -> None:
    before = pool.loaded()
    for path, body in (("chat/completions", chat_body(ALPHA)), ("completions", chat_body(ALPHA))):
        if path == "completions":
            body = {"model": ALPHA, "prompt": "w1"}
        response = pool.server.post(f"/v1/{path}", {**body, "keep_alive": value})
        assert response.status_code == 400
        error = response.json()["error"]
        assert error["param"] == "keep_alive"
        assert "keep_alive" in error["message"]
    assert pool.loaded() == before


@pytest.mark.full
def test_a_request_that_comes_while_its_model_goes(pool: Pool) -> None:
    before = pool.only(ALPHA)
    for _ in range(3):
        pool.answer(ALPHA, keep_alive=0)
    wait_until(lambda: ALPHA not in pool.loaded(), "it goes")
    pool.answer(ALPHA)
    assert pool.pid(ALPHA) != before[ALPHA]
