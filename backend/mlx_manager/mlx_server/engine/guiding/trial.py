"""Trying a grammar before anybody relies on it: some are small and grow too complex on the way."""

import random
import time
from typing import Final

import llguidance
import numpy as np

from mlx_manager.mlx_server.engine.guiding.matching import GuideFault, allowed
from mlx_manager.mlx_server.engine.guiding.vocabulary import GuideVocabulary

_WALKS: Final = 3
_STEPS: Final = 16
# A grammar whose masks are slow is not walked any further; it is not refused for that.
_MOST_S: Final = 0.3


def fault_of(matcher: llguidance.LLMatcher, vocabulary: GuideVocabulary) -> str:
    """What becomes too complex within some steps of random walks; empty where nothing does.

    Args:
        matcher: at the grammar's beginning; stays as it is.
    """
    began_at = time.thread_time()
    choose = random.Random(0)
    for _ in range(_WALKS):
        ahead = matcher.deep_copy()
        for _ in range(_STEPS):
            if ahead.is_stopped() or time.thread_time() > began_at + _MOST_S:
                break
            try:
                mask = allowed(ahead, vocabulary)
            except GuideFault as fault:
                return str(fault)
            bits = np.unpackbits(mask.view(np.uint8), bitorder="little")
            found = np.flatnonzero(bits)
            if not len(found):
                return "nothing fits it"
            if not ahead.consume_token(int(choose.choice(found))):
                return ahead.get_error()
    return ""
