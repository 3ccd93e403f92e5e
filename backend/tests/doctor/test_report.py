"""How findings are shown."""

import io
import json

from mlx_manager.doctor.finding import Finding, ok, problem, warning
from mlx_manager.doctor.report import Printer, Progress, as_json

FINDINGS: list[Finding] = [
    ok("a", "fine"),
    warning("b", "hm", "Do this."),
    problem("c", "broken", "Do that."),
]


class Stream(io.TextIOWrapper):
    """A file or terminal in memory."""

    def __init__(self, encoding: str, *, is_terminal: bool = False) -> None:
        super().__init__(io.BytesIO(), encoding=encoding, newline="")
        self._is_terminal = is_terminal

    def isatty(self) -> bool:
        return self._is_terminal

    @property
    def text(self) -> str:
        self.flush()
        self.seek(0)
        return self.read()


def shown(stream: Stream, **environ: str) -> str:
    printer = Printer(stream, environ)
    for finding in FINDINGS:
        printer.show(finding)
    printer.conclude(FINDINGS)
    return stream.text


def test_lines() -> None:
    assert shown(Stream("utf-8")) == (
        "✓ a: fine\n! b: hm\n    Do this.\n✗ c: broken\n    Do that.\n\n1 problem, 1 warning\n"
    )


def test_a_terminal_without_unicode() -> None:
    assert shown(Stream("ascii")).startswith("+ a: fine\n! b: hm\n    Do this.\nx c")
    stream = Stream("ascii")
    Printer(stream, {}).show(ok("a", "modèle"))
    assert stream.text == "+ a: mod\\xe8le\n"


def test_colours_on_a_terminal_only_and_not_against_a_wish() -> None:
    assert "\x1b[31m✗\x1b[0m c" in shown(Stream("utf-8", is_terminal=True))
    assert "\x1b" not in shown(Stream("utf-8"))
    assert "\x1b" not in shown(Stream("utf-8", is_terminal=True), NO_COLOR="1")
    assert "\x1b" not in shown(Stream("utf-8", is_terminal=True), TERM="dumb")


def test_json() -> None:
    body = json.loads(as_json(FINDINGS))
    assert body["status"] == "problem"
    assert body["findings"][1] == {"check": "b", "level": "warning", "message": "hm", "advice": "Do this."}
    assert json.loads(as_json([]))["status"] == "ok"


def test_progress() -> None:
    file, terminal = Stream("utf-8"), Stream("utf-8", is_terminal=True)
    for stream in (file, terminal):
        progress = Progress(stream)
        for text in ("demo: loading, 10%", "demo: loading, 20%", "demo: probing"):
            progress.show(text)
        progress.clear()
    assert file.text == "demo: loading\ndemo: probing\n"
    assert "20%" in terminal.text
    assert terminal.text.endswith("\r\x1b[K")
