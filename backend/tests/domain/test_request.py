"""What a request states is laid over the model's defaults."""

from dataclasses import fields
from typing import Any

import pytest

from mlx_manager.mlx_server.domain.request import SamplingOverrides, SamplingParams

DEFAULTS = SamplingParams(
    temperature=0.6,
    top_k=20,
    top_p=0.9,
    min_p=0.1,
    seed=5,
    logit_bias={3: -100.0},
    repetition_penalty=1.1,
    presence_penalty=0.5,
    frequency_penalty=0.2,
)
NAMES = {field.name for field in fields(SamplingParams)}


def test_silence_leaves_the_defaults() -> None:
    assert SamplingOverrides().over(DEFAULTS) == DEFAULTS


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("temperature", 0.0),
        ("top_k", 0),
        ("top_p", 1.0),
        ("min_p", 0.0),
        ("seed", 0),
        ("repetition_penalty", 1.0),
        ("presence_penalty", 0.0),
        ("frequency_penalty", 0.0),
        ("logit_bias", {}),
    ],
)
def test_a_stated_zero_counts(name: str, value: Any) -> None:
    merged = SamplingOverrides(**{name: value}).over(DEFAULTS)
    assert getattr(merged, name) == value
    for other in NAMES - {name}:
        assert getattr(merged, other) == getattr(DEFAULTS, other)


def test_everything_stated() -> None:
    stated = SamplingOverrides(1.5, 3, 0.5, 0.2, -1, {}, 1.0, 0.0, 0.0)
    assert stated.over(DEFAULTS) == SamplingParams(1.5, 3, 0.5, 0.2, -1)
