"""A small batch that lives through what the engine does to one, each row beside itself alone."""

import copy
from collections.abc import Callable
from typing import Any, Final

import mlx.core as mx
import numpy as np
from mlx_lm.models.cache import KVCache
from numpy.typing import NDArray

from mlx_manager.mlx_server.engine.caches import leaves

MAX_LOGIT_ERROR: Final = 1e-3


class DiffersError(Exception):
    """A logit of a batch differs from the row's own by more than it may."""


class ModelFailsError(Exception):
    """The model does not run, with one sequence alone either."""


class Trial:
    """Compares teacher-forced logits: the tokens that rows are told to say are drawn beforehand.

    Attributes:
        make_cache: makes the empty caches of one sequence.
        doing: what is being tried, for people.
        worst: the largest difference so far.
    """

    def __init__(self, model: Any, vocab_size: int, make_cache: Callable[[], list[Any]]) -> None:
        self.model = model
        self.make_cache = make_cache
        self.doing = ""
        self.worst = 0.0
        self._vocab_size = vocab_size
        self._random = np.random.default_rng(3)
        self._cache: list[Any] = []
        self._rows: list[tuple[_Row, int]] = []

    def tokens(self, count: int) -> list[int]:
        """Any tokens."""
        drawn: list[int] = self._random.integers(0, self._vocab_size, count).tolist()
        return drawn

    def live(self, lengths: tuple[int, ...], sizes: list[int]) -> None:
        """Rows of these prompt lengths join one by one, decode, and leave in mid-flight.

        The first has decoded alone before, with its own cache.
        A batch larger than there are prompts has some of them several times.

        Raises:
            DiffersError: a logit differed. What the model or its caches raise comes through, too.
        """
        alone = [_Row(self, length) for length in lengths]
        self.doing = "a row that has decoded alone"
        self._cache = [layer.merge([layer]) for layer in alone[0].cache_after(2)]
        self._rows = [(alone[0], 2)]
        for size in sizes:
            self.doing = f"a batch of {size}"
            while len(self._rows) < size:
                row = alone[len(self._rows) % len(alone)]
                self._join([layer.merge([layer]) for layer in row.start], [row])
            self._step()
        for keep in ([1, sizes[-1] - 1], [1]):
            self.doing = f"a batch with {len(keep)} left of {len(self._rows)} rows"
            for layer in self._cache:
                layer.filter(keep)
            self._rows = [self._rows[index] for index in keep]
            self._step()

    def live_long(self, length: int) -> None:
        """Two rows, one of them of `length` tokens and one a little shorter, decode beside each other.

        Their KV caches are filled with what looks like more of the same instead of being read: what a
        batch makes of a cache must not depend on what is in it.

        Raises:
            DiffersError: as `live`.
        """
        self.doing = f"a batch of two rows of about {length} tokens"
        self._rows = []
        for tokens in (length, length - 101):
            row = _Row(self, 9, lengthened=tokens)
            self._join([layer.merge([layer]) for layer in row.start], [row])
        self._step()
        self._step()

    def read_together(self, length: int, sizes: list[int]) -> None:
        """Prompts of one length are read together from empty caches, and join a row that decodes.

        Raises:
            DiffersError: as `live`.
        """
        runner = _Row(self, 4)
        alone = [_Row(self, length) for _ in range(4)]
        for size in sizes:
            self.doing = f"{size} prompts read together"
            rows = [alone[index % len(alone)] for index in range(size)]
            empty = [self.make_cache() for _ in rows]
            cache = [layers[0].merge(list(layers)) for layers in zip(*empty, strict=True)]
            self.model(mx.array([row.prompt[:-1] for row in rows]), cache=cache)
            self._rows = []
            self._join([layer.merge([layer]) for layer in runner.start], [runner])
            self._join(cache, rows)
            self._step()

    def _join(self, cache: list[Any], rows: list["_Row"]) -> None:
        if self._rows:
            for layer, other in zip(self._cache, cache, strict=True):
                layer.extend(other)
        else:
            self._cache = cache
        self._rows += [(row, 0) for row in rows]

    def _step(self) -> None:
        """Decode one token of every row, and compare."""
        serial = mx.stack([row.logits(step) for row, step in self._rows])
        fed = [[row.fed[step]] for row, step in self._rows]
        batched = self.model(mx.array(fed), cache=self._cache)[:, -1, :]
        self._rows = [(row, step + 1) for row, step in self._rows]
        error, allowed = largest_difference(batched, serial)
        self.worst = float(np.maximum(self.worst, error))
        if not error <= allowed:  # also catches NaN
            raise DiffersError(f"logits differ by {error:.1e}")


class _Row:
    """A sequence alone.

    Attributes:
        start: its cache before the prompt's last token; never stepped.
        fed: the prompt's last token, and what it is told to say.
    """

    def __init__(self, trial: Trial, length: int, lengthened: int = 0) -> None:
        self._trial = trial
        self.prompt = trial.tokens(length)
        self.start = trial.make_cache()
        self._run(self.prompt[:-1], self.start)
        if lengthened:
            for leaf in leaves(self.start):
                if isinstance(leaf, KVCache) and leaf.keys is not None:
                    keys, values = leaf.keys_and_values()
                    leaf.state = more_of(keys, lengthened), more_of(values, lengthened), lengthened
        self.fed = [self.prompt[-1]]
        self._cache = copy.deepcopy(self.start)
        self._logits: list[mx.array] = []

    def logits(self, step: int) -> mx.array:
        """(V,) after so many of the tokens that it was told to say."""
        while len(self._logits) <= step:
            token = self.fed[len(self._logits)]
            self._logits.append(self._run([token], self._cache)[0, -1, :])
            self.fed += self._trial.tokens(1)
        return self._logits[step]

    def cache_after(self, steps: int) -> list[Any]:
        """Its cache after so many of the tokens that it was told to say; not shared."""
        cache = copy.deepcopy(self.start)
        for step in range(steps):
            self.logits(step)  # decides what the next token is
            self._run([self.fed[step]], cache)
        return cache

    def _run(self, ids: list[int], cache: list[Any]) -> mx.array:
        try:
            logits: mx.array = self._trial.model(mx.array([ids]), cache=cache)
            mx.eval(logits, [layer.state for layer in cache])
        except Exception as fault:
            raise ModelFailsError(f"the model does not run: {fault}") from fault
        return logits


def more_of(states: mx.array, length: int) -> mx.array:
    """(1, H, length, D) after (1, H, L, D): drawn from the same, and no two alike."""
    draw = np.random.default_rng(length)
    drawn = states[:, :, mx.array(draw.integers(0, states.shape[2], length)), :]
    noise = mx.array(draw.standard_normal(drawn.shape, np.float32)) * mx.std(states.astype(mx.float32))
    return drawn + (0.5 * noise).astype(drawn.dtype)


def largest_difference(batched: mx.array, serial: mx.array) -> tuple[float, float]:
    """The largest difference of any logit, and how large it may be.

    In fp32 it may be 1e-3. Half precision resolves 2**-8 (bfloat16) of the largest logit, so there
    a difference is judged against that resolution and not against fp32's. A logit that is infinite
    on both sides is a forbidden token.
    """
    ours, own = _numpy(batched), _numpy(serial)
    with np.errstate(invalid="ignore"):
        # By numpy, whose maximum of anything and NaN is NaN; MLX's passes over it.
        error = float(np.max(np.where(ours == own, 0.0, np.abs(ours - own))))
    if serial.dtype == mx.float32:
        return error, MAX_LOGIT_ERROR
    largest = float(np.max(np.abs(own), where=np.isfinite(own), initial=0.0))
    return error, max(MAX_LOGIT_ERROR, 8 * 2**-8 * largest)


def _numpy(logits: mx.array) -> NDArray[np.float32]:
    return np.array(logits.astype(mx.float32))
