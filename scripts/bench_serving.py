"""What `make bench` does: measure our server beside its peers, and write tables and plots.

    python scripts/bench_serving.py                          # everything, results into docs/benchmarks
    python scripts/bench_serving.py --only small arrival     # some rows; the others' results are kept
    python scripts/bench_serving.py --command peer='peer-server --port {port} --model {model}' --only small
    python scripts/bench_serving.py --render                 # the tables and plots anew from results.json

Every contender computes with the same BLAS and without mx.compile; the machine should do nothing else.
"""

import argparse
import asyncio
import signal
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from bench import document, machine, plots, report
from bench.bench import Bench, Progress, say
from bench.fleet import Guest
from bench.models import default_models_dir
from bench.rows import ROWS

OUT = Path(__file__).resolve().parents[1] / "docs" / "benchmarks"
ROUNDS = 7
QUICK_ROUNDS = 2


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    rows = ", ".join(f"{row.name} ({row.title})" for row in ROWS.values())
    parser.add_argument("--only", nargs="+", choices=list(ROWS), metavar="ROW", help=rows)
    parser.add_argument("--rounds", type=int, help=f"rounds of each workload, {ROUNDS} without it")
    parser.add_argument("--quick", action="store_true", help="try the script out; the numbers mean nothing")
    parser.add_argument("--out", type=Path, default=OUT, help="where the results go")
    parser.add_argument("--models-dir", type=Path, default=default_models_dir(), help="where models are kept")
    parser.add_argument(
        "--url", action="append", default=[], metavar="NAME=URL[#MODEL]", help="another server"
    )
    parser.add_argument(
        "--command",
        action="append",
        default=[],
        metavar="NAME=COMMAND[#MODEL]",
        help="another server, started with {port} and {model} (a folder) filled in",
    )
    parser.add_argument("--render", action="store_true", help="measure nothing, write tables and plots anew")
    return parser.parse_args()


def guests(urls: Iterable[str], commands: Iterable[str]) -> list[Guest]:
    """Other servers, each `NAME=WHERE`, and after `#` the model's name in requests."""
    found = []
    for kind, given in [("url", url) for url in urls] + [("command", command) for command in commands]:
        name, separator, rest = given.partition("=")
        where, _, model = rest.partition("#")
        if not (name and separator and where) or (kind == "url" and not where.startswith("http://")):
            sys.exit(f"--{kind} {given}: expected NAME=http://… or NAME=COMMAND")
        where = where.rstrip("/").removesuffix("/v1")
        found.append(Guest(name, model=model, **{kind: where}))
    return found


def measure(chosen: argparse.Namespace) -> document.Document:
    """Run the rows; each row's results are written when it has ended."""
    rows = [ROWS[name] for name in chosen.only or ROWS]
    num_rounds = chosen.rounds or (QUICK_ROUNDS if chosen.quick else ROUNDS)
    progress = Progress(rows, (num_rounds + 1) / (ROUNDS + 1) / (8 if chosen.quick else 1))
    facts = machine.describe() | {"num_rounds": num_rounds}
    results = document.read(chosen.out / "results.json")
    with tempfile.TemporaryDirectory(prefix="mlx-bench-") as work, event_loop() as runner:
        bench = Bench(chosen.models_dir, Path(work), num_rounds, progress, chosen.quick)
        bench.guests = guests(chosen.url, chosen.command)
        for warning in machine.warnings(facts):
            bench.warn(warning)
        if chosen.quick:
            bench.warn("a quick run, which measures nothing")
        say(f"{len(rows)} rows, {num_rounds} rounds; {progress.left()}")
        for row in rows:
            runner.run(bench.run_row(row))
            measured = facts | {"warnings": list(bench.warnings)}
            results["rows"][row.name] = document.row_document(row.title, measured, bench.outcomes[row.name])
            write(chosen.out, results)
    return results


def event_loop() -> asyncio.Runner:
    """A runner with the fastest loop there is."""
    try:
        import uvloop
    except ImportError:
        return asyncio.Runner()
    return asyncio.Runner(loop_factory=uvloop.new_event_loop)


def write(out: Path, results: document.Document) -> None:
    """The three kinds of files, rows in the table's order."""
    out.mkdir(parents=True, exist_ok=True)
    results["rows"] = {name: results["rows"][name] for name in ROWS if name in results["rows"]}
    document.write(out / "results.json", results)
    made = plots.plots(results)
    for name, content in made.items():
        (out / name).write_text(content)
    (out / "results.md").write_text(report.markdown(results, made))


def main() -> int:
    chosen = arguments()
    if chosen.render:
        write(chosen.out, document.read(chosen.out / "results.json"))
        return 0
    # Ended as by Ctrl-C, so that no contender outlives us.
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        results = measure(chosen)
    except KeyboardInterrupt:
        return 130
    failed = report.failures(results, chosen.only or ROWS)
    for failure in failed:
        say(f"FAILED {failure}")
    say(f"Results: {chosen.out / 'results.md'}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
