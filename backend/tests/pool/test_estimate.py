"""What a model needs before it is loaded, and what it makes do with."""

from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mlx_manager.mlx_server.domain.models import ModelDescription
from mlx_manager.mlx_server.domain.request import SamplingParams
from mlx_manager.mlx_server.pool.estimate import Need, need_of
from mlx_manager.mlx_server.pool.memory_ledger import Reservation

MODEL: dict[str, Any] = {
    "model_id": "m",
    "path": Path("/m"),
    "family": "llama",
    "context_length": 32_768,
    "weight_bytes": 1000,
    "has_half_weights": True,
    "created": 0,
    "default_sampling": SamplingParams(),
    "kv_bytes_per_token": 10,
}
ASKED: dict[str, Any] = {
    "measured_bytes": 0,
    "process_bytes": 70,
    "widens_half": False,
    "kv_context_tokens": 8192,
    "kv_concurrency": 4,
    "prefix_cache_bytes": 500,
}


def need(model: dict[str, Any] | None = None, **asked: Any) -> Need:
    return need_of(ModelDescription(**MODEL | (model or {})), **ASKED | asked)


def test_weights_process_and_caches() -> None:
    assert need().wanted == Reservation(1070, 10 * 8192 * 4, 500)
    assert need().least == Reservation(1070, 10 * 2048)


def test_half_precision_may_be_held_as_fp32() -> None:
    assert need(widens_half=True).wanted == Reservation(2070, 20 * 8192 * 4, 500)
    assert need({"has_half_weights": False}, widens_half=True).wanted.weights == 1070


def test_a_short_context_needs_no_more_than_itself() -> None:
    found = need({"context_length": 100})
    assert (found.wanted.kv, found.least.kv) == (10 * 100 * 4, 10 * 100)
    assert need({"context_length": None}).wanted.kv == 10 * 8192 * 4


def test_what_was_measured_counts() -> None:
    assert need(measured_bytes=5000).least.weights == 5000


@given(st.integers(0, 500_000))
def test_the_best_that_is_free(free: int) -> None:
    found = need()
    given_ = found.within(free)
    if given_ is None:
        assert free < found.least.total
        return
    assert given_.total <= free
    assert given_.weights == found.wanted.weights
    assert found.least.kv <= given_.kv <= found.wanted.kv
    assert given_.prefixes <= found.wanted.prefixes
    if free >= found.wanted.total * 4:
        assert given_ == found.wanted
