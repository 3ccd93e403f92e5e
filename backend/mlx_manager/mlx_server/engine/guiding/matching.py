"""What a matcher lets through, where llguidance has it wrong put right."""

import llguidance
import numpy as np

from mlx_manager.mlx_server.engine.guiding.masks import Mask, mask_of, num_words
from mlx_manager.mlx_server.engine.guiding.vocabulary import GuideVocabulary


class GuideFault(RuntimeError):
    """A grammar that became too complex on the way: nothing is known of what may come next."""


def allowed(matcher: llguidance.LLMatcher, vocabulary: GuideVocabulary) -> Mask:
    """The tokens that may come next. Raises GuideFault where nobody can tell."""
    # A word more where the width is a multiple of 32.
    mask = np.frombuffer(matcher.compute_bitmask(), np.uint32, num_words(vocabulary.width))
    if matcher.is_error():
        raise GuideFault(why(matcher))
    if matcher.is_stopped() and not matcher.is_accepting():
        # Only an end is let through there, which would pass for one of a whole text.
        raise GuideFault("nothing that fits the grammar can follow")
    if np.count_nonzero(mask) == 1 and (only := _only(mask)) is not None:
        return mask if matcher.validate_tokens([only]) == 1 else _spelt(matcher, vocabulary)
    return mask


def _only(mask: Mask) -> int | None:
    """The one token of a mask; None where it has several."""
    (word,) = np.flatnonzero(mask)
    bits = int(mask[word])
    return int(word) * 32 + bits.bit_length() - 1 if bits & (bits - 1) == 0 else None


def _spelt(matcher: llguidance.LLMatcher, vocabulary: GuideVocabulary) -> Mask:
    """Tokens that spell the text that must come.

    llguidance lets the special token of that name through, which is no text, and then refuses it.
    """
    forced = matcher.compute_ff_bytes()
    ids = [
        token_id
        for length in range(1, len(forced) + 1)
        for token_id in vocabulary.ids_of(forced[:length])
        if matcher.validate_tokens([token_id]) == 1
    ]
    if not ids:
        raise GuideFault(f"no token spells {forced!r}")
    return mask_of(ids, vocabulary.width)


def why(matcher: llguidance.LLMatcher) -> str:
    """What a matcher in an error says of it."""
    lines = matcher.get_error().strip().splitlines()
    return lines[0] if lines else "the grammar does not allow what was drawn"
