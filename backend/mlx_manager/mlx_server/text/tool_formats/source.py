"""Text as it comes, read by functions that wait for more of it.

A function that reads is a generator: it yields what it knows of a call, and None where it can say nothing
before more text has come. So a format is read by straight code, whatever the chunks.
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

Result = TypeVar("Result")

_LONGEST_NAME: Final = 300


@dataclass(frozen=True, slots=True)
class CallName:
    """A call begins; what was read for it is no text any more."""

    name: str


@dataclass(frozen=True, slots=True)
class CallArguments:
    """The next piece of its arguments, as JSON."""

    text: str


@dataclass(frozen=True, slots=True)
class CallEnd:
    """The call is complete."""


CallPiece = CallName | CallArguments | CallEnd
Reading = Generator[CallPiece | None, None, Result]


class NotACall(Exception):
    """What was read is text after all; raised before a call's name alone."""


class CutOff(Exception):
    """The text is over amid a call."""


class Source:
    """Text from which a reader takes what it has understood.

    Attributes:
        rest: what came and was not taken.
        is_closed: whether nothing more will come.
    """

    def __init__(self) -> None:
        self.rest = ""
        self.is_closed = False
        self._kept: list[str] | None = None

    def feed(self, text: str) -> None:
        """More text has come."""
        self.rest += text

    def take(self, length: int) -> str:
        """The next characters, which are understood."""
        taken, self.rest = self.rest[:length], self.rest[length:]
        if self._kept is not None:
            self._kept.append(taken)
        return taken

    def mark(self) -> None:
        """Remember what is taken from here on."""
        self._kept = []

    def settle(self) -> None:
        """Forget it: it will not be put back."""
        self._kept = None

    def put_back(self) -> None:
        """Whatever was taken since the mark has not been."""
        if self._kept is not None:
            self.rest = "".join(self._kept) + self.rest
        self._kept = None

    @property
    def num_kept(self) -> int:
        """Characters taken since the mark."""
        return sum(map(len, self._kept or ()))


def wait(source: Source) -> Reading[None]:
    """Until more text has come. Raises CutOff where there is none."""
    if source.is_closed:
        raise CutOff
    yield None


def skip_space(source: Source, also: str = "") -> Reading[None]:
    """Past white space, and the characters in `also`; what comes next is there then, or nothing does."""
    while True:
        rest = source.rest.lstrip(" \t\r\n" + also)
        source.take(len(source.rest) - len(rest))
        if rest or source.is_closed:
            return
        yield None


def accept(source: Source, *tags: str) -> Reading[str]:
    """Take the longest tag that comes next; empty where none does."""
    while True:
        rest = source.rest
        if source.is_closed or not any(len(tag) > len(rest) and tag.startswith(rest) for tag in tags):
            found = max((tag for tag in tags if tag and rest.startswith(tag)), key=len, default="")
            return source.take(len(found))
        yield None


def expect(source: Source, tag: str) -> Reading[None]:
    """Take a tag. Raises NotACall where something else comes, CutOff where nothing does."""
    if tag and not (yield from accept(source, tag)):
        raise CutOff if tag.startswith(source.rest) else NotACall


def until(source: Source, tag: str) -> Reading[str]:
    """What comes before a tag, which is taken too. Raises CutOff where it does not come."""
    searched = 0
    while (found := source.rest.find(tag, searched)) < 0:
        searched = max(0, len(source.rest) - len(tag) + 1)
        yield from wait(source)
    before = source.take(found)
    source.take(len(tag))
    return before


def name_until(source: Source, tag: str) -> Reading[str]:
    """A name that comes before a tag, which is taken too, and white space around it.

    Raises:
        NotACall: more than a name comes.
        CutOff: the tag does not come.
    """
    while (found := source.rest.find(tag)) < 0:
        certain = source.rest[: len(source.rest) - num_undecided(source.rest, [tag])].strip()
        if len(certain) > _LONGEST_NAME or len(certain.split()) > 1:
            raise NotACall
        yield from wait(source)
    name = source.take(found).strip()
    source.take(len(tag))
    if not name or len(name.split()) > 1:
        raise NotACall
    return name


def num_undecided(text: str, tags: Sequence[str]) -> int:
    """Length of the longest end of a text that may be the beginning of one of the tags."""
    longest = max(map(len, tags), default=1) - 1
    for length in range(min(len(text), longest), 0, -1):
        end = text[-length:]
        if any(len(tag) > length and tag.startswith(end) for tag in tags):
            return length
    return 0
