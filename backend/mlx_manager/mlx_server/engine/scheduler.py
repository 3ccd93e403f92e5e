"""Who is read and who decodes next. Plain Python: it is tested without MLX."""

from collections import deque

from mlx_manager.mlx_server.engine.sequence import Sequence


class Scheduler:
    """First come, first served: one prompt is read at a time, between decode steps of all running rows.

    Args:
        max_rows: most sequences that are read or decode at once.
    """

    def __init__(self, max_rows: int) -> None:
        self.max_rows = max_rows
        self.waiting: deque[Sequence] = deque()
        self.prefilling: Sequence | None = None
        self.running: dict[int, Sequence] = {}

    @property
    def has_work(self) -> bool:
        """Whether a step would do anything."""
        return bool(self.waiting or self.prefilling or self.running)

    def submit(self, sequence: Sequence) -> None:
        """Queue a sequence behind those that wait."""
        self.waiting.append(sequence)

    def next_prefill(self) -> Sequence | None:
        """The sequence whose next chunk is to be read in this step; admits one if there is room."""
        if self.prefilling is None and self.waiting and len(self.running) < self.max_rows:
            self.prefilling = self.waiting.popleft()
        return self.prefilling

    def prefill_done(self) -> None:
        """The sequence that was read has its first token and decodes from now on."""
        assert self.prefilling is not None
        self.running[self.prefilling.sequence_id] = self.prefilling
        self.prefilling = None

    def remove(self, sequence_id: int) -> Sequence | None:
        """Take a sequence out, wherever it stands; None if it is not here (any more)."""
        if self.prefilling is not None and self.prefilling.sequence_id == sequence_id:
            sequence, self.prefilling = self.prefilling, None
            return sequence
        if (running := self.running.pop(sequence_id, None)) is not None:
            return running
        for sequence in self.waiting:
            if sequence.sequence_id == sequence_id:
                self.waiting.remove(sequence)
                return sequence
        return None
