"""Outcomes as plain JSON: what `results.json` holds, and all that tables and plots are made from."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench.experiment import Outcome, Target

Document = dict[str, Any]

# Raised when a change makes older results unreadable.
_FORMAT = 1
_LINE = 120


def row_document(title: str, facts: Mapping[str, Any], outcomes: Sequence[Outcome]) -> Document:
    """One row of the table with everything that is known about its numbers."""
    return {"title": title, **facts, "experiments": [_experiment(outcome) for outcome in outcomes]}


def _experiment(outcome: Outcome) -> Document:
    experiment = outcome.experiment
    return {
        "short": experiment.short,
        "title": experiment.title,
        "model": experiment.model,
        "failed": outcome.failed,
        "refused": outcome.refused,
        "broken": outcome.broken,
        "errors": {arm.name: sorted(set(arm.errors))[:5] for arm in experiment.arms if arm.errors},
        "rounds": [
            {arm: {name: rounded(value) for name, value in sample.items()} for arm, sample in samples.items()}
            for samples in outcome.rounds
        ],
        "targets": [_target(outcome, target) for target in experiment.targets],
        "timelines": {name: asdict(timeline) for name, timeline in outcome.timelines.items()},
    }


def _target(outcome: Outcome, target: Target) -> Document:
    verdict = outcome.judge(target)
    summary = verdict.summary
    return {
        "label": target.label,
        "demand": target.demand,
        "bound": target.bound,
        "is_minimum": target.is_minimum,
        "is_ratio": target.bottom is not None,
        "metric": target.top.metric,
        "is_met": verdict.is_met,
        "reason": verdict.reason,
        "summary": None
        if summary is None
        else {name: rounded(value) for name, value in asdict(summary).items()},
    }


def rounded(value: float) -> float:
    """Six significant digits: more than any of it means."""
    return float(f"{value:.6g}")


def empty() -> Document:
    """Results without a row."""
    return {"format": _FORMAT, "rows": {}}


def read(file: Path) -> Document:
    """What an earlier run wrote; empty where there is nothing, or nothing in this format."""
    try:
        found = json.loads(file.read_text())
    except (OSError, ValueError):
        return empty()
    return found if isinstance(found, dict) and found.get("format") == _FORMAT else empty()


def write(file: Path, document: Document) -> None:
    """Readable, and not a line for each number."""
    file.write_text(_pretty(document, "") + "\n")


def _pretty(value: Any, margin: str) -> str:
    line = json.dumps(value, ensure_ascii=False)
    inner = margin + "  "
    if isinstance(value, dict) and len(line) > _LINE:
        items = [f"{json.dumps(name)}: {_pretty(entry, inner)}" for name, entry in value.items()]
        return "{\n" + ",\n".join(inner + item for item in items) + f"\n{margin}}}"
    if isinstance(value, list) and len(line) > _LINE and isinstance(value[0], dict):
        return "[\n" + ",\n".join(inner + _pretty(entry, inner) for entry in value) + f"\n{margin}]"
    return line
