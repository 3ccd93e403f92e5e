"""What an answer must be, where a request says so."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class JsonFormat:
    """JSON that fits a schema.

    Attributes:
        schema: of draft 2020-12, or of the draft that its `$schema` names; a schema may be a boolean.
        path: where the wire had it, for errors.
    """

    schema: Mapping[str, Any] | bool
    path: str


@dataclass(frozen=True, slots=True)
class RegexFormat:
    """Text that a regular expression matches as a whole, in the syntax of Rust's regex crate."""

    pattern: str
    path: str


@dataclass(frozen=True, slots=True)
class ChoiceFormat:
    """One of some texts."""

    choices: Sequence[str]
    path: str


@dataclass(frozen=True, slots=True)
class LarkFormat:
    """Text by a Lark grammar, in llguidance's dialect of it; its rule `start` is the whole."""

    grammar: str
    path: str


AnswerFormat = JsonFormat | RegexFormat | ChoiceFormat | LarkFormat
