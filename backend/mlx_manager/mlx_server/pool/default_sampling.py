"""What a model's authors ask for in generation_config.json."""

from collections.abc import Mapping
from typing import Any

from mlx_manager.mlx_server.domain.request import (
    MAX_REPETITION_PENALTY,
    MIN_REPETITION_PENALTY,
    SamplingParams,
)


def default_sampling(config: Mapping[str, Any]) -> SamplingParams:
    """`do_sample: false` is greedy; silence is OpenAI's temperature 1; what makes no sense is not there."""
    penalty = _number(config.get("repetition_penalty"), 1.0)
    if not MIN_REPETITION_PENALTY <= penalty <= MAX_REPETITION_PENALTY:
        penalty = 1.0
    if config.get("do_sample") is False:
        return SamplingParams(temperature=0.0, repetition_penalty=penalty)
    return SamplingParams(
        repetition_penalty=penalty,
        temperature=_number(config.get("temperature"), 1.0),
        top_k=int(_number(config.get("top_k"), 0)),
        top_p=_number(config.get("top_p"), 1.0),
        min_p=_number(config.get("min_p"), 0.0),
    )


def _number(value: Any, default: float) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and 0 <= value < 2**31 else default
