"""What a check has found."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad it is. A problem keeps something from working; a warning makes it worse than it could be."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report.

    Attributes:
        check: what was looked at, such as `memory`.
        message: what was found.
        advice: what to do about it; empty only where all is well.
    """

    check: str
    level: Level
    message: str
    advice: str = ""


def ok(check: str, message: str) -> Finding:
    """All is well."""
    return Finding(check, Level.OK, message)


def warning(check: str, message: str, advice: str) -> Finding:
    """It works, but not as it could."""
    return Finding(check, Level.WARNING, message, advice)


def problem(check: str, message: str, advice: str) -> Finding:
    """Something does not work."""
    return Finding(check, Level.PROBLEM, message, advice)


def gigabytes(count: float) -> str:
    """Bytes for people, in GB of 2**30."""
    return f"{count / 2**30:.1f} GB"
