"""A byte-level BPE tokenizer built in code, and prompts in it whose length in tokens is known.

Words are made of syllables, so that any number of merges has pronounceable, short, plain ASCII text, and
every token decodes by itself: what a server holds back waiting for the rest of a character is none.
"""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, product
from pathlib import Path

CONSONANTS = "bcdfghjklmnpqrstvwxz"
VOWELS = "aeiou"
SYLLABLES = [consonant + vowel for consonant, vowel in product(CONSONANTS, VOWELS)]
SPACE = "Ġ"
# Printable ASCII, the space and the line break, as byte-level BPE spells them.
ALPHABET = [*map(chr, range(0x21, 0x7F)), SPACE, "Ċ"]
CHAT_TEMPLATE = (
    "{% for message in messages %}{{ message['role'] }}: {{ message['content'] }}\n{% endfor %}"
    "{% if add_generation_prompt %}assistant:{% endif %}"
)


def merges() -> Iterator[tuple[str, str]]:
    """BPE merges, best first: syllables, then words of one, two and three of them with the space before."""
    yield from product(CONSONANTS, VOWELS)
    words = [""]
    for _ in range(3):
        longer = []
        for word, syllable in product(words, SYLLABLES):
            yield (SPACE + word, syllable)
            longer.append(word + syllable)
        words = longer


def vocabulary(size: int) -> list[str]:
    """The tokens in the order of their ids. Raises ValueError for a size that cannot be."""
    tokens = ALPHABET + ["".join(merge) for merge in islice(merges(), size - len(ALPHABET))]
    if len(tokens) != size or size < first_word_id() + len(SYLLABLES):
        raise ValueError(f"no vocabulary of {size} tokens")
    return tokens


def first_word_id() -> int:
    """From this id on every token is a word with the space before it."""
    return len(ALPHABET) + len(SYLLABLES)


def save_tokenizer(folder: Path, size: int) -> None:
    """Write `tokenizer.json` and `tokenizer_config.json`; no special tokens, a plain chat template."""
    from tokenizers import Tokenizer, decoders, pre_tokenizers
    from tokenizers.models import BPE

    ids = {token: index for index, token in enumerate(vocabulary(size))}
    tokenizer = Tokenizer(BPE(ids, list(islice(merges(), size - len(ALPHABET)))))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.save(str(folder / "tokenizer.json"))
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": None,
        "eos_token": None,
        "clean_up_tokenization_spaces": False,
        "model_max_length": 1_000_000,
        "chat_template": CHAT_TEMPLATE,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=2) + "\n")


@dataclass(frozen=True)
class Prompt:
    """A prompt as text and as the ids that any contender's tokenizer makes of it."""

    text: str
    ids: tuple[int, ...]

    def __add__(self, other: "Prompt") -> "Prompt":
        return Prompt(self.text + other.text, self.ids + other.ids)


class PromptMaker:
    """Random prompts of exactly so many tokens, the same ones for the same seed."""

    def __init__(self, vocab_size: int) -> None:
        self._tokens = vocabulary(vocab_size)

    def make(self, num_tokens: int, seed: str) -> Prompt:
        """Random words, one token each."""
        choose = random.Random(seed)
        ids = choose.choices(range(first_word_id(), len(self._tokens)), k=num_tokens)
        return Prompt("".join(self._tokens[index].replace(SPACE, " ") for index in ids), tuple(ids))
