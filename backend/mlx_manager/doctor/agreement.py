"""Whether a model says the same alone and in company: real answers, compared token by token."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from mlx_manager.mlx_server.backends.base import Token

FP32_TOLERANCE: Final = 1e-3
"""As the probe at load has it: a choice between two tokens that are closer than this may go either way."""
HALF_TOLERANCE: Final = 0.5
"""Eight steps of bfloat16 at a logit of 16, which is what the probe allows there."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Where two answers to one prompt part.

    Attributes:
        position: of the token, counted from 0.
        margin: by how much the likeliest token led the second, in natural logarithms.
    """

    prompt: int
    position: int
    margin: float


def first_difference(prompt: int, alone: Sequence[Token], together: Sequence[Token]) -> Difference | None:
    """Where the second answer leaves the first, or None."""
    for position, (own, other) in enumerate(zip(alone, together, strict=True)):
        if own.token_id != other.token_id:
            assert own.logprobs is not None
            (_, likeliest), (_, second) = own.logprobs.top[:2]
            return Difference(prompt, position, likeliest - second)
    return None


def largest_shift(alone: Sequence[Token], together: Sequence[Token]) -> float:
    """The largest difference of a token's logprob, as far as the answers agree; NaN where one is that."""
    shifts = [0.0]
    for own, other in zip(alone, together, strict=True):
        if own.token_id != other.token_id:
            break
        assert own.logprobs is not None
        assert other.logprobs is not None
        shifts.append(abs(own.logprobs.logprob - other.logprobs.logprob))
    return largest(shifts)


def largest(numbers: Sequence[float]) -> float:
    """The largest, or NaN where one is that; `max` passes over it."""
    return math.nan if any(map(math.isnan, numbers)) else max(numbers)
