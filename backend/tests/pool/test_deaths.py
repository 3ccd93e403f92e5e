"""Back-off between starts, and three deaths in five minutes."""

from mlx_manager.mlx_server.pool.deaths import Death, DeathRecord


def died_at(*times: float) -> DeathRecord:
    record = DeathRecord()
    for at in times:
        record.note(Death(at, f"was killed at {at}", ("last words",)))
    return record


def test_the_first_death_costs_no_wait() -> None:
    assert died_at().may_start_at(100.0) == 100.0
    assert died_at(99.0).may_start_at(100.0) == 100.0


def test_the_pause_grows_with_the_deaths() -> None:
    second = died_at(10.0, 20.0).may_start_at(20.0)
    assert second > 20.0
    third = died_at(10.0, 20.0, 30.0).may_start_at(30.0)
    assert third - 30.0 == 2 * (second - 20.0)
    assert died_at(10.0, 20.0).may_start_at(1000.0) == 1000.0


def test_three_in_five_minutes_are_a_failure() -> None:
    assert died_at(0.0, 1.0).failed(2.0) is None
    last = died_at(0.0, 1.0, 2.0).failed(3.0)
    assert last is not None
    assert (last.at, last.how, last.stderr) == (2.0, "was killed at 2.0", ("last words",))
    assert died_at(0.0, 200.0, 299.0).failed(299.5) is not None
    assert died_at(0.0, 200.0, 301.0).failed(301.5) is None


def test_someone_may_ask_for_it_again() -> None:
    record = died_at(0.0, 1.0, 2.0)
    record.clear()
    assert record.failed(3.0) is None
    assert record.may_start_at(3.0) == 3.0
