"""Drawing by plain strings: a page that is legible on light and on dark ground, text, lines, dots."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from math import ceil, floor, log10

_STYLE = """\
  <style>
    .page { fill: #ffffff } .grid { stroke: #d8dee4 } .axis { stroke: #8c959f } .band { fill: #eaeef2 }
    text { fill: #1f2328 } .soft { fill: #57606a }
    .c0 { fill: #0969da; stroke: #0969da } .c1 { fill: #bc4c00; stroke: #bc4c00 }
    .c2 { fill: #57606a; stroke: #57606a } .c3 { fill: #8250df; stroke: #8250df }
    .want { stroke: #1a7f37; stroke-width: 2 }
    text.c0, text.c1, text.c2, text.c3 { stroke: none }
    @media (prefers-color-scheme: dark) {
      .page { fill: #0d1117 } .grid { stroke: #2b3138 } .axis { stroke: #6e7681 } .band { fill: #1c2128 }
      text { fill: #e6edf3 } .soft { fill: #9aa4ae }
      .c0 { fill: #58a6ff; stroke: #58a6ff } .c1 { fill: #f0883e; stroke: #f0883e }
      .c2 { fill: #9aa4ae; stroke: #9aa4ae } .c3 { fill: #bc8cff; stroke: #bc8cff }
      .want { stroke: #3fb950 }
    }
  </style>"""
NUM_COLOURS = 4


@dataclass
class Drawing:
    """Shapes on a page, in pixels from its upper left corner."""

    width: int
    height: int
    label: str
    parts: list[str] = field(default_factory=list)

    def text(
        self, x: float, y: float, words: str, kind: str = "", *, anchor: str = "start", size: float = 13
    ) -> None:
        """Words; `anchor` is start, middle or end."""
        self.parts.append(
            f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}" text-anchor="{anchor}" font-size="{size:g}">'
            f"{escape(words)}</text>"
        )

    def line(self, x1: float, y1: float, x2: float, y2: float, kind: str) -> None:
        """A straight line."""
        self.parts.append(f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{kind}"/>')

    def dot(self, x: float, y: float, kind: str, radius: float = 4) -> None:
        """A filled circle."""
        self.parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:g}" class="{kind}"/>')

    def box(self, x: float, y: float, width: float, height: float, kind: str) -> None:
        """A filled rectangle."""
        self.parts.append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" class="{kind}"/>'
        )

    def render(self) -> str:
        """The file."""
        opening = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width} {self.height}" '
            f'font-family="-apple-system, \'Segoe UI\', Helvetica, Arial, sans-serif" role="img" '
            f'aria-label="{escape(self.label)}">'
        )
        page = f'<rect width="{self.width}" height="{self.height}" class="page"/>'
        return "\n".join([opening, _STYLE, page, *self.parts, "</svg>", ""])


@dataclass(frozen=True)
class LogScale:
    """Maps positive values to pixels by their logarithm; what is outside is drawn at the edge."""

    low: float
    high: float
    start: float
    end: float

    @classmethod
    def around(cls, values: Sequence[float], start: float, end: float) -> "LogScale":
        """With a margin around these values."""
        return cls(min(values) / 1.25, max(values) * 1.25, start, end)

    def __call__(self, value: float) -> float:
        """The pixel."""
        inside = min(max(value, self.low), self.high)
        part = (log10(inside) - log10(self.low)) / (log10(self.high) - log10(self.low))
        return self.start + part * (self.end - self.start)

    def ticks(self) -> list[float]:
        """Round values in between: powers of ten and as many between them as leave room."""
        powers = range(floor(log10(self.low)), ceil(log10(self.high)) + 1)
        for steps in ((1, 1.5, 2, 3, 5, 7), (1, 2, 5), (1, 3), (1,)):
            found = [step * 10.0**power for power in powers for step in steps]
            inside = [tick for tick in found if self.low <= tick <= self.high]
            if len(inside) <= 9:
                break
        return inside
