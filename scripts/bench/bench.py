"""What all rows share: settings, the outcomes so far, progress."""

import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.answers import BenchError
from bench.contenders import Contender
from bench.experiment import Experiment, Outcome
from bench.fleet import Fleet, Guest
from bench.models import ModelSpec
from bench.rounds import run_rounds

# Most of the machine's CPU that contenders may use while it is another's turn.
IDLE_SHARE = 0.02


@dataclass(frozen=True)
class Row:
    """A row of the table of targets.

    Attributes:
        num_experiments: how often it calls `Bench.measure`.
        expected_s: what it took with seven rounds on a machine of two cores; the shares matter.
    """

    name: str
    title: str
    run: Callable[["Bench"], Awaitable[None]]
    num_experiments: int
    expected_s: float


class Progress:
    """How much of a run is done, and how long the rest will take.

    Args:
        scale: how much longer than expected the rounds are, by their number.
    """

    def __init__(self, rows: Sequence[Row], scale: float) -> None:
        self._left = {row.name: row.expected_s * scale for row in rows}
        self._whole = dict(self._left)
        self._began = time.monotonic()

    def set(self, row: str, fraction: float) -> None:
        """So much of a row is done."""
        self._left[row] = self._whole[row] * max(0.0, 1 - fraction)

    def left(self) -> str:
        """Such as `about 12 min left`."""
        whole, left = sum(self._whole.values()), sum(self._left.values())
        done = whole - left
        elapsed = time.monotonic() - self._began
        # What was expected counts until enough has been seen.
        pace = (elapsed + 60) / (done + 60)
        minutes = left * pace / 60
        return f"about {minutes:.0f} min left" if minutes >= 1 else "less than a minute left"


@dataclass
class Bench:
    """One run of the benchmark.

    Attributes:
        is_quick: everything an eighth as long: it shows that the script works, and measures nothing.
        outcomes: by row.
        warnings: what makes the numbers doubtful.
    """

    models_dir: Path
    work: Path
    num_rounds: int
    progress: Progress
    is_quick: bool = False
    guests: Sequence[Guest] = ()
    outcomes: dict[str, list[Outcome]] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    row: str = ""
    _num_experiments: int = 1

    async def run_row(self, row: Row) -> None:
        """Run a row to its end, whatever becomes of it."""
        self.row, self._num_experiments = row.name, row.num_experiments
        self.outcomes[row.name] = []
        try:
            await row.run(self)
        except (BenchError, OSError) as error:
            outcome = Outcome(Experiment(row.title, row.title, "", [], []), failed=str(error))
            self.outcomes[row.name].append(outcome)
            say(f"  FAILED {row.title}: {error}")
        self.progress.set(row.name, 1)

    def scaled(self, count: int) -> int:
        """A number of tokens, small where the run is to be quick."""
        return max(8, count // 8) if self.is_quick else count

    def fleet(self, spec: ModelSpec) -> Fleet:
        """The contenders of a model."""
        say(f"{self.row}: {spec.name}, {spec.num_parameters / 1e6:.1f} M parameters")
        return Fleet(spec, self.models_dir, self.work / self.row)

    def contenders(self, fleet: Fleet) -> list[Contender]:
        """Ours, the limit, mlx-lm's server and the guests, started."""
        started: list[Contender] = [
            fleet.ours(),
            fleet.limit(),
            fleet.mlx_lm(),
            *map(fleet.guest, self.guests),
        ]
        self._check_same_blas(fleet)
        return started

    async def measure(self, experiment: Experiment, fleet: Fleet) -> Outcome:
        """Run a workload and keep its outcome."""
        say(f"  {experiment.title}")
        outcome = await run_rounds(experiment, fleet, self.num_rounds, self._report)
        self.outcomes[self.row].append(outcome)
        for name, message in outcome.refused.items():
            say(f"    {name} does not do this: {message}")
        for name, message in (outcome.broken | ({"": outcome.failed} if outcome.failed else {})).items():
            say(f"    FAILED {name}: {message}")
        for target in experiment.targets:
            verdict = outcome.judge(target)
            if verdict.summary is not None:
                say(f"    {target.label}: {verdict.summary.median:.3f} {target.demand} {verdict.word}")
        return outcome

    def warn(self, message: str) -> None:
        """Say it now and in the report."""
        if message not in self.warnings:
            self.warnings.append(message)
            say(f"WARNING: {message}")

    def _check_same_blas(self, fleet: Fleet) -> None:
        libraries = fleet.libraries()
        if len(set(map(tuple, libraries.values()))) > 1:
            self.warn(f"contenders use different BLAS libraries: {libraries}")

    def _report(self, outcome: Outcome) -> None:
        for name, sample in outcome.rounds[-1].items():
            if sample["idle_cpu"] > IDLE_SHARE:
                self.warn(
                    f"contenders used {sample['idle_cpu']:.1%} of the CPU while it was the turn of {name}"
                )
        done = len(self.outcomes[self.row]) + len(outcome.rounds) / self.num_rounds
        self.progress.set(self.row, done / self._num_experiments)
        shown = "; ".join(f"{name} {_headline(sample)}" for name, sample in outcome.rounds[-1].items())
        say(f"    round {len(outcome.rounds)}/{self.num_rounds}: {shown}; {self.progress.left()}")


def _headline(sample: dict[str, float]) -> str:
    if "tokens_per_s" in sample:
        return f"{sample['tokens_per_s']:.1f} tokens/s"
    shown = [(name, value) for name, value in sample.items() if not name.endswith("_cpu")]
    return ", ".join(f"{name} {value:.3g}" for name, value in shown[:6])


def say(line: str) -> None:
    """One line of progress."""
    print(line, file=sys.stderr, flush=True)
