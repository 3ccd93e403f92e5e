"""One field of one endpoint, and what is to be shown of it."""

import copy
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Protocol


class Treatment(StrEnum):
    """What becomes of a field."""

    HONOURED = "honoured"
    REFUSED = "refused"
    IGNORED = "ignored"
    NOT_APPLICABLE = "n/a"


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, read in its dialect.

    Attributes:
        body: the JSON; of a stream None.
        events: of a stream, the data of each event that is JSON.
        ignored: what `X-Ignored-Fields` names.
        text: the first choice's text, of a stream as its pieces add it up.
        num_read: tokens of the prompt.
        num_drawn: tokens that were generated.
        is_cut: whether the limit of tokens ended it.
        calls: of tools, in the first choice: the name and what it is given.
    """

    status: int
    body: Any
    content_type: str
    ignored: tuple[str, ...]
    events: tuple[Any, ...] = ()
    text: str = ""
    num_read: int = 0
    num_drawn: int = 0
    is_cut: bool = False
    calls: tuple[tuple[str, str], ...] = ()


class Ask(Protocol):
    """A way to ask the endpoint."""

    @property
    def wild(self) -> dict[str, Any]:
        """Fields that make a draw take much else than the likeliest tokens, the same each time."""
        ...

    def length(self, num_tokens: int) -> dict[str, Any]:
        """A field that lets an answer be so long and no longer."""
        ...

    def cached(self, reply: Reply) -> int:
        """Tokens of the prompt that were not read again."""
        ...

    def plain_body(self, **others: Any) -> dict[str, Any]:
        """What `plain` sends."""
        ...

    def plain(self, **others: Any) -> Reply:
        """The endpoint's usual body, these fields added."""
        ...

    def asked(self, entry: "Field", value: Any = ..., **others: Any) -> Reply:
        """The same with the field: with its example, or with another value."""
        ...

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """Another endpoint's JSON. It must answer with 200."""
        ...

    def get(self, path: str) -> Any:
        """The same without a body."""
        ...

    def prompt(self, body: Mapping[str, Any]) -> str:
        """What a model reads of this body of the endpoint's."""
        ...

    def told(self, body: Mapping[str, Any]) -> Reply:
        """What a model is told of this body: its messages, as Python writes them; before a text, a token."""
        ...

    def body(self, entry: "Field", value: Any = ..., **others: Any) -> dict[str, Any]:
        """What `asked` sends."""
        ...

    def race(self, first: Mapping[str, Any], second: Mapping[str, Any]) -> list[int]:
        """The order in which two requests are answered that wait for the same place; 0 came first."""
        ...

    def wait_until(self, condition: Callable[[], Any], what: str) -> Any:
        """The condition's first true value. Fails when none comes."""
        ...


Effect = Callable[[Ask, "Field"], None]


@dataclass(frozen=True, slots=True)
class Field:
    """A line of the table.

    Attributes:
        path: as `X-Ignored-Fields` and errors name it, with N for an index; `=value` where a field's values
            are treated in different ways.
        note: for who reads the table.
        example: a value of it.
        within: other fields of the body that it needs.
        at: where the example is put, if not at the path.
        named: what the error or the header names, if not the path.
        effect: of an honoured field: fails if the server drops it.
        is_ours: whether it is an extension of the dialect.
        is_whole: whether what is inside of it has no treatments of its own.
        others: of a path that ends in `type=value`, more values that are treated alike.
    """

    path: str
    treatment: Treatment
    note: str = ""
    example: Any = None
    within: Mapping[str, Any] = field(default_factory=dict)
    at: str = ""
    named: str = ""
    effect: Effect | None = None
    is_ours: bool = False
    is_whole: bool = False
    others: tuple[str, ...] = ()

    def each(self) -> "Iterator[Field]":
        """The field with each of its values."""
        yield self
        for other in self.others:
            path = f"{self.name}={other}"
            yield replace(self, path=path, example={**self.example, "type": other}, others=())

    @property
    def name(self) -> str:
        """The path without a value."""
        return self.path.partition("=")[0]

    @property
    def wire_name(self) -> str:
        """What the error or the header names for the example."""
        return self.named or self.name.replace(".N", ".0")

    def placed(self, base: Mapping[str, Any], value: Any = ...) -> dict[str, Any]:
        """The body with the field in it."""
        body = copy.deepcopy({**base, **self.within})
        place(body, self.at or self.name.replace(".N", ".0"), self.example if value is ... else value)
        return body


@dataclass(frozen=True, slots=True)
class Dialect:
    """How to read its answers.

    Attributes:
        text: of a whole answer, the first choice's.
        delta: the text that an event adds.
        num_read: tokens of the prompt, as a whole answer counts them.
        num_drawn: of a whole answer.
        is_cut: whether a whole answer says that its limit of tokens ended it.
        cached: tokens of the prompt that were not read again.
        calls: of a whole answer, the first choice's: the name and what it is given.
        envelope: keys of an error's body.
        hottest: the highest temperature.
        limit: the name of the field that limits an answer's tokens.
    """

    text: Callable[[Any], str]
    delta: Callable[[Any], str]
    num_read: Callable[[Any], int]
    num_drawn: Callable[[Any], int]
    is_cut: Callable[[Any], bool]
    cached: Callable[[Any], int]
    calls: Callable[[Any], tuple[tuple[str, str], ...]] = lambda answer: ()
    envelope: frozenset[str] = frozenset({"error"})
    hottest: float = 2
    limit: str = "max_tokens"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A table.

    Attributes:
        path: of the route.
        base: a body that is answered.
        prompt_route: shows or counts what a model reads of such a body; empty where none does.
        can_stream: whether it takes `stream`.
    """

    path: str
    base: Mapping[str, Any]
    dialect: Dialect
    fields: tuple[Field, ...]
    prompt_route: str = ""
    can_stream: bool = True


def honoured(path: str, effect: Effect, note: str = "", *, example: Any = None, **more: Any) -> Field:
    """The field has its effect."""
    return Field(path, Treatment.HONOURED, note, example, effect=effect, **more)


def ours(path: str, effect: Effect, note: str = "", *, example: Any = None, **more: Any) -> Field:
    """An extension that has its effect."""
    return honoured(path, effect, note, example=example, is_ours=True, **more)


def refused(path: str, example: Any, note: str = "", **more: Any) -> Field:
    """A 400 names the field."""
    return Field(path, Treatment.REFUSED, note, example, **more)


def ignored(path: str, example: Any, note: str = "", **more: Any) -> Field:
    """The header names the field, and the answer is what it is without."""
    return Field(path, Treatment.IGNORED, note, example, **more)


def not_applicable(path: str, note: str, *, example: Any = None, **more: Any) -> Field:
    """There is nothing here that it could do; with an example it may be sent, and nothing changes."""
    return Field(path, Treatment.NOT_APPLICABLE, note, example, **more)


def unanswered(entry: Field) -> Field:
    """The line of an endpoint that reads such a body and answers with something else."""
    within = {name: value for name, value in entry.within.items() if name != "max_tokens"}
    return replace(
        entry, treatment=Treatment.NOT_APPLICABLE, note="of the answer", within=within, effect=None
    )


def place(body: dict[str, Any], path: str, value: Any) -> None:
    """Put a value at a dotted path; objects on the way are made, and one past a list's end is added to it."""
    *parents, last = path.split(".")
    spot: Any = body
    for part in parents:
        spot = spot[int(part)] if isinstance(spot, list) else spot.setdefault(part, {})
    if isinstance(spot, list):
        spot[int(last) : int(last) + 1] = [value]
    else:
        spot[last] = value
