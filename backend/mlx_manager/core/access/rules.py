"""Which routes want what of a caller. Each program has one table of these; nothing is public by default."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from mlx_manager.core.security.principal import Principal, Scope


class Wanted(Enum):
    """What a route wants."""

    NOTHING = "nothing"
    """It is public."""
    ANYBODY = "a key or a session"
    INFERENCE = "the scope inference"
    ADMIN = "the scope admin"


@dataclass(frozen=True, slots=True)
class Rule:
    """Routes by the beginning of their path.

    Attributes:
        path: `/admin` covers `/admin` and all below it, unless `is_exact`.
        methods: of the request; empty for all.
    """

    path: str
    wanted: Wanted
    methods: frozenset[str] = frozenset()
    is_exact: bool = False

    def covers(self, method: str, path: str) -> bool:
        """Whether this is about that request."""
        if self.methods and method not in self.methods:
            return False
        return path == self.path or (not self.is_exact and path.startswith(self.path.rstrip("/") + "/"))


def wanted_by(rules: Sequence[Rule], method: str, path: str) -> Wanted:
    """What the first rule that covers a request says; some credential at least where none does."""
    return next((rule.wanted for rule in rules if rule.covers(method, path)), Wanted.ANYBODY)


def grants(principal: Principal, wanted: Wanted) -> bool:
    """Whether a caller has what a route wants. Who may change the server may ask its models, too."""
    match wanted:
        case Wanted.NOTHING | Wanted.ANYBODY:
            return True
        case Wanted.INFERENCE:
            return bool(principal.scopes)
        case Wanted.ADMIN:
            return Scope.ADMIN in principal.scopes
