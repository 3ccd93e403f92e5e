"""What a client's session is made of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.protocols.dialects import Parse, Parsed


@dataclass(frozen=True, slots=True)
class Session:
    """A question, and the turn after its call's result has come.

    Attributes:
        parse: the dialect's.
        path: where the client posts.
        first: the body of the first request.
        second: the body of a later one, with the call, its result and perhaps more.
        offered: the tools that the model is told of, by the names that it is told.
        ignored: the fields of either body that have no effect, as the header names them.
        unheld: those of the tools whose schemas cannot be enforced.
    """

    name: str
    parse: Parse
    path: str
    first: Mapping[str, Any]
    second: Mapping[str, Any]
    offered: Sequence[str] = ()
    ignored: Sequence[str] = ()
    unheld: Sequence[str] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    def parsed(self, body: Mapping[str, Any]) -> Parsed:
        """The body as the server reads it."""
        return self.parse(**body)

    def __str__(self) -> str:
        return self.name
