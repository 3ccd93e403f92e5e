"""When a server that has ended by itself is started again."""

import pytest

from mlx_manager.server.restarts import Restarts


def test_pauses_double_until_it_is_given_up() -> None:
    restarts, now, pauses = Restarts(), 100.0, []
    while not restarts.has_failed:
        restarts.note_ending(now, may_restart=True)
        if restarts.retry_at is not None:
            pauses.append(restarts.retry_at - now)
            assert not restarts.is_due(restarts.retry_at - 0.01)
            assert restarts.is_due(restarts.retry_at)
            restarts.note_start()
            restarts.note_running()
    assert pauses == [1.0, 2.0, 4.0, 8.0]
    assert not restarts.is_due(now + 1e6)
    assert restarts.num == len(pauses)


def test_endings_of_long_ago_do_not_count() -> None:
    restarts = Restarts()
    for number in range(20):
        restarts.note_ending(number * 301.0, may_restart=True)
        assert restarts.retry_at == pytest.approx(number * 301.0 + 1.0)
        restarts.note_start()
    assert not restarts.has_failed


def test_whoever_starts_it_themselves_begins_anew() -> None:
    restarts = Restarts()
    restarts.note_ending(0.0, may_restart=False)
    assert restarts.has_failed
    restarts.forget()
    assert restarts.is_due(0.0)
    restarts.note_start()
    assert restarts.num == 0, "nobody waited for it"
    restarts.note_ending(1.0, may_restart=True)
    assert restarts.retry_at == 2.0
