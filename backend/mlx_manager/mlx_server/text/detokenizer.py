"""Tokens to text as they come, never splitting a character."""

import codecs
import json
import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_BYTE_TOKEN: Final = re.compile(r"<0x([0-9A-Fa-f]{2})>")
_Utf8 = codecs.getincrementaldecoder("utf-8")


def _byte_level_alphabet() -> dict[str, int]:
    """The character that stands for each byte in a byte-level vocabulary, as GPT-2 defined it."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = (byte for byte in range(256) if byte not in printable)
    return {chr(byte): byte for byte in printable} | {chr(256 + i): byte for i, byte in enumerate(others)}


_ALPHABET: Final = _byte_level_alphabet()


class Vocabulary:
    """What each token stands for: bytes, or text that depends on the token before it.

    In a byte-level vocabulary every token is a run of bytes. With byte fallback the tokens `<0x00>`
    to `<0xFF>` are single bytes and the others are text. Anything else is text.
    """

    def __init__(self, tokenizer: "Tokenizer") -> None:
        self._tokenizer = tokenizer
        added = tokenizer.get_added_tokens_decoder()
        self._special = {token_id for token_id, token in added.items() if token.special}
        kinds = _decoder_kinds(tokenizer)
        self._is_byte_level = "ByteLevel" in kinds and kinds <= {"ByteLevel", "Fuse", "Sequence"}
        self._has_byte_tokens = "ByteFallback" in kinds
        self._known: dict[int, bytes | None] = {}
        self._spelt: dict[int, tuple[str, bytes]] = {}

    def bytes_of(self, token_id: int) -> bytes | None:
        """The token's bytes, empty for a special token; None where it is text."""
        if token_id not in self._known:
            self._known[token_id] = self._find_bytes(token_id)
        return self._known[token_id]

    def text_of(self, token_id: int, before: int | None) -> str:
        """The text of a token after another: some lose a space at the very beginning."""
        if before is None:
            return self._decode([token_id])
        return self._decode([before, token_id])[len(self._decode([before])) :]

    def spelling(self, token_id: int, *, first: bool = False) -> tuple[str, bytes]:
        """A token by itself, as text and as bytes; a special token by its name.

        Bytes that are no whole character show as U+FFFD in the text. An id that no token has, as
        logits may be wider than the vocabulary, is empty.

        Args:
            first: whether nothing stands before it, where some tokens lose a space.
        """
        if first:
            return self._spell(token_id, None)
        if token_id not in self._spelt:
            # Any token will do as the one before it; itself where there is no better one.
            before = token_id if self.anchor is None else self.anchor
            self._spelt[token_id] = self._spell(token_id, before)
        return self._spelt[token_id]

    def special_ids(self, names: Iterable[str]) -> dict[int, str]:
        """Those of these names that are special tokens, by their ids."""
        ids = {self._tokenizer.token_to_id(name): name for name in names}
        return {token_id: name for token_id, name in ids.items() if token_id in self._special}

    def show(self, token_ids: Iterable[int]) -> str:
        """A run of tokens as text, special tokens by name."""
        return b"".join(self.spelling(token_id)[1] for token_id in token_ids).decode(errors="replace")

    def _spell(self, token_id: int, before: int | None) -> tuple[str, bytes]:
        if token_id in self._special:
            text: str = self._tokenizer.id_to_token(token_id) or ""
            return text, text.encode()
        if (spelt := self.bytes_of(token_id)) is None:
            text = self.text_of(token_id, before)
            return text, text.encode()
        return spelt.decode(errors="replace"), spelt

    @property
    def anchor(self) -> int | None:
        """A token that stands for any text before another: the byte `a`."""
        return self._tokenizer.token_to_id("<0x61>") if self._has_byte_tokens else None

    def _find_bytes(self, token_id: int) -> bytes | None:
        token = self._tokenizer.id_to_token(token_id)
        if token is None or token_id in self._special:
            return b""
        if self._is_byte_level:
            # An added token such as <think> is plain text, unless all its characters stand for bytes.
            codes = [_ALPHABET.get(character, -1) for character in token]
            return token.encode() if -1 in codes else bytes(codes)
        if self._has_byte_tokens and (match := _BYTE_TOKEN.fullmatch(token)):
            return bytes([int(match[1], 16)])
        return None

    def _decode(self, token_ids: Sequence[int]) -> str:
        text: str = self._tokenizer.decode(token_ids, skip_special_tokens=True)
        return text


class Detokenizer:
    """Gives out text as soon as later tokens cannot change it.

    The bytes of a character are held until its last has come. Bytes that can be no character are
    given out as U+FFFD. A character that is not whole at the end is never shown: there is nothing
    to flush.

    Args:
        vocabulary: of the model's tokenizer; shared by its detokenizers.
        context_ids: tokens that stand before the first one, where the text continues theirs.
        shown: names of special tokens that are text here, because they structure it.

    Attributes:
        vocabulary: the one that was given.
    """

    def __init__(
        self, vocabulary: Vocabulary, context_ids: Iterable[int] = (), shown: Iterable[str] = ()
    ) -> None:
        self.vocabulary = vocabulary
        self._shown = vocabulary.special_ids(shown)
        self._utf8 = _Utf8(errors="replace")
        self._before: int | None = None
        self.push(context_ids)

    @property
    def at_start(self) -> bool:
        """Whether the next token has nothing before it."""
        return self._before is None

    def push(self, token_ids: Iterable[int]) -> str:
        """Take tokens and return the text that is now certain; often empty."""
        return "".join(map(self._push, token_ids))

    def _push(self, token_id: int) -> str:
        if (name := self._shown.get(token_id)) is not None:
            broken = self._utf8.decode(b"", final=True)
            if self._before is None:
                self._before = self.vocabulary.anchor
            return broken + name
        spelt = self.vocabulary.bytes_of(token_id)
        if spelt is None:
            # A character that text interrupts will never be whole.
            broken = self._utf8.decode(b"", final=True)
            text = self.vocabulary.text_of(token_id, self._before)
            self._before = token_id
            return broken + text
        if spelt and self._before is None:
            self._before = self.vocabulary.anchor
        return self._utf8.decode(spelt)


def _decoder_kinds(tokenizer: "Tokenizer") -> set[str]:
    """Names of the decoder's parts, from its serialised form: they have no other description."""
    if tokenizer.decoder is None:
        return set()
    state = json.loads(tokenizer.decoder.__getstate__())
    return {state["type"], *(part["type"] for part in state.get("decoders", ()))}
