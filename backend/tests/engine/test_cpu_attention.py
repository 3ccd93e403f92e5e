"""The CPU's attention gives what MLX's own gives."""

import mlx.core as mx
import pytest

from mlx_manager.mlx_server.engine import cpu_attention

_NATIVE = cpu_attention._NATIVE
_KEYS = 700


def arrays(batch: int, num_queries: int, *, num_heads: int = 8, num_kv_heads: int = 2) -> list[mx.array]:
    """Queries, and keys and values that are parts of larger arrays, as a cache's are."""
    key = mx.random.key(batch * 1000 + num_queries)
    parts = mx.random.split(key, 3)
    queries = mx.random.normal((batch, num_heads, num_queries, 16), key=parts[0])
    room = (batch, num_kv_heads, _KEYS + 68, 16)
    keys, values = (mx.random.normal(room, key=part)[:, :, :_KEYS] for part in parts[1:])
    return [queries, keys, values]


def masks(batch: int, num_queries: int) -> dict[str, mx.array | str | None]:
    """Every form that mlx-lm's models use."""
    seen = mx.random.uniform(shape=(batch, 1, num_queries, _KEYS), key=mx.random.key(7)) < 0.7
    return {
        "none": None,
        "causal": "causal",
        "by row": seen,
        "by query": seen[0, 0],
        "by head": mx.broadcast_to(seen, (batch, 8, num_queries, _KEYS)),
        "added": mx.where(seen, 0.0, -1e9),
        "nothing seen": mx.zeros((num_queries, _KEYS), dtype=mx.bool_),
    }


@pytest.mark.parametrize("name", masks(1, 1))
@pytest.mark.parametrize(("batch", "num_queries"), [(1, 1), (1, 5), (1, 300), (4, 1), (3, 9)])
@pytest.mark.parametrize("num_kv_heads", [1, 2, 8])
def test_equals_mlx(name: str, batch: int, num_queries: int, num_kv_heads: int) -> None:
    queries, keys, values = arrays(batch, num_queries, num_kv_heads=num_kv_heads)
    mask = masks(batch, num_queries)[name]
    found = cpu_attention.attention(queries, keys, values, scale=0.25, mask=mask)
    wanted = _NATIVE(queries, keys, values, scale=0.25, mask=mask)
    assert found.shape == wanted.shape
    assert mx.abs(found - wanted).max().item() < 2e-6


def test_values_of_another_size() -> None:
    queries, keys, values = arrays(2, 40)
    values = values[..., :12]
    found = cpu_attention.attention(queries, keys, values, scale=0.25)
    wanted = _NATIVE(queries, keys, values, scale=0.25)
    assert mx.abs(found - wanted).max().item() < 2e-6


def test_its_arguments_are_left_as_they_are() -> None:
    queries, keys, values = arrays(1, 40)
    before = [mx.array(array) for array in (queries, keys, values)]
    cpu_attention.attention(queries, keys, values, scale=0.25, mask="causal")
    assert all(mx.array_equal(*pair) for pair in zip(before, (queries, keys, values), strict=True))


@pytest.mark.parametrize("case", ["half", "sinks", "small"])
def test_what_is_left_to_mlx(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    queries, keys, values = arrays(1, 1 if case == "small" else 40)
    sinks = mx.zeros((8,)) if case == "sinks" else None
    if case == "half":
        queries, keys, values = (array.astype(mx.float16) for array in (queries, keys, values))
    monkeypatch.setattr(cpu_attention, "_softmax", None)
    found = cpu_attention.attention(queries, keys, values, scale=0.25, sinks=sinks)
    assert mx.array_equal(found, _NATIVE(queries, keys, values, scale=0.25, sinks=sinks))


def test_infinite_scores_are_seen_to_be_wrong() -> None:
    queries, keys, values = arrays(1, 40)
    queries[0, 0, 3] = float("nan")
    found = cpu_attention.attention(queries, keys, values, scale=0.25)
    assert mx.isnan(found[0, 0, 3]).all().item()
    assert not mx.isnan(found[0, 0, 4]).any().item()
