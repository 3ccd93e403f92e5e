"""Chat templates are programs out of a model's folder: one that does not end, or eats memory, is stopped."""

import ctypes
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final, TypeVar

import psutil

Result = TypeVar("Result")

_POLL_S: Final = 0.05
# An exception raised from outside is lost where it meets a finaliser; then it is raised again.
_AGAIN_S: Final = 1.0


class Excess(Enum):
    """What a rendering took too much of."""

    TIME = auto()
    MEMORY = auto()


class TemplateOverrun(BaseException):
    """A rendering was stopped. No `Exception`: nothing on its way takes it for a template's refusal."""

    def __init__(self, excess: Excess = Excess.TIME) -> None:
        super().__init__(excess)
        self.excess = excess


@dataclass(frozen=True, slots=True)
class TemplateBounds:
    """What the renderings of one prompt may take.

    Attributes:
        timeout_s: of all of them together.
        growth_bytes: of this process's memory, while one of them runs.
    """

    timeout_s: float = 5.0
    growth_bytes: int = 2**30

    def explain(self, excess: Excess) -> str:
        """One sentence for the caller."""
        if excess is Excess.TIME:
            return f"the chat template took longer than {self.timeout_s:g} s"
        return f"the chat template took too much memory, more than {self.growth_bytes:,} bytes"


@dataclass(slots=True)
class _Watch:
    """One rendering.

    Attributes:
        is_armed: whether its thread is ready for an exception.
        ending: held by the watchdog while it raises, and for good by a rendering that has ended.
        stopped_at: when the exception was last raised.
    """

    thread_id: int
    ends_at: float
    most_bytes: int
    began_at: float
    is_armed: bool = False
    # Its owner may take it twice: it can be interrupted between having it and knowing so.
    ending: "threading.RLock" = field(default_factory=threading.RLock)
    excess: Excess | None = None
    stopped_at: float | None = None


class Watchdog:
    """A thread that stops renderings in other threads; it sleeps while there are none.

    Args:
        poll_s: how often it looks at the clock and the memory.
    """

    def __init__(self, poll_s: float = _POLL_S) -> None:
        self._poll_s = poll_s
        self._process = psutil.Process()
        self._watches: dict[int, _Watch] = {}
        self._wake = threading.Condition()
        self._thread: threading.Thread | None = None

    def run(self, render: Callable[[], Result], bounds: TemplateBounds) -> Result:
        """What `render` returns. Within a call of `run` the outer one's bounds hold alone.

        Raises:
            TemplateOverrun: it went over a bound. Nothing is raised in this thread afterwards.
        """
        thread_id, now = threading.get_ident(), time.monotonic()
        if thread_id in self._watches:
            return render()
        most_bytes = self._used_bytes() + bounds.growth_bytes
        watch = _Watch(thread_id, now + bounds.timeout_s, most_bytes, now)
        try:
            try:
                self._begin(watch)
                return render()
            finally:
                self._end(watch)
        except TemplateOverrun:
            self._end(watch)  # it may have come amid the same line above
        # Outside the handler: the exception that was caught holds on to all that the template made.
        raise TemplateOverrun(watch.excess or Excess.TIME)

    def _begin(self, watch: _Watch) -> None:
        """Armed last: until then no exception can come between a lock and its release."""
        with self._wake:
            self._watches[watch.thread_id] = watch
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._work, name="template-watchdog", daemon=True)
                self._thread.start()
            self._wake.notify()
        watch.is_armed = True

    def _end(self, watch: _Watch) -> None:
        """Afterwards nothing is raised for this watch, and nothing is on its way.

        An exception may come at any line, so each may be run twice; a second one is a second away.
        """
        watch.is_armed = False
        watch.ending.acquire()
        if watch.stopped_at is not None:
            _await_arrival(watch.thread_id)
        self._watches.pop(watch.thread_id, None)

    def _work(self) -> None:
        while True:
            with self._wake:
                while not self._watches:
                    self._wake.wait()
            time.sleep(self._poll_s)
            self._look(time.monotonic(), self._used_bytes())

    def _look(self, now: float, used_bytes: int) -> None:
        watches = [watch for watch in list(self._watches.values()) if watch.is_armed]
        for watch in watches:
            if now > watch.ends_at:
                _stop(watch, Excess.TIME, now)
        # Memory is the process's, so whose it is can only be guessed: others end in milliseconds.
        if greedy := [watch for watch in watches if used_bytes > watch.most_bytes]:
            _stop(min(greedy, key=lambda watch: watch.began_at), Excess.MEMORY, now)

    def _used_bytes(self) -> int:
        used: int = self._process.memory_info().rss
        return used


class TemplateGuard:
    """The bounds of one prompt: each rendering has what the ones before have left of the time."""

    def __init__(self, bounds: TemplateBounds, watchdog: Watchdog | None = None) -> None:
        self.bounds = bounds
        self._left_s = bounds.timeout_s
        self._watchdog = watchdog or _WATCHDOG

    def run(self, render: Callable[[], Result]) -> Result:
        """What `render` returns. Raises TemplateOverrun."""
        began_at = time.monotonic()
        try:
            return self._watchdog.run(render, TemplateBounds(self._left_s, self.bounds.growth_bytes))
        finally:
            self._left_s -= time.monotonic() - began_at


def _stop(watch: _Watch, excess: Excess, now: float) -> None:
    if watch.stopped_at is not None and now < watch.stopped_at + _AGAIN_S:
        return
    if not watch.ending.acquire(blocking=False):
        return
    try:
        watch.excess = watch.excess or excess
        watch.stopped_at = now
        _raise_in(watch.thread_id)
    finally:
        watch.ending.release()


def _raise_in(thread_id: int) -> None:
    """Raise TemplateOverrun in a thread, at one of its next bytecodes; one that is on its way is replaced."""
    raised = ctypes.py_object(TemplateOverrun)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread_id), raised)


def _await_arrival(thread_id: int) -> None:
    """Leave this thread with no exception on its way.

    Python can take one back, but up to 3.12 the interpreter then looks for it for ever, which costs every
    thread time. So another replaces it, if it has not arrived yet, and is caught.
    """
    try:
        _raise_in(thread_id)
        while True:
            pass
    except TemplateOverrun:
        pass


# One for the process, as its threads and its memory are.
_WATCHDOG: Final = Watchdog()
