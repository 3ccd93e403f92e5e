"""`pool.md`: a table for each kind of measurement, and where and with what it was made."""

from collections.abc import Iterable, Mapping, Sequence
from statistics import median
from typing import Any

from bench.document import Document
from bench.report import table

from pool_measures.figures import Figure

_INTRODUCTION = """\
Written by `.venv/bin/python scripts/measure_pool.py`, which takes some minutes on a machine that should
do nothing else; do not edit. The numbers themselves are in [pool.json](pool.json). Each line has the
median and the smallest and largest of its runs. Where two things are compared, their runs alternate and
ratios are taken within a run. A target for a time or a ratio is met by the median, one for what is
counted by every run.

Models have random fp32 weights: 5 M parameters (21 MB), and 126 M where it says so (507 MB). Their
files are in the page cache. The server runs with its default settings where nothing else is said;
clients talk to it over HTTP."""

NOTES: Mapping[str, str] = {
    "load": """\
From `POST /admin/models/{id}/load` to its answer, beside `mlx_lm.load` in a process that has imported
mlx-lm and loaded models before, with the same BLAS and `mx.compile` off. Both read weights and
tokenizer; our worker also finds out whether the model batches correctly and what its KV cache takes,
once for each model and set of versions: the *first load*. A *later load* recalls that. The spare worker
is one that has done its imports and waits; without one a load starts a process. Each load is followed
by an unload, after which the process tree, a spare worker included, is held against what it was before
any load.""",
    "recovery": """\
A resident model's worker is killed with `kill -9`, and a request for one token is sent at once, again
and again until one is answered. The request that meets the death itself may be told of it; that costs a
try.""",
    "burst": """\
20 requests for a model that is not loaded, sent at the same moment, each for 4 tokens. Loads are
counted from the `state` events of `GET /admin/events`.""",
    "spread": """\
Requests for 2 tokens, 16 at a time, each for one of three models drawn at random (seeded), with
`MLX_SERVER_MAX_MODELS=2`. The rate's smallest and largest are of fifths of the run.""",
    "together": """\
Two copies of the model, 8 clients each, 128 new tokens: each copy alone, then both at once. The smaller
share is of the tokens that came while both were running.""",
    "death": """\
One model streams to one client: first alone, then beside a second model with 8 streams, whose worker is
then killed with `kill -9` and which is asked again at once, so that it is loaded again meanwhile. Gaps
are times between two arrivals of tokens in the first model's stream.""",
}


def markdown(document: Document) -> str:
    """The whole page."""
    rows: Mapping[str, Document] = document["rows"]
    lines = ["# The model pool, measured", "", _INTRODUCTION, ""]
    for name, row in rows.items():
        lines += [f"## {row['title']}", "", NOTES[name], "", *_results(row)]
        lines += [f"> Doubtful: {warning}." for warning in row["warnings"]] + [""] * bool(row["warnings"])
    if rows:
        lines += ["## Where this was measured", ""]
        # Sections that were measured by the same run share all of it.
        for first in {row["date"]: row for row in rows.values()}.values():
            lines += [_provenance([row for row in rows.values() if row["date"] == first["date"]]), ""]
    else:
        lines += ["No run has been recorded.", ""]
    return "\n".join(lines).rstrip() + "\n"


def _results(row: Mapping[str, Any]) -> list[str]:
    if row["failed"]:
        return [f"**Failed**: {row['failed'].splitlines()[0]}", ""]
    head = ["", "median", "min … max", "runs", "target", ""]
    return [*table(head, map(line, map(Figure.of_json, row["figures"]))), ""]


def line(figure: Figure) -> list[str]:
    """A figure's cells."""
    values = figure.values
    spread = "" if len(values) == 1 else f"{_shown(min(values))} … {_shown(max(values))}"
    demand = "" if figure.bound is None else f"≤ {figure.bound:g}"
    verdict = {None: "", True: "pass", False: "**miss**"}[figure.is_met]
    middle = f"{_shown(median(values))} {figure.unit}".rstrip()
    return [figure.label, middle, spread, str(len(values)), demand, verdict]


def _shown(value: float) -> str:
    """Three digits, or all of a whole number."""
    if value == round(value) or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def _provenance(rows: Sequence[Document]) -> str:
    """Of sections that were measured by the same run."""
    facts = rows[0]
    machine = facts["machine"]
    sections = ", ".join(f"{row['title']} ({row['took_s']:.0f} s)" for row in rows)
    packages = ", ".join(f"{name} {version}" for name, version in facts["versions"].items())
    return (
        f"{sections}: {facts['date']}, commit {facts['commit'] or 'unknown'}. {machine['processor']}, "
        f"{machine['cores']} cores, {machine['memory_gb']:g} GB, {machine['system']}, BLAS "
        f"{machine['blas'] or 'of the system'}, load average "
        f"{facts['load_average'][0]} at the start. {packages}."
    )


def failures(document: Document, names: Iterable[str]) -> list[str]:
    """What failed, as opposed to what was measured and missed its target."""
    rows = document["rows"]
    return [f"{name}: {rows[name]['failed']}" for name in names if rows[name]["failed"]]
