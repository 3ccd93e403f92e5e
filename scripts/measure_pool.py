"""Measure the model pool, and write docs/pool.md and docs/pool.json.

    .venv/bin/python scripts/measure_pool.py                      # everything: some minutes
    .venv/bin/python scripts/measure_pool.py --only load death    # the others' results are kept
    .venv/bin/python scripts/measure_pool.py --quick              # try it out; nothing is written to docs
    .venv/bin/python scripts/measure_pool.py --render             # pool.md anew from pool.json

The machine should do nothing else meanwhile.
"""

import argparse
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import document, machine
from bench.answers import BenchError, Refused
from bench.models import default_models_dir
from pool_measures import crowds, deaths, loads, page, together
from pool_measures.figures import Figure
from pool_measures.run import Run

OUT = Path(__file__).resolve().parents[1] / "docs"
RUNS = 5
QUICK_RUNS = 1


@dataclass(frozen=True)
class Section:
    """A part of the page."""

    title: str
    measure: Callable[[Run], list[Figure]]


SECTIONS = {
    "load": Section("Load time and memory", loads.measure),
    "recovery": Section("From a worker's death to the next answer", deaths.recovery),
    "burst": Section("Simultaneous first requests", crowds.burst),
    "spread": Section("Three models, room for two", crowds.spread),
    "together": Section("Two models at once", together.measure),
    "death": Section("A stream while another model dies", deaths.gaps),
}


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    sections = ", ".join(f"{name} ({section.title})" for name, section in SECTIONS.items())
    parser.add_argument("--only", nargs="+", choices=list(SECTIONS), metavar="SECTION", help=sections)
    parser.add_argument("--runs", type=int, help=f"runs of what is repeated, {RUNS} without it")
    parser.add_argument("--quick", action="store_true", help="try the script out; the numbers mean nothing")
    parser.add_argument("--out", type=Path, help="where the results go")
    parser.add_argument("--models-dir", type=Path, default=default_models_dir(), help="where models are kept")
    parser.add_argument("--render", action="store_true", help="measure nothing, write the page anew")
    return parser.parse_args()


def measure(chosen: argparse.Namespace, out: Path, work: Path) -> document.Document:
    """Measure section by section; each one's results are written when it has ended."""
    results = document.read(out / "pool.json")
    num_runs = chosen.runs or (QUICK_RUNS if chosen.quick else RUNS)
    run = Run(chosen.models_dir, work, num_runs, chosen.quick)
    facts = machine.describe()
    facts["warnings"] = machine.warnings(facts)
    if chosen.quick:
        facts["warnings"].append("a quick run, which measures nothing")
    for warning in facts["warnings"]:
        run.say(f"WARNING: {warning}")
    for name in chosen.only or SECTIONS:
        results["rows"][name] = facts | _section(run, SECTIONS[name])
        write(out, results)
    return results


def _section(run: Run, section: Section) -> dict[str, Any]:
    run.say(section.title)
    began = time.monotonic()
    figures: list[Figure] = []
    failed = ""
    try:
        figures = section.measure(run)
    except (BenchError, Refused, OSError) as error:
        failed = str(error) or type(error).__name__
        run.say(f"FAILED {failed}")
    return {
        "title": section.title,
        "took_s": round(time.monotonic() - began, 1),
        "failed": failed,
        "figures": [figure.as_json() for figure in figures],
    }


def write(out: Path, results: document.Document) -> None:
    """The numbers and the page, sections in the page's order."""
    out.mkdir(parents=True, exist_ok=True)
    results["rows"] = {name: results["rows"][name] for name in SECTIONS if name in results["rows"]}
    document.write(out / "pool.json", results)
    (out / "pool.md").write_text(page.markdown(results))


def main() -> int:
    chosen = arguments()
    if chosen.render:
        out = chosen.out or OUT
        (out / "pool.md").write_text(page.markdown(document.read(out / "pool.json")))
        return 0
    # Ended as by Ctrl-C, so that no server outlives us.
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    with tempfile.TemporaryDirectory(prefix="mlx-pool-") as folder:
        work = Path(folder)
        out = chosen.out or (work / "docs" if chosen.quick else OUT)
        try:
            results = measure(chosen, out, work)
        except KeyboardInterrupt:
            return 130
        print(page.markdown(results))
    failed = page.failures(results, chosen.only or SECTIONS)
    for failure in failed:
        print(f"FAILED {failure}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
