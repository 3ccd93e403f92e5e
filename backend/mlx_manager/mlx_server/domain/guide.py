"""What an engine holds a sequence to while it decodes."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Trigger:
    """A text that opens a call: from there on a grammar holds.

    Attributes:
        text: as it stands in the generated text; special tokens by their names.
        grammar: Lark of what follows it, up to where the text is free again.
        at_start: whether it opens a call only where nothing but white space stands before it.
    """

    text: str
    grammar: str
    at_start: bool = False


@dataclass(frozen=True, slots=True)
class ReasoningGuide:
    """Where a sequence's reasoning begins and ends; no grammar holds within.

    Attributes:
        opening: the text that begins it, at the head of the answer.
        closing: the text that ends it.
        is_open: whether the prompt ends inside it.
        budget: most tokens of it, after which `closing` is forced; None leaves it unbounded.
    """

    opening: str
    closing: str
    is_open: bool
    budget: int | None = None


@dataclass(frozen=True, slots=True)
class Guide:
    """What a sequence is held to; each part may be absent, not all.

    Attributes:
        grammar: Lark of the whole answer after the reasoning; empty where that is free.
        triggers: of calls in an answer that is free otherwise.
        ends_after_call: whether nothing may follow the first call that a trigger opened.
    """

    reasoning: ReasoningGuide | None = None
    grammar: str = ""
    triggers: tuple[Trigger, ...] = ()
    ends_after_call: bool = False
