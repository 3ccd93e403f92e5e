"""Measured numbers: what they are, their middle and spread, and what is demanded of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from bench.document import rounded
from bench.ratios import paired_ratios


@dataclass(frozen=True)
class Figure:
    """One line of the table.

    Attributes:
        unit: `s`, `ms`, `%`, `/s`, `times`, or empty for what is counted.
        values: one for each run, in the order of the runs.
        bound: most that is wanted; None for what is told and not judged.
        judges_worst: every run must keep the bound, as is right for what is counted; else the median.
    """

    label: str
    unit: str
    values: tuple[float, ...]
    bound: float | None = None
    judges_worst: bool = False

    @property
    def is_met(self) -> bool | None:
        """Whether the bound is kept; None where there is none."""
        if self.bound is None:
            return None
        return (max(self.values) if self.judges_worst else median(self.values)) <= self.bound

    def as_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            "label": self.label,
            "unit": self.unit,
            "values": [rounded(value) for value in self.values],
            "bound": self.bound,
            "judges_worst": self.judges_worst,
        }

    @classmethod
    def of_json(cls, body: Mapping[str, Any]) -> "Figure":
        """The figure that was written."""
        return cls(**{**body, "values": tuple(body["values"])})


def seconds(label: str, values: Iterable[float]) -> Figure:
    """Durations."""
    return Figure(label, "s", tuple(values))


def counted(label: str, values: Iterable[float], bound: float | None = None) -> Figure:
    """Numbers of things; a bound is one for every run."""
    return Figure(label, "", tuple(values), bound, judges_worst=True)


def ratio(label: str, tops: Sequence[float], bottoms: Sequence[float], bound: float | None = None) -> Figure:
    """The ratio within each run. Raises ValueError where the runs differ in number."""
    return Figure(label, "times", tuple(paired_ratios(tops, bottoms)), bound)


def num_loads(statuses: Iterable[str]) -> int:
    """How often a model began to load, by its states in their order; progress repeats a state."""
    count, before = 0, ""
    for status in statuses:
        count += status == "loading" != before
        before = status
    return count
