"""Settings that change while the server runs."""

from typing import Any

import pytest

from tests.live.pool_server import ALPHA, BETA, GAMMA, Events, Pool
from tests.live.server import wait_until


def test_a_lower_budget_ends_what_is_idle(pool: Pool) -> None:
    before = pool.only(ALPHA, BETA)
    pool.answer(ALPHA)
    budget = pool.memory()["budget"]
    pool.give_room(1)
    pool.wait_status(BETA, "unloaded")
    pool.wait_gone(before[BETA])
    assert pool.loaded() == {ALPHA: before[ALPHA]}
    assert pool.memory()["budget"] < budget
    pool.give_room(2)
    assert pool.memory()["budget"] == budget


def test_fewer_places_end_what_is_idle_and_wait_for_the_rest(pool: Pool) -> None:
    before = pool.only(ALPHA, BETA)
    stream = pool.flowing(ALPHA)
    pool.change(max_models=1)
    pool.wait_status(BETA, "unloaded")
    stream.wait_flowing(stream.num_lines + 20)
    assert pool.loaded() == {ALPHA: before[ALPHA]}
    assert pool.memory()["max_models"] == 1


def test_a_lower_budget_spares_what_is_used_until_it_ends(pool: Pool) -> None:
    """Neither may go now; the first that ends does."""
    pool.only(ALPHA, BETA)
    streams = {ALPHA: pool.flowing(ALPHA), BETA: pool.flowing(BETA)}
    pool.change(max_models=1)
    for stream in streams.values():
        stream.wait_flowing(stream.num_lines + 20)
    assert pool.loaded().keys() == {ALPHA, BETA}
    streams[BETA].leave()
    pool.wait_status(BETA, "unloaded")
    streams[ALPHA].wait_flowing(streams[ALPHA].num_lines + 20)
    assert pool.loaded().keys() == {ALPHA}


def test_preload_loads(pool: Pool) -> None:
    pool.only()
    with Events(pool.server) as events:
        changed = pool.change(preload=[GAMMA])
        assert changed["preload"] == [GAMMA]
        events.wait_states(GAMMA, ["loading", "loaded"])
    pool.server.wait_ready()
    assert pool.loaded().keys() == {GAMMA}


@pytest.mark.full
def test_pins_and_times_are_taken_at_once(pool: Pool) -> None:
    pool.only(ALPHA, BETA)
    pool.change(pinned=[ALPHA])
    assert {name for name, view in pool.models().items() if view["pinned"]} == {ALPHA}
    pool.change(idle_unload_s=0.2)
    pool.wait_status(BETA, "unloaded")
    assert pool.model(ALPHA)["status"] == "loaded"
    pool.change(pinned=[])
    pool.wait_status(ALPHA, "unloaded")


@pytest.mark.sample(6)
@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"max_memory_gb": -1}, "max_memory_gb"),
        ({"max_memory_gb": 1e300}, "max_memory_gb"),
        ({"max_memory_gb": "much"}, "max_memory_gb"),
        ({"max_memory_gb": None}, "max_memory_gb"),
        ({"max_models": 0}, "max_models"),
        ({"max_models": 1.5}, "max_models"),
        ({"idle_unload_s": -1}, "idle_unload_s"),
        ({"load_wait_s": 0}, "load_wait_s"),
        ({"preload": "alpha"}, "preload"),
        ({"pinned": [1]}, "pinned"),
        ({"model_options": {"alpha": {"kv_bits": 3}}}, "model_options"),
        ({"model_options": {"alpha": {"nothing": 3}}}, "model_options"),
        ({"memory_soft_share": 2}, "memory_soft_share"),
        ({"memory_hard_share": 0.5}, "memory_hard_share"),
        ({"port": 1}, "port"),
        ({"nothing": 1}, "nothing"),
        # All of a change or none of it, whichever comes first.
        ({"max_models": 3, "nothing": 1}, "nothing"),
        ({"max_models": 3, "load_wait_s": -1}, "load_wait_s"),
        ({"load_wait_s": -1, "max_models": 3}, "load_wait_s"),
    ],
)
def test_a_change_that_is_refused_changes_nothing(pool: Pool, change: Any, named: str) -> None:
    before = pool.get("/admin/settings"), pool.loaded()
    response = pool.server.client.patch("/admin/settings", json=change)
    assert response.status_code == 400, response.text
    error = response.json()["error"]
    assert error["param"].partition(".")[0] == named
    assert named in error["message"]
    assert (pool.get("/admin/settings"), pool.loaded()) == before
    wait_until(lambda: pool.memory()["real"], "memory is still looked at")


def test_what_is_no_change(pool: Pool) -> None:
    before = pool.get("/admin/settings")
    for body in (b"", b"[]", b"{", b"null"):
        response = pool.server.client.patch(
            "/admin/settings", content=body, headers={"Content-Type": "application/json"}
        )
        assert response.status_code == 400
    assert pool.change() == before
