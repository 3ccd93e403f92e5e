"""Logits of rows that decode together against those of each row alone, under forced tokens."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import mlx.core as mx
import numpy as np
from harness import prompts
from mlx_lm.models.cache import make_prompt_cache
from tiny_models import VOCAB

WHOLE = 2048


class Script(NamedTuple):
    """What one row is told to say, and how it answers when it is alone.

    Attributes:
        forced: the tokens after the prompt.
        logits: (1 + len(forced), V): after the prompt, and after each forced token.
    """

    prompt: list[int]
    forced: list[int]
    logits: np.ndarray


class Difference(NamedTuple):
    """The largest difference of a logit, and where it was."""

    value: float
    where: str


class Head(NamedTuple):
    """A row that is ready to join: its own cache, and how many of its logits it has given."""

    script: Script
    cache: list[Any]
    done: int


def worst(differences: Iterable[Difference]) -> Difference:
    """The largest; anything that is not a number counts as larger."""
    return max(differences, key=lambda one: np.inf if np.isnan(one.value) else one.value)


def read(model: Any, tokens: list[int], chunk: int = WHOLE) -> list[Any]:
    """A sequence's own cache after these tokens."""
    cache: list[Any] = make_prompt_cache(model)
    for start in range(0, len(tokens), chunk):
        model(mx.array([tokens[start : start + chunk]]), cache=cache)
        mx.eval([layer.state for layer in cache])
    return cache


def scripts(model: Any, given: Sequence[list[int]] | None = None, steps: int = 8) -> list[Script]:
    """Eight prompts of unequal lengths (1 to 300), and how mlx-lm goes on with each alone."""
    random = np.random.default_rng(5)
    made = []
    for index, prompt in enumerate(prompts() if given is None else given):
        forced = random.integers(0, VOCAB, steps + index).tolist()
        cache = read(model, prompt[:-1])
        logits = [as_numpy(model(mx.array([[token]]), cache=cache))[0, -1] for token in (prompt[-1], *forced)]
        made.append(Script(prompt, forced, np.stack(logits)))
    return made


def heads(model: Any, rows: Sequence[Script], *, last_alone: bool, chunk: int = WHOLE) -> list[Head]:
    """Each prompt read alone.

    Args:
        last_alone: whether the prompt's last token is read alone, too, or in the row's first joint
            step. An empty cache has nothing to be merged, so a prompt of one token is always alone.
    """
    made = []
    for script in rows:
        alone = last_alone or len(script.prompt) == 1
        cache = read(model, script.prompt[:-1], chunk)
        if alone:
            model(mx.array([script.prompt[-1:]]), cache=cache)
            mx.eval([layer.state for layer in cache])
        made.append(Head(script, cache, int(alone)))
    return made


def merged(cache: list[Any]) -> list[Any]:
    """A batch of one row; the row's own cache stays as it is."""
    return [layer.merge([layer]) for layer in cache]


class Batch:
    """Rows that decode together: each row's script, and how many of its logits were compared."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self.cache: list[Any] = []
        self.rows: list[tuple[Script, int]] = []

    def join(self, cache: list[Any], rows: list[tuple[Script, int]]) -> None:
        """Take over a merged cache and its rows."""
        if self.rows:
            for layer, other in zip(self.cache, cache, strict=True):
                layer.extend(other)
        else:
            self.cache = cache
        self.rows += rows

    def step(self) -> Difference:
        """Feed every row its next token, compare, and filter out the rows whose script has ended."""
        tokens = [[script.forced[done - 1] if done else script.prompt[-1]] for script, done in self.rows]
        logits = as_numpy(self._model(mx.array(tokens), cache=self.cache))[:, -1]
        found = worst(
            Difference(
                largest(row, script.logits[done]),
                f"{len(self.rows)} rows, a prompt of {len(script.prompt)}, token {done}",
            )
            for row, (script, done) in zip(logits, self.rows, strict=True)
        )
        self.rows = [(script, done + 1) for script, done in self.rows]
        keep = [index for index, (script, done) in enumerate(self.rows) if done < len(script.logits)]
        if 0 < len(keep) < len(self.rows):
            for layer in self.cache:
                layer.filter(keep)
        self.rows = [self.rows[index] for index in keep]
        return found


def one_by_one(model: Any, ready: Sequence[Head], num_rows: int) -> Difference:
    """Rows join one in each step while there is room, and leave as their scripts end."""
    batch, waiting, found, most = Batch(model), list(ready), [], 0
    while waiting or batch.rows:
        if waiting and len(batch.rows) < num_rows:
            head = waiting.pop(0)
            batch.join(merged(head.cache), [(head.script, head.done)])
        most = max(most, len(batch.rows))
        found.append(batch.step())
    assert most == num_rows
    return worst(found)


def read_together(model: Any, length: int, num_rows: int, chunk: int = WHOLE) -> Difference:
    """Prompts of equal length are read together from empty caches and then join a running batch."""
    random = np.random.default_rng(length)
    given = [random.integers(0, VOCAB, length + 1).tolist() for _ in range(num_rows)]
    runner, *rest = scripts(model, [[7] * 30, *given], steps=5)
    batch = Batch(model)
    batch.join(merged(read(model, runner.prompt[:-1])), [(runner, 0)])
    found = [batch.step()]
    empty = [make_prompt_cache(model) for _ in rest]
    joint = [layers[0].merge(list(layers)) for layers in zip(*empty, strict=True)]
    read_ids = mx.array([row.prompt[:-1] for row in rest])
    for start in range(0, length, chunk):
        model(read_ids[:, start : start + chunk], cache=joint)
        mx.eval([layer.state for layer in joint])
    batch.join(joint, [(row, 0) for row in rest])
    while batch.rows:
        found.append(batch.step())
    return worst(found)


def largest(ours: np.ndarray, own: np.ndarray) -> float:
    """The largest difference; tokens that are forbidden (-inf) on both sides do not differ."""
    with np.errstate(invalid="ignore"):
        return float(np.max(np.where(ours == own, 0.0, np.abs(ours - own))))


def as_numpy(logits: mx.array) -> np.ndarray:
    """In fp32, whatever the model computes in."""
    return np.array(logits.astype(mx.float32))
