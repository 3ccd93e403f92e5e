"""What is shown on stderr while something takes its time: on a terminal only, where it goes away again."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from rich.progress import Progress, ProgressColumn


class Shown(Protocol):
    """Something that takes its time."""

    def update(
        self, *, what: str | None = None, done: float | None = None, total: float | None = None
    ) -> None:
        """Show another state of it; what is left out stays."""
        ...


class _Nothing:
    def update(
        self, *, what: str | None = None, done: float | None = None, total: float | None = None
    ) -> None:
        pass


class _Line:
    def __init__(self, progress: "Progress", what: str, total: float | None) -> None:
        self._progress = progress
        self._task = progress.add_task(what, total=total)

    def update(
        self, *, what: str | None = None, done: float | None = None, total: float | None = None
    ) -> None:
        stated = {"description": what, "completed": done, "total": total}
        changes = {name: value for name, value in stated.items() if value is not None}
        self._progress.update(self._task, **changes)  # type: ignore[arg-type]


@contextmanager
def waiting(what: str) -> Iterator[Shown]:
    """One line that counts the seconds."""
    if not sys.stderr.isatty():
        yield _Nothing()
        return
    from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    with _progress(columns) as progress:
        yield _Line(progress, what, None)


@contextmanager
def share_of(what: str) -> Iterator[Shown]:
    """A bar of a share from 0 to 1."""
    if not sys.stderr.isatty():
        yield _Nothing()
        return
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
    )
    with _progress(columns) as progress:
        yield _Line(progress, what, 1.0)


@contextmanager
def bytes_of(what: str) -> Iterator[Shown]:
    """A bar of bytes, with their speed and the time that is left."""
    if not sys.stderr.isatty():
        yield _Nothing()
        return
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(binary_units=True),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with _progress(columns) as progress:
        yield _Line(progress, what, None)


def _progress(columns: "tuple[ProgressColumn, ...]") -> "Progress":
    from rich.console import Console
    from rich.progress import Progress

    return Progress(*columns, console=Console(stderr=True), transient=True)
