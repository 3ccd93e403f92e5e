"""A tokenizer as grammars see it: bytes for each token, and which tokens begin with some."""

import bisect
import json
from collections.abc import Sequence
from functools import cached_property
from typing import Final

import llguidance

from mlx_manager.mlx_server.engine.wire import Vocabulary

# Between reasoning and an answer stands a blank line, at most.
_MOST_SPACES: Final = 2


class GuideVocabulary:
    """The tokens of one model. Making one takes a second for 150,000 of them, and 160 MB while it does.

    Args:
        num_logits: width of the logits, which may be more than the tokenizer has.

    Attributes:
        matching: llguidance's form of it.
        stop_ids: token ids that end a sequence.
        spaces: the tokens that are a little white space and nothing else.
        width: bits of a mask; those beyond the logits mean nothing.
    """

    def __init__(self, vocabulary: Vocabulary, num_logits: int) -> None:
        self.stop_ids = frozenset(vocabulary.stop_ids)
        tokenizer, ends = vocabulary.tokenizer, sorted(self.stop_ids)
        self.width = num_logits
        if not ends:
            tokenizer, end = _with_end(tokenizer, num_logits)
            ends, self.width = [end], end + 1
        self.matching = llguidance.LLTokenizer(tokenizer, n_vocab=self.width, eos_token=ends)
        self._bytes = [self.matching.decode_bytes([token_id]) for token_id in range(self.width)]
        self.spaces = [
            token_id
            for token_id, text in enumerate(self._bytes)
            if 0 < len(text) <= _MOST_SPACES and not text.strip(b" \n")
        ]

    def bytes_of(self, token_id: int) -> bytes:
        """The token's text; a special token's is its name."""
        return self._bytes[token_id]

    def encode(self, text: bytes) -> list[int]:
        """Tokens of a text, which may begin or end within a character; names of special tokens are tokens."""
        return self.matching.tokenize_bytes(text, parse_special=True)

    def ids_of(self, text: bytes) -> Sequence[int]:
        """The tokens that are this text, special ones of this name included."""
        start = bisect.bisect_left(self._sorted, (text, -1))
        end = bisect.bisect_right(self._sorted, (text, self.width))
        return [token_id for _, token_id in self._sorted[start:end]]

    def longer_than(self, beginning: bytes) -> Sequence[tuple[bytes, int]]:
        """The tokens that begin so and go on: what they go on with, and their ids."""
        start = bisect.bisect_right(self._sorted, (beginning, self.width))
        found: list[tuple[bytes, int]] = []
        for text, token_id in self._sorted[start:]:
            if not text.startswith(beginning):
                break
            found.append((text[len(beginning) :], token_id))
        return found

    def beyond(self, text: bytes) -> Sequence[tuple[bytes, int]]:
        """The tokens that hold the text and more after it: what comes after it, and their ids."""
        found: list[tuple[bytes, int]] = []
        for token_id in self._longest_first:
            token = self._bytes[token_id]
            if len(token) <= len(text):
                break
            if (start := token.find(text)) >= 0 and start + len(text) < len(token):
                found.append((token[start + len(text) :], token_id))
        return found

    @cached_property
    def _sorted(self) -> list[tuple[bytes, int]]:
        return sorted((text, token_id) for token_id, text in enumerate(self._bytes) if text)

    @cached_property
    def _longest_first(self) -> list[int]:
        return sorted(range(self.width), key=lambda token_id: -len(self._bytes[token_id]))


def _with_end(tokenizer: str, num_logits: int) -> tuple[str, int]:
    """A tokenizer with a token more that ends a sequence, and its id, which no logits reach.

    llguidance takes token 0 for the end where a model has none, whatever that token says.
    """
    state = json.loads(tokenizer)
    vocab, added = state["model"]["vocab"], state["added_tokens"]
    # A Unigram model lists its tokens in the order of their ids.
    ids = vocab.values() if isinstance(vocab, dict) else range(len(vocab))
    first = max([*ids, *(token["id"] for token in added)], default=-1) + 1
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    end = max(first, num_logits)
    # Ids are given in turn, so there can be no gap before it.
    added += [{"id": number, "content": f"<|none {number}|>", **flags} for number in range(first, end + 1)]
    return json.dumps(state), end
