"""What every format of reasoning has."""

from dataclasses import dataclass
from typing import NamedTuple, Protocol


class Piece(NamedTuple):
    """A run of text that is reasoning or answer.

    Attributes:
        start: characters of the generated text before its first.
    """

    text: str
    is_reasoning: bool
    start: int


class ReasoningSplitter(Protocol):
    """Tells reasoning from answer, whatever the chunks; no mark is ever given out as text."""

    @property
    def taken(self) -> int:
        """Characters pushed so far."""
        ...

    @property
    def answer_start(self) -> int | None:
        """Those before the answer's first, or None until that is known."""
        ...

    @property
    def inside(self) -> bool:
        """Whether the text that comes next is reasoning."""
        ...

    def push(self, text: str) -> list[Piece]:
        """Take text and return the runs that are certain."""
        ...

    def finish(self) -> list[Piece]:
        """What was held back at the end."""
        ...


@dataclass(frozen=True, slots=True)
class ReasoningFormat:
    """How a model writes its reasoning.

    White space beside the marks belongs to them, so that marks are compared without it.

    Attributes:
        name: for people.
        opening: the text that begins the reasoning, as the model writes it.
        closing: the text that ends it; another one may be opened after it.
        answer_opening: what must stand between the reasoning and an answer that is held to a format.
        answer_tags: tags that some of these models put around the answer itself; no part of it.
        inner_marks: further texts that structure it and may be special tokens.
        has_channels: whether reasoning, calls and answer are messages of OpenAI's harmony, each with a
            header that says what it is.
    """

    name: str
    opening: str
    closing: str
    answer_opening: str = ""
    answer_tags: tuple[str, str] | None = None
    inner_marks: tuple[str, ...] = ()
    has_channels: bool = False

    @property
    def marks(self) -> tuple[str, ...]:
        """Texts that the splitter needs to see, also where they are special tokens."""
        if self.has_channels:
            return self.inner_marks
        return (self.opening, self.closing, *(self.answer_tags or ()), *self.inner_marks)

    @property
    def signs(self) -> tuple[str, str]:
        """Texts by which a template tells of it, where it has both."""
        if self.has_channels:
            return "<|channel|>analysis", self.answer_opening.removesuffix("<|message|>")
        return self.opening.strip(), self.closing.strip()

    def is_opened_by(self, text: str) -> bool:
        """Whether a text, such as a rendered prompt, ends where the reasoning has just begun."""
        return text.rstrip().endswith(self.opening.rstrip())

    def is_closed_by(self, text: str) -> bool:
        """Whether a text ends where the reasoning has just ended, as prompts do that ask for none."""
        return text.rstrip().endswith(self.closing.rstrip())

    def is_amid(self, answer: str) -> bool:
        """Whether an answer that has begun is in its reasoning still."""
        return answer.rfind(self.opening.rstrip()) > answer.rfind(self.closing.rstrip())
