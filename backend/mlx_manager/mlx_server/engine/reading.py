"""Reading prompts: in chunks, alone or jointly, stopping where a prefix is worth keeping."""

import time
from typing import Any, Final

import mlx.core as mx
from mlx_lm.models.cache import KVCache, make_prompt_cache

from mlx_manager.mlx_server.engine.caches import grow_by, is_full_kv
from mlx_manager.mlx_server.engine.pacing import Pacer
from mlx_manager.mlx_server.engine.sequence import Sequence

# Activations of long prompts must not pile up in MLX's own buffer cache.
_CLEAR_EVERY_TOKENS: Final = 2048
# Read with the last token, the others get logits nobody needs: so many cost less than a pass of their own.
_END_TOKENS: Final = 16


class PromptReader:
    """Feeds prompts to a model, all but their last token, which the first decode step feeds.

    A short end is read to its last token and gives the first token of the answer at once.

    Never with padding: prompts are read one by one, or jointly from empty caches where they are
    equally long.

    Args:
        pacer: says how much may be read while other rows wait.
        joins_ends: whether a prompt's last token may be read with those before it. A model whose logits
            depend on the company may depend on this, too, and is then read as mlx-lm reads it.
    """

    def __init__(self, model: Any, pacer: Pacer, *, joins_ends: bool = True) -> None:
        self._model = model
        self._joins_ends = joins_ends
        self._pacer = pacer
        self._since_clear = 0

    def read_chunk(self, sequence: Sequence, stops: list[int], *, is_decoding: bool) -> int:
        """Read the next chunk of one prompt; returns how many of its tokens are read now.

        Args:
            stops: positions at which a chunk must end, ascending.
        """
        prompt = sequence.request.prompt_ids
        start = sequence.prefilled
        is_first = not sequence.cache
        if is_first:
            sequence.cache = make_prompt_cache(self._model)
            grow_by(sequence.cache, len(prompt))
        end = min(start + self._pacer.chunk_tokens(start, is_decoding=is_decoding), len(prompt) - 1)
        end = min([end, *(stop for stop in stops if stop > start)])
        if end > start:
            self._read([prompt[start:end]], sequence.cache, start)
            sequence.prefilled = end
            if is_first:
                grow_by(sequence.cache, KVCache.step)
        return end

    def read_jointly(self, sequences: list[Sequence]) -> list[Any]:
        """Read whole prompts of one length from empty caches; returns their merged cache."""
        prompts = [sequence.request.prompt_ids[:-1] for sequence in sequences]
        empty = [make_prompt_cache(self._model) for _ in sequences]
        merged = [layers[0].merge(list(layers)) for layers in zip(*empty, strict=True)]
        self._read(prompts, merged, 0)
        for sequence in sequences:
            sequence.prefilled = len(prompts[0])
        return merged

    def joint_limit(self, *, is_decoding: bool) -> int:
        """Most tokens that may be read jointly now."""
        return self._pacer.chunk_tokens(0, is_decoding=is_decoding)

    def can_end(self, sequence: Sequence, stops: list[int], *, is_decoding: bool) -> bool:
        """Whether the rest of the prompt is better read to its end, for its own first token.

        That spares the first decode step, which goes through all weights again. A prompt of one token
        must be: an empty cache cannot join a batch.
        """
        length = len(sequence.request.prompt_ids)
        if length == 1:
            return True
        # The last token alone: may as well be fed together with the other rows.
        return (
            self._joins_ends
            and 1 < length - sequence.prefilled <= self._most_at_end(sequence, is_decoding=is_decoding)
            and not any(sequence.prefilled < stop < length - 1 for stop in stops)
            # An equal prompt must be able to take up what is kept of this one, all but its last token.
            and is_full_kv(sequence.cache or make_prompt_cache(self._model))
        )

    def read_end(self, sequence: Sequence) -> mx.array:
        """Read the rest of a prompt, its last token too; returns the logits after that, shape (1, V)."""
        prompt_ids = sequence.request.prompt_ids
        sequence.cache = sequence.cache or make_prompt_cache(self._model)
        logits: mx.array = self._model(mx.array([prompt_ids[sequence.prefilled :]]), cache=sequence.cache)
        sequence.prefilled = len(prompt_ids)
        return logits[:, -1, :]

    def _most_at_end(self, sequence: Sequence, *, is_decoding: bool) -> int:
        return min(_END_TOKENS, self._pacer.chunk_tokens(sequence.prefilled, is_decoding=is_decoding))

    def _read(self, prompts: list[list[int]], cache: list[Any], offset: int) -> None:
        started = time.perf_counter()
        self._model(mx.array(prompts), cache=cache)
        mx.eval([layer.state for layer in cache])
        tokens = len(prompts) * len(prompts[0])
        self._pacer.note_chunk(tokens, offset, time.perf_counter() - started)
        self._since_clear += tokens
        if self._since_clear >= _CLEAR_EVERY_TOKENS:
            self._since_clear = 0
            mx.clear_cache()
