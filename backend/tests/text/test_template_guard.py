"""A template that does not end, or eats memory, is stopped; nobody else notices."""

import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from test_tokenizer import chat, make_folder

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.mlx_server.domain.request import ChatMessage
from mlx_manager.mlx_server.text import template_guard
from mlx_manager.mlx_server.text.template_guard import (
    Excess,
    TemplateBounds,
    TemplateGuard,
    TemplateOverrun,
    Watchdog,
)
from mlx_manager.mlx_server.text.tokenizer import Tokenizer

AGES = 10**6
ENDLESS = "{% for a in range(99999) %}{% for b in range(99999) %}{{ a * b }}{% endfor %}{% endfor %}"
DOUBLING = "{% set n = namespace(s='x') %}{% for i in range(60) %}{% set n.s = n.s ~ n.s %}{% endfor %}"
# What a user says decides what the template does.
OBEDIENT = f"{{% if messages[0].content == 'loop' %}}{ENDLESS}{{% endif %}}{{{{ messages[0].content }}}}"


def user(content: str) -> ChatMessage:
    return ChatMessage("user", content)


def load(folder: Path, template: str, bounds: TemplateBounds | None = None) -> Tokenizer:
    tokenizer = Tokenizer.load(make_folder(folder, template=template))
    if bounds is not None:
        tokenizer.template_bounds = bounds
    return tokenizer


def refusal(ask: Callable[[], object]) -> str:
    with pytest.raises(ApiError) as caught:
        ask()
    assert (caught.value.code, caught.value.param) == (ErrorCode.CHAT_TEMPLATE_FAILED, "messages")
    return caught.value.message


def spin(until: float) -> None:
    while time.monotonic() < until:
        pass


@pytest.fixture
def often() -> Iterator[None]:
    """Threads take turns so often that an exception arrives at any bytecode."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def test_the_bounds_of_every_day() -> None:
    assert TemplateBounds() == TemplateBounds(timeout_s=5, growth_bytes=2**30)


def test_an_endless_loop(tmp_path: Path) -> None:
    tokenizer = load(tmp_path, OBEDIENT, TemplateBounds(timeout_s=0.2))
    for ask in (tokenizer.render, tokenizer.encode):
        message = refusal(lambda ask=ask: ask(chat(user("loop"))))
        assert message == "the chat template took longer than 0.2 s"
    tokenizer.template_bounds = TemplateBounds()
    assert tokenizer.encode(chat(user("hello"))).text == tokenizer.render(chat(user("hello"))) == "hello"


def test_a_string_that_doubles_itself(tmp_path: Path) -> None:
    tokenizer = load(tmp_path, DOUBLING, TemplateBounds(timeout_s=AGES, growth_bytes=200 * 2**20))
    message = refusal(lambda: tokenizer.render(chat(user("hello"))))
    assert message == "the chat template took too much memory, more than 209,715,200 bytes"


@pytest.mark.parametrize(
    "template",
    [
        "{{ ''.__class__ }}",
        "{{ ''['__class__'] }}",
        "{{ ''|attr('__class__') }}",
        "{{ messages.__class__.__mro__ }}",
        "{{ '{0.__class__}'.format(1) }}",
        "{{ raise_exception.__globals__ }}",
        "{% set _ = messages.append(1) %}",
    ],
)
def test_what_the_sandbox_withholds(tmp_path: Path, template: str) -> None:
    tokenizer = load(tmp_path, template + "{{ messages[0].content }}")
    try:
        shown = tokenizer.render(chat(user("hello")))
    except ApiError as error:
        shown = error.code.value
    assert shown in ("hello", ErrorCode.CHAT_TEMPLATE_FAILED)


def test_the_time_is_of_all_renderings_of_a_prompt_together(tmp_path: Path) -> None:
    """Looking for message ends renders, too; what raises there is not taken for a template's refusal."""
    template = f"{{% if add_generation_prompt %}}hello{{% else %}}{ENDLESS}{{% endif %}}"
    tokenizer = load(tmp_path, template, TemplateBounds(timeout_s=0.3))
    prompt = chat(user("hello"), ChatMessage("assistant", "world"), user("hello"))
    assert tokenizer.render(prompt) == "hello"
    assert refusal(lambda: tokenizer.encode(prompt)) == "the chat template took longer than 0.3 s"


def test_what_a_rendering_took_is_taken_from_the_next() -> None:
    left: list[float] = []

    class Recording(Watchdog):
        def run(self, render: Callable[[], Any], bounds: TemplateBounds) -> Any:
            left.append(bounds.timeout_s)
            return super().run(render, bounds)

    guard = TemplateGuard(TemplateBounds(timeout_s=100), Recording(poll_s=0.01))
    guard.run(lambda: spin(time.monotonic() + 0.1))
    with pytest.raises(ZeroDivisionError):
        guard.run(lambda: spin(time.monotonic() + 1 // 0))
    guard.run(lambda: None)
    assert left[0] == 100
    assert left[1] <= 99.9
    assert left[2] < left[1]


def test_of_many_one_is_stopped(tmp_path: Path) -> None:
    tokenizer = load(tmp_path, OBEDIENT, TemplateBounds(timeout_s=2))
    ended = threading.Event()

    def ask(content: str) -> int:
        count = 0
        while not ended.is_set():
            assert tokenizer.render(chat(user(content))) == content
            count += 1
        return count

    with ThreadPoolExecutor(9) as pool:
        others = [pool.submit(ask, f"hello {index}") for index in range(8)]
        looping = pool.submit(ask, "loop")
        wait([looping], timeout=120)
        ended.set()
        assert refusal(looping.result) == "the chat template took longer than 2 s"
        assert all(other.result() for other in others)


def test_of_many_one_is_stopped_for_its_memory() -> None:
    """It began before the others, as whoever grows has: what is normal ends in milliseconds."""
    watchdog, bounds = Watchdog(), TemplateBounds(timeout_s=AGES, growth_bytes=100 * 2**20)
    ended, holds = threading.Event(), threading.Event()

    def grow() -> None:
        held = []
        while True:
            held.append(bytes(bytearray(2**20)))
            holds.set()

    def rest() -> str:
        assert holds.wait(60)
        return watchdog.run(lambda: "rested" if ended.wait(120) else "waited in vain", bounds)

    with ThreadPoolExecutor(5) as pool:
        others = [pool.submit(rest) for _ in range(4)]
        growing = pool.submit(watchdog.run, grow, bounds)
        error = growing.exception(timeout=120)
        ended.set()
        assert isinstance(error, TemplateOverrun)
        assert error.excess is Excess.MEMORY
        assert [other.result() for other in others] == ["rested"] * 4


def test_an_overrun_is_what_comes_out_of_a_rendering_that_swallows_it() -> None:
    """Lost once, it is raised again."""
    watchdog, caught = Watchdog(poll_s=0.01), 0

    def swallow() -> None:
        nonlocal caught
        while True:
            try:
                spin(time.monotonic() + AGES)
            except TemplateOverrun:
                caught += 1
                if caught == 2:
                    raise

    with pytest.raises(TemplateOverrun):
        watchdog.run(swallow, TemplateBounds(timeout_s=0.05))
    assert caught == 2


def test_a_rendering_within_a_rendering_has_the_outer_bounds() -> None:
    watchdog = Watchdog(poll_s=0.01)

    def outer() -> str:
        watchdog.run(lambda: spin(time.monotonic() + 0.2), TemplateBounds(timeout_s=0.01))
        with pytest.raises(ZeroDivisionError):
            watchdog.run(lambda: 1 // 0, TemplateBounds())
        return watchdog.run(lambda: "inner", TemplateBounds())

    assert watchdog.run(outer, TemplateBounds(timeout_s=AGES)) == "inner"
    with pytest.raises(TemplateOverrun):
        watchdog.run(
            lambda: watchdog.run(lambda: spin(time.monotonic() + AGES), TemplateBounds(timeout_s=AGES)),
            TemplateBounds(timeout_s=0.05),
        )


def test_what_a_stopped_rendering_held_is_let_go() -> None:
    class Big:
        pass

    gone = threading.Event()

    def hold() -> None:
        big = Big()
        weak = weakref.finalize(big, gone.set)
        assert weak.alive
        spin(time.monotonic() + AGES)
        del big

    with pytest.raises(TemplateOverrun) as caught:
        Watchdog(poll_s=0.01).run(hold, TemplateBounds(timeout_s=0.05))
    assert gone.is_set()
    assert caught.value.__context__ is None


def run_interrupted(watchdog: Watchdog, act: Callable[[Any], None], at: int) -> bool:
    """Render while `act`, in another thread, gets the watch before the guard's bytecode number `at`.

    Returns:
        Whether there are so many.
    """
    watch: Any = None
    count = 0
    # Locks alone: whatever is written in Python could itself be interrupted half-way.
    go, done = threading.Lock(), threading.Lock()
    go.acquire()
    done.acquire()

    def help_out() -> None:
        go.acquire()
        if watch is not None:
            act(watch)
        done.release()

    helper = threading.Thread(target=help_out)
    helper.start()

    def trace(frame: FrameType, event: str, _: object) -> Any:
        nonlocal count
        if frame.f_code.co_filename != template_guard.__file__:
            return None
        frame.f_trace_opcodes = True
        count += event == "opcode" and watch is not None
        if event == "opcode" and count == at:
            go.release()
            done.acquire()
        return trace

    def render() -> str:
        nonlocal watch
        (watch,) = watchdog._watches.values()
        return "text"

    sys.settrace(trace)
    try:
        text = watchdog.run(render, TemplateBounds(timeout_s=AGES))
    except TemplateOverrun:
        text = "text"
    finally:
        sys.settrace(None)
    if count < at:
        watch = None
        go.release()
    helper.join()
    assert text == "text"
    assert watchdog._watches == {}
    return count >= at


@pytest.mark.parametrize("is_late", [False, True])
def test_an_overrun_at_each_bytecode_at_which_the_rendering_ends(is_late: bool) -> None:
    """Nothing is left over, also where the watchdog had looked before and acts now."""
    watchdog, seen = Watchdog(poll_s=AGES), []

    def act(watch: Any) -> None:
        seen.append(watch)
        if is_late:
            template_guard._stop(watch, Excess.TIME, time.monotonic())
        else:
            watchdog._look(time.monotonic() + 2 * AGES, 0)

    at = 1
    while run_interrupted(watchdog, act, at):
        at += 1
    assert len(seen) == at - 1 > 20  # of them some are before the end is settled, and some after
    assert any(watch.stopped_at is not None for watch in seen)
    assert any(watch.stopped_at is None for watch in seen)


@pytest.mark.usefixtures("often")
@pytest.mark.parametrize("num_threads", [1, 4])
def test_an_overrun_that_comes_as_the_rendering_ends(num_threads: int) -> None:
    """Whatever the moment, it is in the guard or nowhere, and the thread and the watchdog go on."""
    watchdog = Watchdog(poll_s=0.0001)

    def render(duration_s: float) -> str:
        spin(time.monotonic() + duration_s)
        return "text"

    def once(index: int) -> bool:
        duration_s = 0.0001 + index % 40 * 0.00001
        try:
            text = watchdog.run(lambda: render(duration_s), TemplateBounds(timeout_s=0.0003))
        except TemplateOverrun:
            return True
        assert text == "text"
        return False

    def many() -> int:
        stopped = 0
        for index in range(4000 // num_threads):
            stopped += once(index)
            for _ in range(20):  # an exception that came too late would be raised here
                pass
        return stopped

    with ThreadPoolExecutor(num_threads) as pool:
        results = [task.result(timeout=240) for task in [pool.submit(many) for _ in range(num_threads)]]
    assert 0 < sum(results) < 4000
    assert watchdog.run(lambda: "usable", TemplateBounds()) == "usable"


def test_the_watchdog_sleeps_while_nothing_renders() -> None:
    looked, num_looks = threading.Event(), 0

    class Counting(Watchdog):
        def _look(self, now: float, used_bytes: int) -> None:
            nonlocal num_looks
            num_looks += 1
            looked.set()

    watchdog = Counting(poll_s=0.001)
    assert watchdog.run(lambda: looked.wait(60), TemplateBounds())
    before = 0
    while before != num_looks:  # ends when it has not looked for so long; without sleep it never does
        before = num_looks
        time.sleep(0.2)
    looked.clear()
    assert watchdog.run(lambda: looked.wait(60), TemplateBounds())
