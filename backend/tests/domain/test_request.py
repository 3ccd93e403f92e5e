"""What a request states is laid over the model's defaults."""

import pytest

from mlx_manager.mlx_server.domain.request import SamplingOverrides, SamplingParams

DEFAULTS = SamplingParams(temperature=0.6, top_k=20, top_p=0.9, min_p=0.1, seed=5)


def test_silence_leaves_the_defaults() -> None:
    assert SamplingOverrides().over(DEFAULTS) == DEFAULTS


@pytest.mark.parametrize(
    ("name", "value"), [("temperature", 0.0), ("top_k", 0), ("top_p", 1.0), ("min_p", 0.0), ("seed", 0)]
)
def test_a_stated_zero_counts(name: str, value: float) -> None:
    merged = SamplingOverrides(**{name: value}).over(DEFAULTS)  # type: ignore[arg-type]
    assert getattr(merged, name) == value
    for other in {"temperature", "top_k", "top_p", "min_p", "seed"} - {name}:
        assert getattr(merged, other) == getattr(DEFAULTS, other)


def test_everything_stated() -> None:
    assert SamplingOverrides(1.5, 3, 0.5, 0.2, -1).over(DEFAULTS) == SamplingParams(1.5, 3, 0.5, 0.2, -1)
