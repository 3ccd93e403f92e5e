"""Who is admitted and who is read next. Plain Python: it is tested without MLX."""

from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from itertools import chain
from typing import Final

from mlx_manager.mlx_server.engine.sequence import Sequence

# A background request that so many others have overtaken goes first.
_PATIENCE: Final = 8
# Of so many chunks one goes to the prompt that has waited longest, however long it is.
_OLDEST_EVERY: Final = 4


class TurnQueue:
    """Tenants take turns; within a tenant first come is first served."""

    def __init__(self) -> None:
        self._tenants: OrderedDict[str, deque[Sequence]] = OrderedDict()

    def __len__(self) -> int:
        return sum(map(len, self._tenants.values()))

    def __iter__(self) -> Iterator[Sequence]:
        return chain.from_iterable(self._tenants.values())

    def push(self, sequence: Sequence) -> None:
        """Queue a sequence; a tenant that had nothing waiting goes behind the others."""
        self._tenants.setdefault(sequence.request.tenant, deque()).append(sequence)

    def peek(self) -> Sequence | None:
        """The sequence whose turn it is."""
        return next(iter(self._tenants.values()))[0] if self._tenants else None

    def pop(self) -> Sequence:
        """Take the sequence whose turn it is; its tenant goes behind the others."""
        tenant, queue = next(iter(self._tenants.items()))
        sequence = queue.popleft()
        if queue:
            self._tenants.move_to_end(tenant)
        else:
            del self._tenants[tenant]
        return sequence

    def remove(self, sequence_id: int) -> Sequence | None:
        """Take a sequence out of turn; None if it is not here."""
        for tenant, queue in self._tenants.items():
            for sequence in queue:
                if sequence.sequence_id == sequence_id:
                    queue.remove(sequence)
                    if not queue:
                        del self._tenants[tenant]
                    return sequence
        return None


class Scheduler:
    """Waiting, then being read, then running.

    Interactive sequences are admitted before background ones, tenants in turn. Nobody overtakes a
    sequence that has its turn and does not fit yet, or a large one would wait for ever. Of the
    prompts that are being read the one with least left goes first, so that a short question does
    not wait for a book; every so often the oldest does.

    Decisions depend on the order of calls alone, never on a clock.

    Args:
        max_rows: most sequences that are read or decode at once.
    """

    def __init__(self, max_rows: int) -> None:
        self.max_rows = max_rows
        self.reading: list[Sequence] = []
        self.running: dict[int, Sequence] = {}
        self._interactive = TurnQueue()
        self._background = TurnQueue()
        self._passed_over = 0
        self._chunks = 0

    @property
    def has_work(self) -> bool:
        """Whether a step would do anything."""
        return bool(self.num_waiting or self.reading or self.running)

    @property
    def num_waiting(self) -> int:
        """Sequences that have not been admitted."""
        return len(self._interactive) + len(self._background)

    @property
    def sequences(self) -> Iterator[Sequence]:
        """All that are here, in no order."""
        return chain(self._interactive, self._background, self.reading, self.running.values())

    def submit(self, sequence: Sequence) -> None:
        """Queue a sequence."""
        (self._background if sequence.request.background else self._interactive).push(sequence)

    def admit(self, fits: Callable[[Sequence], bool]) -> None:
        """Let sequences in while there is room for the one whose turn it is."""
        while len(self.reading) + len(self.running) < self.max_rows:
            queue = self._next_queue()
            if (sequence := queue.peek()) is None or not fits(sequence):
                return
            if queue is self._background:
                self._passed_over = 0
            elif self._background:
                self._passed_over += 1
            self.reading.append(queue.pop())

    def ready(self) -> list[Sequence]:
        """The sequences whose prompts can be read on, least left first, background ones last."""
        ready = [sequence for sequence in self.reading if not sequence.is_restoring]
        return sorted(ready, key=lambda sequence: (sequence.request.background, sequence.unread))

    def next_read(self) -> Sequence | None:
        """The sequence whose prompt gets the next chunk."""
        if not (ready := self.ready()):
            return None
        self._chunks += 1
        if self._chunks % _OLDEST_EVERY == 0:
            return next(sequence for sequence in self.reading if sequence in ready)
        return ready[0]

    def started(self, sequence: Sequence) -> None:
        """The sequence's prompt is read; it decodes from now on."""
        self.reading.remove(sequence)
        self.running[sequence.sequence_id] = sequence
        if sequence.trace is not None:
            sequence.trace.begin_decode()

    def remove(self, sequence_id: int) -> Sequence | None:
        """Take a sequence out, wherever it stands; None if it is not here (any more)."""
        removed = self._remove(sequence_id)
        if removed is not None and removed.trace is not None:
            removed.trace.end(len(removed.drawn_ids), has_finished=removed.has_finished)
        return removed

    def _remove(self, sequence_id: int) -> Sequence | None:
        if (running := self.running.pop(sequence_id, None)) is not None:
            return running
        for sequence in self.reading:
            if sequence.sequence_id == sequence_id:
                self.reading.remove(sequence)
                return sequence
        return self._interactive.remove(sequence_id) or self._background.remove(sequence_id)

    def _next_queue(self) -> TurnQueue:
        if not self._interactive:
            return self._background
        return self._background if self._background and self._passed_over >= _PATIENCE else self._interactive
