"""The step loop: admit, read a chunk of one prompt, decode one token of every row, report."""

import logging
from collections.abc import Callable
from typing import Any

import mlx.core as mx
from mlx_lm.models.cache import make_prompt_cache

from mlx_manager.mlx_server.engine.batch import DecodeBatch
from mlx_manager.mlx_server.engine.sampling import draw_one
from mlx_manager.mlx_server.engine.scheduler import Scheduler
from mlx_manager.mlx_server.engine.sequence import Sequence
from mlx_manager.mlx_server.engine.wire import Cancel, Prefill, Report, Row, RowFailed, Steps, Submit

logger = logging.getLogger(__name__)


class Engine:
    """Generates for many sequences with one model. Everything here runs on the thread that owns MLX.

    Args:
        model: an mlx-lm model.
        report: called with every `Prefill`, `Steps` and `RowFailed`, in order.
        can_batch: whether rows may decode together (see `probe`); else they take turns.
        max_rows: most sequences that decode together.
        prefill_chunk_tokens: most prompt tokens read between two decode steps.
    """

    def __init__(
        self,
        model: Any,
        report: Callable[[Report], None],
        *,
        can_batch: bool,
        max_rows: int,
        prefill_chunk_tokens: int,
    ) -> None:
        self._model = model
        self._report = report
        self._chunk = prefill_chunk_tokens
        self._scheduler = Scheduler(max_rows if can_batch else 1)
        self._batch = DecodeBatch(model, can_batch=can_batch)

    @property
    def has_work(self) -> bool:
        """Whether a step would do anything."""
        return self._scheduler.has_work

    def handle(self, command: Submit | Cancel) -> None:
        """Take a command between two steps."""
        if isinstance(command, Submit):
            self._scheduler.submit(Sequence(command))
        elif self._scheduler.remove(command.sequence_id) is not None:
            self._batch.remove({command.sequence_id})

    def step(self) -> None:
        """Read at most one chunk, then decode one token of every running row."""
        if (sequence := self._scheduler.next_prefill()) is not None:
            try:
                self._read_chunk(sequence)
            except Exception as error:  # one sequence's fault must not end the others
                self._fail([sequence], error)
        if self._batch.rows:
            try:
                self._decode()
            except Exception as error:
                self._fail(list(self._batch.rows), error)

    def check_idle(self) -> None:
        """Assert that nothing has leaked when no sequence is here."""
        assert not self._scheduler.has_work
        assert not self._batch.rows

    def _read_chunk(self, sequence: Sequence) -> None:
        """Read the next chunk; with the prompt's last token comes the first drawn one.

        The last token is read alone, as mlx-lm's own loop does, so that the logits of a whole
        chunk are never computed.
        """
        prompt = sequence.request.prompt_ids
        if not sequence.cache:
            sequence.cache = make_prompt_cache(self._model)
        end = min(sequence.prefilled + self._chunk, len(prompt) - 1)
        if end > sequence.prefilled:
            self._model(mx.array([prompt[sequence.prefilled : end]]), cache=sequence.cache)
            mx.eval([layer.state for layer in sequence.cache])
            sequence.prefilled = end
            self._report(Prefill(sequence.sequence_id, end))
            if end < len(prompt) - 1:
                return
        logits = self._model(mx.array([prompt[-1:]]), cache=sequence.cache)[:, -1, :]
        first_id = draw_one(sequence.request, logits, 0)
        sequence.prefilled = len(prompt)
        self._start(sequence, first_id)

    def _start(self, sequence: Sequence, first_id: int) -> None:
        finish = sequence.finish_of(first_id)
        self._scheduler.prefill_done()
        if finish:
            self._scheduler.remove(sequence.sequence_id)
        else:
            self._batch.add(sequence, first_id)
        self._report(Steps([Row(sequence.sequence_id, first_id, finish)]))

    def _decode(self) -> None:
        rows = list(self._batch.rows)
        drawn = self._batch.step()
        told = [
            Row(row.sequence_id, token, row.finish_of(token)) for row, token in zip(rows, drawn, strict=True)
        ]
        finished = {row.sequence_id for row in told if row.finish}
        for sequence_id in finished:
            self._scheduler.remove(sequence_id)
        self._batch.remove(finished)
        self._report(Steps(told))

    def _fail(self, sequences: list[Sequence], error: Exception) -> None:
        """End the sequences of a failed step, and go on with the rest."""
        logger.exception("step failed for %d sequence(s)", len(sequences))
        for sequence in sequences:
            self._scheduler.remove(sequence.sequence_id)
            sequence.cache = []
        self._batch.remove({sequence.sequence_id for sequence in sequences})
        for sequence in sequences:
            self._report(RowFailed(sequence.sequence_id, f"{type(error).__name__}: {error}"))
