"""Sets of tokens as bits: token i is bit i % 32 of word i // 32."""

from collections.abc import Iterable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

# Shape: (ceil(V / 32),).
Mask: TypeAlias = NDArray[np.uint32]


def num_words(width: int) -> int:
    """Words of a mask."""
    return -(-width // 32)


def mask_of(token_ids: Iterable[int], width: int) -> Mask:
    """Only these tokens."""
    bits = np.zeros(num_words(width) * 32, np.uint8)
    bits[[token_id for token_id in token_ids if token_id < width]] = 1
    return np.packbits(bits, bitorder="little").view(np.uint32)


def mask_without(token_ids: Iterable[int], width: int) -> Mask:
    """All tokens but these."""
    return ~mask_of(token_ids, width)


def excluded(mask: Mask, num_logits: int) -> NDArray[np.bool_]:
    """The tokens that are not in it. Shape: (num_logits,)."""
    return np.unpackbits((~mask).view(np.uint8), bitorder="little")[:num_logits].view(np.bool_)
