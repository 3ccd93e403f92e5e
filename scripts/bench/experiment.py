"""One workload: who runs it, round by round, and what must come of it."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from bench.ratios import Summary, paired_ratios, summarise

Sample = dict[str, float]


@dataclass(frozen=True)
class Timeline:
    """Pauses between tokens around the arrival of a long prompt; times in seconds since it arrived.

    Attributes:
        gaps: when each pause ended, and its length.
        joined_s: when the prompt's own first token came.
        ended_s: when its answer ended.
    """

    gaps: Sequence[tuple[float, float]]
    joined_s: float
    ended_s: float


@dataclass(frozen=True)
class Arm:
    """Somebody doing something, once a round.

    Attributes:
        contender: who; the others are idle meanwhile, which is checked.
        run: given the round's number. Raises Refused where the contender cannot do it.
        errors: of requests that failed and were counted.
    """

    name: str
    contender: str
    run: Callable[[int], Awaitable[Sample]]
    errors: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Value:
    """A metric of an arm."""

    arm: str
    metric: str = "tokens_per_s"


@dataclass(frozen=True)
class Target:
    """A ratio of two values of each round, or one value, and its bound.

    Attributes:
        bound: None for what is told and not judged.
        words: what it is, where the names of arms do not say it.
    """

    top: Value
    bottom: Value | None = None
    bound: float | None = None
    is_minimum: bool = True
    words: str = ""

    @property
    def label(self) -> str:
        """Such as `ours ÷ limit`."""
        if self.words:
            return f"{self.top.arm}: {self.words}"
        if self.bottom is None:
            return f"{self.top.arm}: {self.top.metric}"
        if self.top.metric == self.bottom.metric:
            return f"{self.top.arm} ÷ {self.bottom.arm}"
        return f"{self.top.arm} {self.top.metric} ÷ {self.bottom.arm} {self.bottom.metric}"

    @property
    def demand(self) -> str:
        """Such as `≥ 0.90`."""
        return "" if self.bound is None else f"{'≥' if self.is_minimum else '≤'} {self.bound:g}"


@dataclass(frozen=True)
class Experiment:
    """A workload.

    Attributes:
        short: the title in a few words, for plots.
        warm_up: whether a round is run and thrown away first.
    """

    short: str
    title: str
    model: str
    arms: Sequence[Arm]
    targets: Sequence[Target]
    warm_up: bool = True


@dataclass
class Outcome:
    """What was measured.

    Attributes:
        rounds: per round and arm, its metrics.
        refused: arms that the contender does not do, with its message.
        broken: arms whose measurement is worthless, with the reason.
        failed: why there is no result at all, or empty.
    """

    experiment: Experiment
    rounds: list[dict[str, Sample]] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)
    failed: str = ""
    timelines: dict[str, Timeline] = field(default_factory=dict)

    def values(self, value: Value) -> list[float]:
        """The metric in every round; empty where there is none."""
        samples = [samples.get(value.arm, {}).get(value.metric) for samples in self.rounds]
        return [sample for sample in samples if sample is not None]

    def judge(self, target: Target) -> "Verdict":
        """The target's ratio and whether it is met."""
        needed = [target.top] + ([target.bottom] if target.bottom else [])
        out = self.refused | self.broken
        reason = self.failed or next((out[value.arm] for value in needed if value.arm in out), "")
        series = [self.values(value) for value in needed]
        if reason or not all(len(values) == len(self.rounds) > 0 for values in series):
            return Verdict(target, None, None, reason or "no rounds")
        values = paired_ratios(series[0], series[1]) if target.bottom else series[0]
        summary = summarise(values)
        if target.bound is None:
            return Verdict(target, summary, None, "")
        middle = summary.median
        is_met = middle >= target.bound if target.is_minimum else middle <= target.bound
        return Verdict(target, summary, is_met, "")


@dataclass(frozen=True)
class Verdict:
    """A target and what came of it.

    Attributes:
        is_met: None where nothing is demanded or nothing was measured.
    """

    target: Target
    summary: Summary | None
    is_met: bool | None
    reason: str

    @property
    def word(self) -> str:
        """`pass`, `miss`, `not measured` or nothing."""
        if self.reason:
            return "not measured" if self.target.bound is not None else ""
        return "" if self.is_met is None else "pass" if self.is_met else "**miss**"
