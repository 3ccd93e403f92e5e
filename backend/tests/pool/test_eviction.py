"""Least recently used first, nobody who may not go, and nobody in vain."""

from hypothesis import given
from hypothesis import strategies as st

from mlx_manager.mlx_server.pool.eviction import Candidate, victims

CANDIDATES = st.lists(
    st.builds(Candidate, st.integers(), st.integers(0, 100), st.floats(0, 100), st.booleans()),
    unique_by=lambda one: one.key,
    max_size=8,
)


def one(key: str, size: int, used: float, *, may_go: bool = True) -> Candidate:
    return Candidate(key, size, used, may_go)


def test_the_least_recently_used_goes_first() -> None:
    models = [one("new", 10, 3), one("old", 10, 1), one("middle", 10, 2)]
    assert victims(models, missing_bytes=5, missing_places=0) == ["old"]
    assert victims(models, missing_bytes=15, missing_places=0) == ["old", "middle"]
    assert victims(models, missing_bytes=0, missing_places=1) == ["old"]
    assert victims(models, missing_bytes=0, missing_places=0) == []


def test_who_may_not_go_stays() -> None:
    models = [one("leased", 100, 1, may_go=False), one("idle", 10, 2)]
    assert victims(models, missing_bytes=10, missing_places=0) == ["idle"]
    assert victims(models, missing_bytes=11, missing_places=0) is None
    assert victims(models, missing_bytes=0, missing_places=2) is None


def test_a_small_old_model_is_spared_where_a_large_one_must_go_anyway() -> None:
    models = [one("small", 1, 1), one("large", 100, 2)]
    assert victims(models, missing_bytes=50, missing_places=0) == ["large"]
    assert victims(models, missing_bytes=50, missing_places=2) == ["small", "large"]


@given(CANDIDATES, st.integers(-10, 300), st.integers(-2, 6))
def test_enough_and_not_more(models: list[Candidate], missing_bytes: int, missing_places: int) -> None:
    chosen = victims(models, missing_bytes=missing_bytes, missing_places=missing_places)
    free_to_go = [model for model in models if model.may_go]
    if chosen is None:
        assert (
            sum(model.reserved_bytes for model in free_to_go) < missing_bytes
            or len(free_to_go) < missing_places
        )
        return
    taken = [model for model in models if model.key in chosen]
    freed = sum(model.reserved_bytes for model in taken)
    assert all(model.may_go for model in taken)
    assert freed >= missing_bytes
    assert len(taken) >= missing_places
    # Without any one of them it would not be enough.
    for model in taken:
        assert freed - model.reserved_bytes < missing_bytes or len(taken) - 1 < missing_places
