"""The plots, made from `results.json` alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from bench.document import Document
from bench.gap_plot import gap_plot
from bench.svg import NUM_COLOURS, Drawing, LogScale

_WIDTH = 900
_LINE = 24
_LABELS = 470
_MARGIN = 24
_HEAD = 64


@dataclass(frozen=True)
class Bar:
    """A value with its interval.

    Attributes:
        bound: what was demanded of it, or None.
        colour: number of its colour.
    """

    label: str
    middle: float
    low: float
    high: float
    bound: float | None
    colour: int


def plots(document: Document) -> dict[str, str]:
    """File names and contents; a plot without anything to show is left out."""
    rows: Mapping[str, Document] = document["rows"]
    made = {
        "ratios.svg": _bars(
            "Throughput: ratio of tokens per second, median of paired rounds with its 95 % interval",
            "ratio (logarithmic); the green tick is the target, orange misses it",
            _ratio_bars(rows),
            [],
        ),
        "ttft.svg": _bars(
            "Time to the first token: median of the rounds, smallest to largest",
            "milliseconds (logarithmic)",
            *_ttft_bars(rows),
        ),
        "gaps.svg": gap_plot(rows.get("arrival")),
    }
    return {name: content for name, content in made.items() if content}


def _ratio_bars(rows: Mapping[str, Document]) -> list[Bar]:
    bars = []
    for row in rows.values():
        for experiment in row["experiments"]:
            for target in experiment["targets"]:
                summary = target["summary"]
                if summary is None or not target["is_ratio"] or target["metric"] != "tokens_per_s":
                    continue
                label = f"{_short(experiment)}: {target['label']}"
                colour = 0 if target["is_met"] is not False else 1
                bars.append(
                    Bar(label, summary["median"], summary["low"], summary["high"], target["bound"], colour)
                )
    return bars


def _short(experiment: Document) -> str:
    return f"{str(experiment['model']).removeprefix('bench-llama-')}, {experiment['short']}"


def _ttft_bars(rows: Mapping[str, Document]) -> tuple[list[Bar], list[str]]:
    """One bar per arm and kind of first token; a colour per arm's contender."""
    bars, colours = [], dict[str, int]()
    kinds = {
        "ttft_s": "",
        "cold_ttft_s": " cold",
        "warm_ttft_s": " warm",
        "disk_ttft_s": " from disk",
        "ttft_idle_s": " idle",
        "ttft_busy_s": " busy",
    }
    for name in ("small", "large", "prefix", "restart", "arrival"):
        for experiment in rows.get(name, {"experiments": []})["experiments"]:
            arms = dict.fromkeys(arm for samples in experiment["rounds"] for arm in samples)
            for arm in arms:
                colour = colours.setdefault(arm, len(colours) % NUM_COLOURS)
                for metric, kind in kinds.items():
                    found = [
                        one[arm][metric] * 1000 for one in experiment["rounds"] if metric in one.get(arm, {})
                    ]
                    if found:
                        label = f"{_short(experiment)}: {arm}{kind}"
                        bars.append(Bar(label, median(found), min(found), max(found), None, colour))
    return bars, list(colours)


def _bars(title: str, unit: str, bars: Sequence[Bar], legend: Sequence[str]) -> str:
    if not bars:
        return ""
    height = _HEAD + _LINE * len(bars) + 48
    drawing = Drawing(_WIDTH, height, title)
    drawing.text(_MARGIN, 28, title, size=15)
    drawing.text(_MARGIN, 48, unit, "soft", size=12)
    for number, name in enumerate(legend):
        drawing.text(
            _WIDTH - _MARGIN - 110 * (len(legend) - number - 1),
            48,
            name,
            f"c{number % NUM_COLOURS}",
            anchor="end",
            size=12,
        )
    edges = [value for bar in bars for value in (bar.low, bar.high, bar.bound) if value]
    scale = LogScale.around(edges, _LABELS, _WIDTH - _MARGIN - 60)
    bottom = _HEAD + _LINE * len(bars)
    for tick in scale.ticks():
        drawing.line(scale(tick), _HEAD - 4, scale(tick), bottom, "axis" if tick == 1 else "grid")
        drawing.text(scale(tick), bottom + 18, f"{tick:g}", "soft", anchor="middle", size=12)
    for number, bar in enumerate(bars):
        _bar(drawing, scale, _HEAD + _LINE * number + _LINE / 2, bar)
    return drawing.render()


def _bar(drawing: Drawing, scale: LogScale, y: float, bar: Bar) -> None:
    kind = f"c{bar.colour}"
    drawing.text(_LABELS - 12, y + 4, bar.label, anchor="end", size=12)
    drawing.line(scale(bar.low), y, scale(bar.high), y, kind)
    drawing.dot(scale(bar.middle), y, kind)
    if bar.bound:
        drawing.line(scale(bar.bound), y - 9, scale(bar.bound), y + 9, "want")
    digits = 3 if bar.middle < 10 else 1 if bar.middle < 100 else 0
    shown = f"{bar.middle:,.{digits}f}"
    drawing.text(_WIDTH - _MARGIN, y + 4, shown, anchor="end", size=12)
