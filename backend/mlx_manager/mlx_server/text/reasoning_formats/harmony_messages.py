"""OpenAI's harmony: an answer is a row of messages, each with a header that says what it is.

As openai/gpt-oss writes it; a prompt ends with the beginning of the first header, `<|start|>assistant`:

    <|start|>assistant<|channel|>analysis<|message|>They want …<|end|>
    <|start|>assistant<|channel|>commentary to=functions.f <|constrain|>json<|message|>{…}<|call|>
"""

import re
from enum import Enum, auto
from typing import Final, NamedTuple

from mlx_manager.mlx_server.text.reasoning_formats.known import HARMONY_MARKS

_START: Final = "<|start|>"
_MESSAGE: Final = "<|message|>"
_ENDS: Final = ("<|end|>", "<|call|>", "<|return|>")
# A header that was begun without an end of the message before it, which models forget.
_AFTER_BODY: Final = (*_ENDS, _START, "<|channel|>")
_IN_HEADER: Final = (_START, "<|channel|>", "<|constrain|>")
_MOST_HEADER_CHARS: Final = 512
_CHANNEL: Final = re.compile(r"<\|channel\|>\s*(\w*)")
_RECIPIENT: Final = re.compile(r"\bto=([^\s<]*)")
_ROLE: Final = re.compile(r"<\|start\|>\s*([^\s<]*)")
_MARK: Final = re.compile("|".join(map(re.escape, HARMONY_MARKS)))
_BODY_END: Final = re.compile("|".join(map(re.escape, _AFTER_BODY)))
_FUNCTIONS: Final = "functions."
_PEOPLE: Final = ("assistant", "user", "system", "developer", "all")


class Kind(Enum):
    """What a message is to the reader."""

    REASONING = auto()
    TEXT = auto()
    CALL = auto()


class Header(NamedTuple):
    """What a message says of itself.

    Attributes:
        recipient: whom it is for: a tool, or nobody in particular.
    """

    role: str = "assistant"
    channel: str = "final"
    recipient: str = ""

    @classmethod
    def read(cls, text: str) -> "Header":
        """The header in the text before a message's body."""
        role, channel, recipient = _ROLE.search(text), _CHANNEL.search(text), _RECIPIENT.search(text)
        return cls(
            "assistant" if role is None or role[1].startswith("to=") else role[1],
            "final" if channel is None else channel[1],
            "" if recipient is None else recipient[1],
        )

    @property
    def called(self) -> str:
        """The function that it calls; empty where it is no call."""
        if self.role != "assistant" or self.recipient in _PEOPLE:
            return ""
        # The vendor's own tools, such as python, are called amid the analysis; nobody here runs them.
        if self.channel == "analysis" and not self.recipient.startswith(_FUNCTIONS):
            return ""
        return self.recipient.removeprefix(_FUNCTIONS)

    @property
    def kind(self) -> Kind:
        """What its body is. What a model writes in another's name it only imagines."""
        if self.called:
            return Kind.CALL
        is_reasoning = self.channel == "analysis" or self.role != "assistant"
        return Kind.REASONING if is_reasoning else Kind.TEXT


class Opened(NamedTuple):
    """A message begins; its header stood there."""

    header: Header
    start: int


class Body(NamedTuple):
    """More of its body."""

    text: str
    start: int


class Closed(NamedTuple):
    """It is over."""

    start: int


class _Quotes(NamedTuple):
    """Whether a string of JSON is open."""

    is_open: bool = False
    is_escaped: bool = False

    def after(self, text: str) -> "_Quotes":
        """The same after more text."""
        is_open, is_escaped = self
        for character in text:
            if is_escaped:
                is_escaped = False
            elif character == '"':
                is_open = not is_open
            else:
                is_escaped = is_open and character == "\\"
        return _Quotes(is_open, is_escaped)


class HarmonyReader:
    """Reads messages, whatever the chunks. Text that has no header is an answer's all the same.

    Args:
        before: the text that stands before, such as the rendered prompt.
        recipient: how a header may begin that names its recipient first.

    Attributes:
        taken: characters pushed so far.
        header: of the message whose body comes next; None within a header.
    """

    def __init__(self, before: str, *, recipient: str = "to=") -> None:
        self._header_words = (*_IN_HEADER, recipient)
        begun = before[before.rfind(_START) :] if _START in before else ""
        head, message, body = begun.partition(_MESSAGE)
        is_over = any(end in body for end in _ENDS)
        self._header_text = "" if message else head
        self._held = ""
        self._quotes = _Quotes()
        self.taken = 0
        self.header = Header.read(head) if message and not is_over else None

    @property
    def num_held(self) -> int:
        """Characters that nothing has been said of yet."""
        return len(self._held)

    def push(self, text: str) -> list[Opened | Body | Closed]:
        """Take text and return what is certain."""
        self._held += text
        self.taken += len(text)
        found: list[Opened | Body | Closed] = []
        while self._in_header(found) if self.header is None else self._in_body(found):
            pass
        return found

    def finish(self) -> list[Opened | Body | Closed]:
        """What was held back at the end; a header without a message says nothing."""
        found: list[Opened | Body | Closed] = []
        held = self._held.strip()
        # Marks are tokens: half of one is text, as any text is that might have become a header.
        if (
            self.header is None
            and held
            and not held.startswith(self._header_words)
            and not _MARK.search(held)
        ):
            self._open(Header(), found)
        if self.header is not None:
            self._body(len(self._held), found)
        return found

    def _in_header(self, found: list[Opened | Body | Closed]) -> bool:
        text = self._held.lstrip()
        if (end := next((end for end in _ENDS if text.startswith(end)), None)) is not None:
            self._held = text[len(end) :]
            return True
        head, message, after = text.partition(_MESSAGE)
        if not message and any(start.startswith(text) for start in (*self._header_words, *_ENDS, _MESSAGE)):
            return False
        if not (message and not head) and not head.startswith(self._header_words):
            self._open(Header(), found)  # there is no header: the model does as it likes
            return True
        if message:
            self._open(Header.read(f"{self._header_text} {head}"), found)
            self._held = after
            return True
        if len(text) > _MOST_HEADER_CHARS:
            self._held = _MARK.sub("", text)
            self._open(Header(), found)
            return True
        return False

    def _in_body(self, found: list[Opened | Body | Closed]) -> bool:
        end = self._body_end()
        if end is None:
            self._body(len(self._held) - _num_undecided(self._held), found)
            return False
        self._body(end.start(), found)
        found.append(Closed(self.taken - len(self._held)))
        self.header = None
        self._held = self._held[len(end[0]) :] if end[0] in _ENDS else self._held
        return True

    def _body_end(self) -> re.Match[str] | None:
        """The mark that ends the body. In a call's strings it is text: somebody may write of these marks."""
        assert self.header is not None
        for end in _BODY_END.finditer(self._held):
            if self.header.kind is not Kind.CALL or not self._quotes.after(self._held[: end.start()]).is_open:
                return end
        return None

    def _open(self, header: Header, found: list[Opened | Body | Closed]) -> None:
        found.append(Opened(header, self.taken - len(self._held)))
        self.header, self._header_text, self._quotes = header, "", _Quotes()

    def _body(self, length: int, found: list[Opened | Body | Closed]) -> None:
        if length:
            found.append(Body(self._held[:length], self.taken - len(self._held)))
            self._quotes = self._quotes.after(self._held[:length])
            self._held = self._held[length:]


def _num_undecided(text: str) -> int:
    """Length of the end of a text that may be the beginning of a mark that ends a body."""
    end = text[max(0, text.rfind("<")) :]
    return len(end) if end and any(mark.startswith(end) for mark in _AFTER_BODY) else 0
