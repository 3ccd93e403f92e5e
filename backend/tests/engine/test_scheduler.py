"""First come, first served, never too many, and removal from anywhere."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from mlx_manager.mlx_server.engine.scheduler import Scheduler
from mlx_manager.mlx_server.engine.sequence import Sequence
from mlx_manager.mlx_server.engine.wire import Submit


def sequence(sequence_id: int, max_tokens: int = 2, stop_ids: list[int] | None = None) -> Sequence:
    return Sequence(Submit(sequence_id, [1], max_tokens, stop_ids or [], 0.0, 0, 1.0, 0.0, 0))


def test_first_come_first_served() -> None:
    scheduler = Scheduler(2)
    assert not scheduler.has_work
    assert scheduler.next_prefill() is None
    items = [sequence(index) for index in range(3)]
    for item in items:
        scheduler.submit(item)
    assert scheduler.next_prefill() is items[0]
    assert scheduler.next_prefill() is items[0]
    scheduler.prefill_done()
    assert scheduler.next_prefill() is items[1]
    scheduler.prefill_done()
    assert scheduler.next_prefill() is None
    assert scheduler.remove(0) is items[0]
    assert scheduler.remove(0) is None
    assert scheduler.next_prefill() is items[2]


def test_why_a_sequence_ends() -> None:
    item = sequence(1, max_tokens=3, stop_ids=[7, 8])
    assert [item.finish_of(token) for token in (1, 2, 3)] == ["", "", "length"]
    assert sequence(1, 1, [7]).finish_of(7) == "stop"


class Model(RuleBasedStateMachine):
    """Compares the scheduler with plain lists."""

    @initialize(max_rows=st.integers(1, 4))
    def start(self, max_rows: int) -> None:
        """A new one."""
        self.scheduler = Scheduler(max_rows)
        self.waiting: list[int] = []
        self.reading: int | None = None
        self.running: list[int] = []
        self.last_id = 0

    @rule()
    def submit(self) -> None:
        """A sequence comes."""
        self.last_id += 1
        self.scheduler.submit(sequence(self.last_id))
        self.waiting.append(self.last_id)

    @rule()
    def read(self) -> None:
        """A chunk is read."""
        if self.reading is None and self.waiting and len(self.running) < self.scheduler.max_rows:
            self.reading = self.waiting.pop(0)
        chosen = self.scheduler.next_prefill()
        assert (chosen.sequence_id if chosen else None) == self.reading

    @rule()
    def finish_reading(self) -> None:
        """A prompt has been read."""
        if self.reading is not None:
            self.scheduler.prefill_done()
            self.running.append(self.reading)
            self.reading = None

    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        """Any of them goes, or one that is not there."""
        chosen = data.draw(st.integers(0, self.last_id + 1))
        known = {*self.waiting, *self.running, self.reading}
        removed = self.scheduler.remove(chosen)
        assert (removed is not None) == (chosen in known)
        assert removed is None or removed.sequence_id == chosen
        self.waiting = [item for item in self.waiting if item != chosen]
        self.running = [item for item in self.running if item != chosen]
        self.reading = None if self.reading == chosen else self.reading

    @invariant()
    def agrees(self) -> None:
        """The same everywhere, and never more than `max_rows` that hold a cache."""
        if not hasattr(self, "scheduler"):
            return
        scheduler = self.scheduler
        assert [item.sequence_id for item in scheduler.waiting] == self.waiting
        assert sorted(scheduler.running) == sorted(self.running)
        assert len(scheduler.running) + (scheduler.prefilling is not None) <= scheduler.max_rows
        assert scheduler.has_work == bool(self.waiting or self.running or self.reading is not None)


TestModel = Model.TestCase
TestModel.settings = settings(
    derandomize=True, max_examples=60, stateful_step_count=40, deadline=None, database=None
)
