"""When each stream went on while a long prompt arrived: every pause as a dot."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from bench.document import Document
from bench.svg import NUM_COLOURS, Drawing, LogScale

_WIDTH = 900
_HEAD = 64
_PANEL = 240
_LEFT, _RIGHT = 80.0, 790.0
_MARGIN = 24
_MAX_DOTS = 2500

Gap = tuple[float, float]


@dataclass(frozen=True)
class Panel:
    """A contender's pauses; times in seconds since the prompt arrived.

    Attributes:
        gaps: when each pause ended, and its length in milliseconds.
        limit_ms: three times the median before the arrival.
    """

    name: str
    gaps: Sequence[Gap]
    joined_s: float
    ended_s: float
    limit_ms: float


@dataclass(frozen=True)
class _Axes:
    """Shared by all panels, so that they can be compared."""

    first_s: float
    last_s: float
    low_ms: float
    high_ms: float

    def x(self, now: float) -> float:
        return _LEFT + (now - self.first_s) / (self.last_s - self.first_s) * (_RIGHT - _LEFT)

    def scale(self, upper: float, lower: float) -> LogScale:
        return LogScale(self.low_ms, self.high_ms, lower, upper)


def gap_plot(row: Document | None) -> str:
    """The plot, or nothing where there is nothing to show."""
    experiments = row["experiments"] if row else []
    panels = [panel for experiment in experiments for panel in _panels(experiment)]
    if not panels:
        return ""
    title = f"Time between tokens: {experiments[0]['title']}; the last round"
    drawing = Drawing(_WIDTH, _HEAD + _PANEL * len(panels), title)
    drawing.text(_MARGIN, 28, title, size=15)
    note = (
        "a dot ends a pause in one stream; grey: the prompt is being read; green: 3 times the median before"
    )
    drawing.text(_MARGIN, 48, note, "soft", size=12)
    lengths = [value for panel in panels for value in (*(gap for _, gap in panel.gaps), panel.limit_ms)]
    axes = _Axes(
        min(now for panel in panels for now, _ in panel.gaps),
        max(panel.ended_s for panel in panels),
        min(lengths) / 1.25,
        max(lengths) * 1.25,
    )
    for number, panel in enumerate(panels):
        _draw(drawing, _HEAD + _PANEL * number, panel, axes, f"c{number % NUM_COLOURS}")
    return drawing.render()


def _panels(experiment: Document) -> Iterable[Panel]:
    for name, timeline in experiment["timelines"].items():
        undisturbed = [one[name]["gap_undisturbed_s"] for one in experiment["rounds"] if name in one]
        gaps = [(float(now), gap * 1000) for now, gap in timeline["gaps"] if gap > 0]
        if gaps and undisturbed:
            yield Panel(name, gaps, timeline["joined_s"], timeline["ended_s"], 3000 * median(undisturbed))


def _draw(drawing: Drawing, top: float, panel: Panel, axes: _Axes, kind: str) -> None:
    upper, lower = top + 14, top + 195
    scale = axes.scale(upper, lower)
    drawing.box(axes.x(0), upper, axes.x(panel.joined_s) - axes.x(0), lower - upper, "band")
    for tick in scale.ticks():
        drawing.line(_LEFT, scale(tick), _RIGHT, scale(tick), "grid")
        drawing.text(_LEFT - 8, scale(tick) + 4, f"{tick:g}", "soft", anchor="end", size=12)
    for now in round_seconds(axes.first_s, axes.last_s):
        drawing.text(axes.x(now), lower + 18, f"{now:g}", "soft", anchor="middle", size=12)
    drawing.line(_LEFT, scale(panel.limit_ms), _RIGHT, scale(panel.limit_ms), "want")
    for now, gap in thinned(panel.gaps):
        drawing.dot(axes.x(now), scale(gap), kind, 1.4)
    drawing.text(_RIGHT + 10, upper + 12, panel.name, kind, size=12)
    drawing.text(_LEFT - 8, upper - 4, "ms", "soft", anchor="end", size=12)
    drawing.text(_RIGHT + 10, lower + 18, "s since arrival", "soft", size=12)


def thinned(gaps: Sequence[Gap], most: int = _MAX_DOTS) -> list[Gap]:
    """The longest pauses all, of the rest so many that the file stays small."""
    longest = sorted(gaps, key=lambda pair: pair[1], reverse=True)
    if len(gaps) <= most:
        return longest
    kept = most // 2
    step = -(-(len(gaps) - kept) // (most - kept))
    return [*longest[:kept], *longest[kept::step]]


def round_seconds(first: float, last: float) -> list[float]:
    """Round times for an axis, ten at most."""
    steps = (size * 10**power for power in range(-2, 6) for size in (1, 2, 5))
    step = next(step for step in steps if (last - first) / step <= 9)
    start = -(-first // step)
    return [round((start + n) * step, 3) for n in range(11) if (start + n) * step <= last]
