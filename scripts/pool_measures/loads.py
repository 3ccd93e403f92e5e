"""How long a load takes beside a bare `mlx_lm.load`, and whether an unload gives everything back."""

import json
import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from bench.answers import BenchError
from bench.models import LARGE, SMALL
from bench.processes import Child

from pool_measures.figures import Figure, ratio, seconds
from pool_measures.run import Run
from pool_measures.servers import Footprint, PoolServer

MOST_TIMES_BARE = 1.3
MOST_GROWTH_PERCENT = 5.0
KINDS = ("first load", "later load", "later load without a spare worker")


class BareLoader:
    """`pool_measures.bare` in a process of its own."""

    def __init__(self, models: Sequence[Path], log: Path) -> None:
        command = [sys.executable, "-m", "pool_measures.bare", *map(str, models)]
        self._child = Child(command, log, piped=True)

    def load(self, model: Path) -> float:
        """Seconds of one load."""
        stdin = self._child.process.stdin
        assert stdin is not None
        stdin.write(f"{model}\n")
        stdin.flush()
        return float(self._read()["load_s"])

    def wait_ready(self) -> None:
        """Wait until it has loaded everything once."""
        self._read()

    def end(self) -> None:
        """End the process."""
        self._child.end()

    def _read(self) -> dict[str, Any]:
        stdout = self._child.process.stdout
        assert stdout is not None
        if not (line := stdout.readline()):
            raise BenchError(f"the bare loader has ended:\n{self._child.read_log()[-2000:]}")
        reply: dict[str, Any] = json.loads(line)
        return reply


@contextmanager
def bare_loader(run: Run, models: Sequence[Path]) -> Iterator[BareLoader]:
    """A bare loader that is warm, ended on leaving."""
    loader = BareLoader(models, run.work / "bare-log")
    try:
        loader.wait_ready()
        yield loader
    finally:
        loader.end()


@dataclass
class Loads:
    """What one model's loads took in each run, in seconds."""

    bare: list[float] = field(default_factory=list)
    ours: dict[str, list[float]] = field(default_factory=lambda: {kind: [] for kind in KINDS})

    def figures(self, name: str) -> Iterator[Figure]:
        """The times, and their ratios to the bare load."""
        yield seconds(f"{name}: bare `mlx_lm.load`", self.bare)
        for kind, values in self.ours.items():
            yield seconds(f"{name}: {kind}", values)
        for kind, values in self.ours.items():
            bound = MOST_TIMES_BARE if kind == "later load" else None
            yield ratio(f"{name}: {kind} ÷ bare", values, self.bare, bound)


def measure(run: Run) -> list[Figure]:
    """Both benchmark models, with and without a spare worker."""
    names = {"5 M": run.model(SMALL), "126 M": run.model(LARGE)}
    models = list(names.values())
    loads = {name: Loads() for name in names}
    footprints: list[Footprint] = []
    without_spare = {"MLX_SERVER_SPARE_WORKER": "false"}
    with (
        bare_loader(run, models) as bare,
        run.server(models) as server,
        run.server(models, without_spare) as spareless,
    ):
        server.wait_spare()
        before = server.footprint()
        # Each server imports its tokenizers with its first load, and starts one worker to meet the device.
        very_first = _load_once(server, models[0])
        for model in models:
            _load_once(spareless, model)
        for number in range(run.num_runs):
            for name, model in names.items():
                _measure_model(server, spareless, bare, model, loads[name], footprints, number)
                run.say(f"load {number + 1}/{run.num_runs}, {name}: {_last(loads[name])}")
        server.wait_spare()
        footprints.append(server.footprint())
    return [
        *(figure for name, measured in loads.items() for figure in measured.figures(name)),
        seconds("5 M: a server's very first load", [very_first]),
        *_growth(before, footprints, run.num_runs),
    ]


def _growth(before: Footprint, after: Sequence[Footprint], num_runs: int) -> Iterator[Figure]:
    """What loads and unloads have left behind; the first of them was the server's very first."""

    def percent(values: Iterable[int]) -> tuple[float, ...]:
        return tuple(100 * value / before.total for value in values)

    last = after[-1]
    whole = f"growth after {2 * num_runs} loads and unloads of each model"
    yield Figure("footprint before any load", "MB", (before.total / 1e6,))
    yield Figure("its growth, after each unload", "%", percent(each.total - before.total for each in after))
    yield Figure(f"its {whole}", "%", percent([last.total - before.total]), MOST_GROWTH_PERCENT)
    yield Figure("of that, the server's own process", "%", percent([last.server - before.server]))
    yield Figure("of that, since the first unload", "%", percent([last.total - after[0].total]))


def _measure_model(
    server: PoolServer,
    spareless: PoolServer,
    bare: BareLoader,
    model: Path,
    loads: Loads,
    footprints: list[Footprint],
    number: int,
) -> None:
    """One run: the bare load is before ours and after them in turns."""
    first, later, alone = KINDS
    server.wait_spare()  # its imports would take the processor
    loads.ours[alone].append(_load_once(spareless, model))
    if number % 2 == 0:
        loads.bare.append(bare.load(model))
    for kind in (first, later):
        server.wait_spare()
        footprints.append(server.footprint())
        if kind == first:
            shutil.rmtree(server.home / "probes", ignore_errors=True)
        loads.ours[kind].append(_load_once(server, model))
    if number % 2:
        loads.bare.append(bare.load(model))


def _load_once(server: PoolServer, model: Path) -> float:
    took = server.load(model.name)
    server.unload(model.name)
    return took


def _last(loads: Loads) -> str:
    ours = ", ".join(f"{kind} {values[-1]:.3f}" for kind, values in loads.ours.items())
    ratios = [ours / bare for ours, bare in zip(loads.ours["later load"], loads.bare, strict=True)]
    return f"bare {loads.bare[-1]:.3f} s, {ours}; later ÷ bare {median(ratios):.2f} so far"
