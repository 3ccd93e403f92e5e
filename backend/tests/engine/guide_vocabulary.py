"""A small vocabulary whose tokens straddle tags, and walks that draw anything a guide allows."""

import json
import random
from functools import cache

import numpy as np
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

from mlx_manager.mlx_server.engine.guiding.compiler import GrammarCompiler
from mlx_manager.mlx_server.engine.guiding.masks import Mask, excluded
from mlx_manager.mlx_server.engine.guiding.plan import GuidePlan
from mlx_manager.mlx_server.engine.guiding.row import GuideRow
from mlx_manager.mlx_server.engine.guiding.vocabulary import GuideVocabulary
from mlx_manager.mlx_server.engine.wire import Guide, Vocabulary

# Each is a token; all but those of single characters merge what tags and JSON keep apart.
MERGED = [
    "</",
    "th",
    "ink",
    ">\n",
    ">{",
    ">x",
    "<think>y",
    "tool",
    "_call",
    '{"',
    '":',
    '",',
    '"}',
    "}<",
    "ab",
    "ok>",
]
SPECIAL = ["<eos>", "[CALLS]", "<|end|>"]
# Wider than the tokenizer, as logits often are.
VOCAB_SIZE = 300


@cache
def tokenizer() -> Tokenizer:
    """Byte-level, one token a byte, some merged ones and three special ones."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocab = {symbol: index for index, symbol in enumerate(alphabet)}
    for text in MERGED:
        vocab["".join({"\n": "Ċ"}.get(character, character) for character in text)] = len(vocab)
    built = Tokenizer(models.BPE(vocab=vocab, merges=[]))
    built.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    built.decoder = decoders.ByteLevel()
    built.add_special_tokens([AddedToken(name, special=True) for name in SPECIAL])
    return built


@cache
def vocabulary() -> GuideVocabulary:
    """The engine's view of it."""
    return GuideVocabulary(Vocabulary(tokenizer().to_str(), [token_id("<eos>")]), VOCAB_SIZE)


@cache
def compiler() -> GrammarCompiler:
    """One for all tests: it keeps what it has compiled."""
    return GrammarCompiler(vocabulary())


def token_id(text: str) -> int:
    """The id of one token."""
    found = tokenizer().token_to_id(text)
    assert found is not None
    return found


def json_grammar(schema: object) -> str:
    """JSON without white space of its own."""
    options = {"x-guidance": {"whitespace_flexible": False}}
    assert isinstance(schema, dict)
    return f"start: %json {json.dumps(schema | options)}\n"


class Walk:
    """A sequence that draws anything its guide allows, by a seed; some texts may be put into its mouth."""

    def __init__(self, guide: Guide, seed: int, max_tokens: int = 200) -> None:
        self.row = GuideRow(GuidePlan(guide, compiler()), vocabulary(), max_tokens)
        self.random = random.Random(seed)
        self.left = max_tokens
        self.ids: list[int] = []
        self.finish = ""

    @property
    def text(self) -> str:
        """What was drawn; special tokens by name."""
        return self.text_of(len(self.ids))

    @property
    def answer_ids(self) -> list[int]:
        """The tokens after the reasoning."""
        ends = [n for n in range(len(self.ids) + 1) if "</think>" in self.text_of(n)]
        return self.ids[ends[0] if ends else 0 :]

    def text_of(self, num_tokens: int) -> str:
        """What the first so many tokens are."""
        return b"".join(map(vocabulary().bytes_of, self.ids[:num_tokens])).decode(errors="replace")

    def say(self, text: str) -> None:
        """Draw exactly this, token by token; each must be allowed."""
        for drawn in vocabulary().encode(text.encode()):
            name = vocabulary().bytes_of(drawn)
            assert self.allows(self.row.mask(), drawn), f"{name!r} is not allowed after {self.text!r}"
            self.take(drawn)

    def run(self, steps: int | None = None) -> "Walk":
        """Draw until the end, or so many tokens."""
        while not self.finish and (steps is None or steps > 0):
            allowed = np.flatnonzero(~excluded(self.mask(), VOCAB_SIZE)).tolist()
            assert allowed, f"nothing may follow {self.text!r}"
            self.take(self.random.choice(allowed))
            steps = None if steps is None else steps - 1
        return self

    def mask(self) -> Mask:
        """What may come next, of the tokens that there are."""
        mask = self.row.mask()
        existing = np.zeros(VOCAB_SIZE, np.uint8)
        existing[: tokenizer().get_vocab_size()] = 1
        padded = np.pad(existing, (0, -VOCAB_SIZE % 32))
        words = np.packbits(padded, bitorder="little").view(np.uint32)
        return words if mask is None else mask & words

    @staticmethod
    def allows(mask: Mask | None, drawn: int) -> bool:
        """Whether a mask has a token."""
        return mask is None or bool(mask[drawn // 32] >> np.uint32(drawn % 32) & np.uint32(1))

    def take(self, drawn: int) -> None:
        """What the engine does with a drawn token."""
        assert not self.finish
        self.left -= 1
        if drawn in vocabulary().stop_ids:
            self.finish = "stop"
            return
        self.ids.append(drawn)
        if self.row.note(drawn):
            self.finish = "complete"
        elif not self.left:
            self.finish = "length"
