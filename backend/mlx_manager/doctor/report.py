"""Findings for people and for programs."""

import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Final, TextIO

from mlx_manager import __version__
from mlx_manager.doctor.finding import Finding, Level

_MARKS: Final = {Level.OK: "✓", Level.WARNING: "!", Level.PROBLEM: "✗"}
_PLAIN_MARKS: Final = {Level.OK: "+", Level.WARNING: "!", Level.PROBLEM: "x"}
_COLOURS: Final = {Level.OK: "32", Level.WARNING: "33", Level.PROBLEM: "31"}


class Printer:
    """Writes each finding as soon as it is there.

    Args:
        environ: `NO_COLOR` and `TERM` count.
    """

    def __init__(self, stream: TextIO, environ: Mapping[str, str] = os.environ) -> None:
        self._stream = stream
        self._encoding = stream.encoding or "ascii"
        self._has_colour = (
            stream.isatty() and not environ.get("NO_COLOR") and environ.get("TERM", "") != "dumb"
        )
        self._marks = _MARKS if self._can_write("✓✗") else _PLAIN_MARKS

    def show(self, finding: Finding) -> None:
        """A line, and one for the advice where there is some."""
        mark = self._marks[finding.level]
        if self._has_colour:
            mark = f"\x1b[{_COLOURS[finding.level]}m{mark}\x1b[0m"
        self._write(f"{mark} {finding.check}: {finding.message}")
        if finding.advice:
            self._write(f"    {finding.advice}")

    def conclude(self, findings: Sequence[Finding]) -> None:
        """How many of each there were."""
        problems, warnings = (count(findings, level) for level in (Level.PROBLEM, Level.WARNING))
        self._write("")
        self._write(f"{_number(problems, 'problem')}, {_number(warnings, 'warning')}")

    def _can_write(self, text: str) -> bool:
        try:
            text.encode(self._encoding)
        except (UnicodeEncodeError, LookupError):
            return False
        return True

    def _write(self, line: str) -> None:
        # Names of files and models may hold what the terminal cannot show.
        shown = line.encode(self._encoding, "backslashreplace").decode(self._encoding)
        print(shown, file=self._stream, flush=True)


class Progress:
    """Says on stderr what takes its time: one line that changes on a terminal, a line each elsewhere."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._is_terminal = self._stream.isatty()
        self._shown = ""

    def show(self, text: str) -> None:
        """What is being done now."""
        if not self._is_terminal:
            text = text.partition(",")[0]  # without how far it is
        if text != self._shown:
            self._shown = text
            self._stream.write(f"\r\x1b[K{text}" if self._is_terminal else f"{text}\n")
            self._stream.flush()

    def clear(self) -> None:
        """Make way for a finding."""
        if self._is_terminal and self._shown:
            self._stream.write("\r\x1b[K")
            self._stream.flush()
        self._shown = ""


def as_json(findings: Sequence[Finding]) -> str:
    """The whole report as one object."""
    worst = max((finding.level for finding in findings), key=list(Level).index, default=Level.OK)
    body = {"version": __version__, "status": worst, "findings": [asdict(found) for found in findings]}
    return json.dumps(body, indent=2)


def count(findings: Sequence[Finding], level: Level) -> int:
    """How many there are of a level."""
    return sum(finding.level is level for finding in findings)


def _number(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
