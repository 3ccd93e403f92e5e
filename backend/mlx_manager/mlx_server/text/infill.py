"""Filling a gap in a text: the tokens that mark it, by the models that were trained with them."""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple


class InfillMarks(NamedTuple):
    """Tokens around the text before and after a gap.

    Attributes:
        middle: stands where the answer begins; empty where the format has none.
        suffix_first: whether the text after the gap comes first.
    """

    prefix: str
    suffix: str
    middle: str
    suffix_first: bool = False

    @property
    def tokens(self) -> tuple[str, ...]:
        """Those that a vocabulary must have."""
        return tuple(token for token in (self.prefix, self.suffix, self.middle) if token)


INFILL_MARKS: Final = (
    InfillMarks("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>"),  # Qwen2.5-Coder, CodeGemma
    InfillMarks("<fim_prefix>", "<fim_suffix>", "<fim_middle>"),  # StarCoder, Granite
    InfillMarks("<fim-prefix>", "<fim-suffix>", "<fim-middle>"),  # SantaCoder
    InfillMarks("<[fim-prefix]>", "<[fim-suffix]>", "<[fim-middle]>", suffix_first=True),  # Seed-Coder
    InfillMarks(  # DeepSeek-Coder
        "<\uff5cfim\u2581begin\uff5c>", "<\uff5cfim\u2581hole\uff5c>", "<\uff5cfim\u2581end\uff5c>"
    ),
    InfillMarks("<|code_prefix|>", "<|code_suffix|>", "<|code_middle|>"),  # CodeGeeX4
    InfillMarks("[PREFIX]", "[SUFFIX]", "", suffix_first=True),  # Codestral
    InfillMarks("\u2581<PRE>", "\u2581<SUF>", "\u2581<MID>"),  # Code Llama
    InfillMarks("<PRE>", "<SUF>", "<MID>"),
)


def find_marks(token_id: Callable[[str], int | None]) -> InfillMarks | None:
    """The first format of which a vocabulary has all tokens; `token_id` is None for what is no token."""
    for marks in INFILL_MARKS:
        if all(token_id(token) is not None for token in marks.tokens):
            return marks
    return None


def arrange(
    marks: InfillMarks,
    prefix_ids: Sequence[int],
    suffix_ids: Sequence[int],
    token_id: Callable[[str], int | None],
) -> list[int]:
    """The prompt's tokens, without what a tokenizer puts before any text."""
    before = [_known(marks.prefix, token_id), *prefix_ids]
    after = [_known(marks.suffix, token_id), *suffix_ids]
    middle = [_known(marks.middle, token_id)] if marks.middle else []
    parts = (after, before) if marks.suffix_first else (before, after)
    return [*parts[0], *parts[1], *middle]


def _known(token: str, token_id: Callable[[str], int | None]) -> int:
    found = token_id(token)
    assert found is not None
    return found
