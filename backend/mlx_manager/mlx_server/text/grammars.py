"""Answer formats as grammars, in llguidance's dialect of Lark: rule `start` is the whole."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import assert_never

from mlx_manager.mlx_server.domain.formats import (
    AnswerFormat,
    ChoiceFormat,
    JsonFormat,
    LarkFormat,
    RegexFormat,
)
from mlx_manager.mlx_server.text.json_schema import lark_json


def quoted(text: str) -> str:
    """A text as Lark writes it; it never stands for special tokens."""
    return json.dumps(text, ensure_ascii=False)


def answer_grammar(answer: AnswerFormat) -> str:
    """What an answer in this format is."""
    match answer:
        case JsonFormat(schema=schema):
            return f"start: {lark_json(schema)}\n"
        case RegexFormat(pattern=pattern):
            return f"start: ANSWER\nANSWER: {regex(pattern)}\n"
        case ChoiceFormat(choices=choices):
            return f"start: {' | '.join(map(quoted, choices))}\n"
        case LarkFormat(grammar=grammar):
            return grammar
        case _:
            assert_never(answer)


def regex(pattern: str) -> str:
    """A regular expression as Lark writes it."""
    # Only a slash that is not escaped yet needs it; backslashes come in pairs or with what they escape.
    escaped = re.sub(r"\\.|/", lambda found: "\\/" if found[0] == "/" else found[0], pattern, flags=re.S)
    return f"/{escaped}/"


def opened_by(opening: str, grammar: str) -> str:
    """The same behind something else, which is Lark."""
    return f"start: {opening} answer\nanswer: {_nested(grammar)}\n"


def either(grammars: Sequence[str]) -> str:
    """Whichever of these."""
    rules = [f"either_{number}: {_nested(grammar)}" for number, grammar in enumerate(grammars)]
    names = " | ".join(f"either_{number}" for number in range(len(grammars)))
    return "\n".join([f"start: {names}", *rules, ""])


def _nested(grammar: str) -> str:
    return f"%lark {{\n{grammar}\n}}"


class Literals:
    """Writes texts as Lark, with the special tokens that they name.

    Args:
        special_ids: of the tokenizer's special tokens, by their names.
    """

    def __init__(self, special_ids: Mapping[str, int]) -> None:
        self._special_ids = special_ids
        names = sorted(special_ids, key=len, reverse=True)
        self._names = re.compile("|".join(map(re.escape, names))) if names else None

    def __call__(self, text: str) -> str:
        """The text as Lark; empty text is an empty string."""
        if self._names is None:
            return quoted(text)
        parts: list[str] = []
        end = 0
        for found in self._names.finditer(text):
            if found.start() > end:
                parts.append(quoted(text[end : found.start()]))
            parts.append(f"<[{self._special_ids[found[0]]}]>")
            end = found.end()
        if end < len(text) or not parts:
            parts.append(quoted(text[end:]))
        return " ".join(parts)
