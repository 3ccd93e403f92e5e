"""How many prompt tokens to read between two decode steps: as many as the running rows can bear."""

import math
from collections import deque
from typing import Final

import numpy as np

# Running rows then see gaps of so many times their step while nothing is read.
_GAP: Final = 2.2
# Steps between chunks are slower than those; reading gets at least so many of the calm ones' time, and
# no chunk is shorter than the fewest tokens, or the fixed cost of a chunk would be all there is.
_LEAST_SHARE: Final = 1.0
# A calm step takes at least so much of one between chunks.
_CALM_SHARE: Final = 0.75
_FIRST_CHUNK: Final = 32
_FEWEST_TOKENS: Final = 8
_SAMPLES: Final = 48
_SMOOTHING: Final = 0.2
# Nothing is foretold of chunks that are so many times as long as the longest so far.
_FORESIGHT: Final = 2
_LONGEST_PAUSE_S: Final = 0.5
_LONGEST_PAUSE_STEPS: Final = 40


class Pacer:
    """Predicts what a chunk costs from the chunks before it: a + b n + c n (offset + n / 2) seconds.

    The third term is attention, whose cost grows with what has been read already.

    Args:
        max_chunk: most tokens of a chunk, also when nobody waits for a token.
    """

    def __init__(self, max_chunk: int) -> None:
        self._max_chunk = max_chunk
        self._samples: deque[tuple[int, int, float]] = deque(maxlen=_SAMPLES)
        self._step_s = 0.0
        self._calm_step_s = 0.0
        self._fit: tuple[float, float, float] | None = None
        self._owed_s = 0.0

    def chunk_tokens(self, offset: int, *, is_decoding: bool) -> int:
        """Tokens to read next, at least one.

        Args:
            offset: tokens of the prompt that are read already.
            is_decoding: whether rows wait for their next token.
        """
        if not is_decoding or not self._calm_step_s:
            return self._max_chunk
        if not self._samples:
            return min(_FIRST_CHUNK, self._max_chunk)
        fixed, per_token, per_pair = self._coefficients()
        # What is known of calm steps may be of fewer rows.
        calm_s = max(self._calm_step_s, self._step_s * _CALM_SHARE)
        # c/2 n^2 + (b + c offset) n - (budget - a) = 0
        left = max(calm_s * _GAP - self._step_s, calm_s * _LEAST_SHARE) - fixed
        linear = per_token + per_pair * offset
        if left <= 0 or linear <= 0:
            return min(_FEWEST_TOKENS, self._max_chunk)
        tokens = 2 * left / (linear + math.sqrt(linear * linear + 2 * per_pair * left))
        return int(min(max(min(tokens, self._foreseen), _FEWEST_TOKENS), self._max_chunk))

    def num_in_pause(self, prompts: list[tuple[int, int]], num_running: int) -> int:
        """How many prompts to read in one go while the running rows pause.

        A row that joins makes each step worth more. So where at least as many prompts as there are
        rows can be read in half a second or 40 steps, they are; before the next such pause the rows
        get as much time for themselves as the last one took.

        Args:
            prompts: of each the tokens that are to be read and those that are read, in the order of reading.
            num_running: rows that wait for their next token.

        Returns:
            How many of the first; 0 to go on chunk by chunk.
        """
        fewest = max(num_running, 2)
        if len(prompts) < fewest or self._owed_s > 0 or not self._samples:
            return 0
        fixed, per_token, per_pair = self._coefficients()
        longest = max(_LONGEST_PAUSE_S, _LONGEST_PAUSE_STEPS * self._step_s)
        spent, count = 0.0, 0
        for tokens, offset in prompts:
            spent += fixed + per_token * tokens + per_pair * tokens * (offset + tokens / 2)
            if spent > longest or tokens > self._foreseen:
                break
            count += 1
        return count if count >= fewest else 0

    def note_pause(self, seconds: float) -> None:
        """Rows waited while prompts were read in one go."""
        self._owed_s = seconds

    def note_chunk(self, tokens: int, offset: int, seconds: float) -> None:
        """A chunk was read."""
        self._samples.append((tokens, offset, seconds))
        self._fit = None

    def note_steps(self, seconds: float, *, is_calm: bool) -> None:
        """Every running row has got a token.

        Args:
            is_calm: whether nothing was being read, so that steps followed each other without a pause.
        """
        self._step_s = _smoothed(self._step_s, seconds)
        if is_calm or not self._calm_step_s:
            self._calm_step_s = _smoothed(self._calm_step_s, seconds)
        self._owed_s -= seconds

    @property
    def _foreseen(self) -> int:
        return _FORESIGHT * max(tokens for tokens, _, _ in self._samples)

    def _coefficients(self) -> tuple[float, float, float]:
        """The least-squares fit with no coefficient below zero; of fewer terms where little is known."""
        if self._fit is None:
            samples = np.array(self._samples)
            tokens, offset, seconds = samples.T
            columns = np.stack([np.ones_like(tokens), tokens, tokens * (offset + tokens / 2)], axis=1)
            # Relative errors: a slow sample must not outweigh the many quick ones.
            weight = 1.0 / np.maximum(seconds, 1e-6)
            num_different = len({(tokens, offset) for tokens, offset, _ in self._samples})
            kept = [[1], [0, 1], [0, 1, 2]][min(num_different, 3) - 1]
            while True:
                found, *_ = np.linalg.lstsq(columns[:, kept] * weight[:, None], seconds * weight, rcond=None)
                if (found >= 0).all() or len(kept) == 1:
                    break
                kept.pop(int(np.argmin(found)))
            fit = np.zeros(3)
            fit[kept] = np.maximum(found, 0)
            self._fit = (float(fit[0]), float(fit[1]), float(fit[2]))
        return self._fit


def _smoothed(so_far: float, seconds: float) -> float:
    return so_far + (seconds - so_far) * (_SMOOTHING if so_far else 1.0)
