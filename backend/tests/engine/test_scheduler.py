"""Turns between tenants, priority with patience, short prompts first, and removal from anywhere."""

from collections.abc import Callable

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from mlx_manager.mlx_server.engine.scheduler import Scheduler
from mlx_manager.mlx_server.engine.sequence import Sequence
from mlx_manager.mlx_server.engine.wire import Submit

Fits = Callable[[Sequence], bool]


def sequence(
    sequence_id: int,
    max_tokens: int = 2,
    stop_ids: list[int] | None = None,
    *,
    tenant: str = "",
    background: bool = False,
    prompt: int = 1,
) -> Sequence:
    request = Submit(sequence_id, [1] * prompt, max_tokens, stop_ids or [], 0.0, 0, 1.0, 0.0, 0)
    return Sequence(
        Submit(
            **{name: getattr(request, name) for name in request.__struct_fields__}
            | {"tenant": tenant, "background": background}
        )
    )


def anything(_: Sequence) -> bool:
    return True


def admitted(scheduler: Scheduler, fits: Fits = anything) -> list[int]:
    """Admit and read one by one; the order in which they came in."""
    order: list[int] = []
    while True:
        before = set(map(id, scheduler.reading))
        scheduler.admit(fits)
        new = [item for item in scheduler.reading if id(item) not in before]
        if not new:
            return order
        for item in new:
            order.append(item.sequence_id)
            scheduler.started(item)
            scheduler.remove(item.sequence_id)


def test_first_come_first_served() -> None:
    scheduler = Scheduler(2)
    assert not scheduler.has_work
    items = [sequence(index) for index in range(3)]
    for item in items:
        scheduler.submit(item)
    scheduler.admit(anything)
    assert scheduler.reading == items[:2]
    assert scheduler.next_read() is items[0]
    scheduler.started(items[0])
    assert scheduler.next_read() is items[1]
    scheduler.started(items[1])
    scheduler.admit(anything)
    assert scheduler.next_read() is None
    assert scheduler.remove(0) is items[0]
    assert scheduler.remove(0) is None
    scheduler.admit(anything)
    assert scheduler.next_read() is items[2]


def test_tenants_take_turns() -> None:
    scheduler = Scheduler(1)
    for index in range(28):
        scheduler.submit(sequence(index, tenant="a"))
    scheduler.admit(anything)  # a's first is in already
    for index in range(100, 104):
        scheduler.submit(sequence(index, tenant="b"))
    first = scheduler.reading[0]
    scheduler.started(first)
    scheduler.remove(first.sequence_id)
    order = [first.sequence_id, *admitted(scheduler)]
    assert len(order) == 32
    assert order.index(100) <= 2
    assert order.index(103) < order.index(7)  # before a's eighth
    assert [item for item in order if item < 100] == list(range(28))


def test_a_newcomer_gets_its_turn_after_those_who_wait() -> None:
    scheduler = Scheduler(1)
    for index, tenant in enumerate("aabbc"):
        scheduler.submit(sequence(index, tenant=tenant))
    assert admitted(scheduler) == [0, 2, 4, 1, 3]


def test_background_gives_way_but_not_for_ever() -> None:
    scheduler = Scheduler(1)
    scheduler.submit(sequence(900, background=True))
    for index in range(30):
        scheduler.submit(sequence(index))
    order = admitted(scheduler)
    assert order.index(900) == 8
    assert len(order) == 31


def test_nobody_overtakes_the_one_that_does_not_fit() -> None:
    scheduler = Scheduler(4)
    for index, size in enumerate([1, 9, 1]):
        scheduler.submit(sequence(index, size))
    assert admitted(scheduler, lambda item: item.request.max_tokens < 5) == [0]
    assert scheduler.num_waiting == 2
    assert admitted(scheduler) == [1, 2]


def test_a_short_prompt_does_not_wait_for_a_book_which_is_read_all_the_same() -> None:
    scheduler = Scheduler(4)
    book, question, background = (
        sequence(1, prompt=1000),
        sequence(2, prompt=10),
        sequence(3, prompt=2, background=True),
    )
    for item in (book, background, question):
        scheduler.submit(item)
    scheduler.admit(anything)
    chosen = [scheduler.next_read() for _ in range(12)]
    assert chosen[0] is question
    assert chosen.count(book) == 3
    assert background not in chosen
    question.is_restoring = True
    assert scheduler.next_read() is book


def test_why_a_sequence_ends() -> None:
    item = sequence(1, max_tokens=3, stop_ids=[7, 8])
    assert [item.take(token) for token in (1, 2, 3)] == ["", "", "length"]
    assert sequence(1, 1, [7]).take(7) == "stop"


class Model(RuleBasedStateMachine):
    """Compares the scheduler with plain lists."""

    @initialize(max_rows=st.integers(1, 4))
    def start(self, max_rows: int) -> None:
        """A new one."""
        self.scheduler = Scheduler(max_rows)
        self.waiting: set[int] = set()
        self.running: set[int] = set()
        self.last_id = 0

    @rule(tenant=st.sampled_from("ab"), background=st.booleans())
    def submit(self, tenant: str, background: bool) -> None:
        """A sequence comes."""
        self.last_id += 1
        self.scheduler.submit(sequence(self.last_id, tenant=tenant, background=background))
        self.waiting.add(self.last_id)

    @rule(fits=st.booleans())
    def admit(self, fits: bool) -> None:
        """Those come in for whom there is room."""
        before = {item.sequence_id for item in self.scheduler.reading}
        self.scheduler.admit(lambda _: fits)
        new = {item.sequence_id for item in self.scheduler.reading} - before
        assert new <= self.waiting
        assert fits or not new
        self.waiting -= new

    @rule()
    def read(self) -> None:
        """A prompt has been read."""
        if (chosen := self.scheduler.next_read()) is not None:
            self.scheduler.started(chosen)
            self.running.add(chosen.sequence_id)

    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        """Any of them goes, or one that is not there."""
        chosen = data.draw(st.integers(0, self.last_id + 1))
        reading = {item.sequence_id for item in self.scheduler.reading}
        removed = self.scheduler.remove(chosen)
        assert (removed is not None) == (chosen in self.waiting | self.running | reading)
        assert removed is None or removed.sequence_id == chosen
        self.waiting.discard(chosen)
        self.running.discard(chosen)

    @invariant()
    def agrees(self) -> None:
        """The same everywhere, and never more than `max_rows` that hold a cache."""
        if not hasattr(self, "scheduler"):
            return
        scheduler = self.scheduler
        assert scheduler.num_waiting == len(self.waiting)
        assert set(scheduler.running) == self.running
        assert len(scheduler.running) + len(scheduler.reading) <= scheduler.max_rows
        assert scheduler.has_work == bool(self.waiting or self.running or scheduler.reading)


TestModel = Model.TestCase
TestModel.settings = settings(
    derandomize=True, max_examples=60, stateful_step_count=40, deadline=None, database=None
)
