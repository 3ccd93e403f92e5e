"""Token ids with a weight each, in batches of examples of like length."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from random import Random

import numpy as np
from tokenizers import Tokenizer

from demo_model.records import Example
from demo_model.tokenizer import END, PAD, START, render, token_id

PROMPT_WEIGHT = 0.1
MAX_LENGTH = 2048


@dataclass(frozen=True, slots=True)
class Sample:
    """`weights[i]` is how much predicting `ids[i]` counts."""

    ids: np.ndarray
    weights: np.ndarray


@dataclass(frozen=True, slots=True)
class Batch:
    """Arrays of shape (B, L)."""

    ids: np.ndarray
    weights: np.ndarray


def answer_weights(ids: np.ndarray, start: np.ndarray, end_id: int) -> np.ndarray:
    """1 from behind each `start` (the opening of an answer) up to and including the end token."""
    weights = np.full(len(ids), PROMPT_WEIGHT, dtype=np.float32)
    for index in np.flatnonzero(ids == start[0]):
        if np.array_equal(ids[index : index + len(start)], start):
            first = index + len(start)
            stop = first + int(np.argmax(ids[first:] == end_id)) + 1
            weights[first:stop] = 1.0
    return weights


def encode(examples: Sequence[Example], tokenizer: Tokenizer) -> list[Sample]:
    start = np.array(tokenizer.encode(f"{START}assistant\n", add_special_tokens=False).ids)
    end_id = token_id(tokenizer, END)
    encoded = tokenizer.encode_batch([render(example) for example in examples], add_special_tokens=False)
    rows = [np.array(item.ids[:MAX_LENGTH], dtype=np.int64) for item in encoded]
    return [Sample(ids, answer_weights(ids, start, end_id)) for ids in rows]


def pad(samples: Sequence[Sample], pad_id: int) -> Batch:
    length = max(len(sample.ids) for sample in samples)
    ids = np.full((len(samples), length), pad_id, dtype=np.int64)
    weights = np.zeros((len(samples), length), dtype=np.float32)
    for row, sample in enumerate(samples):
        ids[row, : len(sample.ids)] = sample.ids
        weights[row, : len(sample.ids)] = sample.weights
    return Batch(ids, weights)


def pack(samples: list[Sample], tokens: int, pad_id: int) -> list[Batch]:
    """Batches of at most `tokens` tokens (padding included) from samples sorted by length."""
    batches: list[Batch] = []
    rows: list[Sample] = []
    for sample in sorted(samples, key=lambda item: len(item.ids)):
        if rows and len(sample.ids) * (len(rows) + 1) > tokens:
            batches.append(pad(rows, pad_id))
            rows = []
        rows.append(sample)
    return [*batches, pad(rows, pad_id)] if rows else batches


def batches(
    examples: Iterable[Example], tokenizer: Tokenizer, tokens: int, seed: int, chunk: int = 10_000
) -> Iterator[Batch]:
    """All examples once, sorted only within a chunk so that the mix stays even over the run."""
    random, pad_id = Random(seed), token_id(tokenizer, PAD)
    examples = iter(examples)
    while part := list(islice(examples, chunk)):
        packed = pack(encode(part, tokenizer), tokens, pad_id)
        random.shuffle(packed)
        yield from packed
