"""Decoding: one token of every running row, batch by batch."""

import logging
import time
from collections.abc import Callable
from typing import Any

from mlx_manager.mlx_server.engine.batch import DecodeBatch, Drawn
from mlx_manager.mlx_server.engine.drafting import Drafter
from mlx_manager.mlx_server.engine.groups import DecodeGroups
from mlx_manager.mlx_server.engine.pacing import Pacer
from mlx_manager.mlx_server.engine.prefixes import Prefixes
from mlx_manager.mlx_server.engine.sampling import LogitsError
from mlx_manager.mlx_server.engine.scheduler import Scheduler
from mlx_manager.mlx_server.engine.sequence import Sequence
from mlx_manager.mlx_server.engine.wire import Report, Row, RowFailed, Steps

logger = logging.getLogger(__name__)


class Decoder:
    """Draws tokens for the running sequences and ends those that are done, cancelled or at fault.

    Args:
        groups: the batches that decode in turn.
        scheduler: knows which sequences are still wanted.
        pacer: told how long steps take.
        prefixes: keeps conversations with their answers.
        drafter: drafts for a single greedy sequence; None to decode plainly.
        report: called with every report on a sequence, in order.
    """

    def __init__(
        self,
        groups: DecodeGroups,
        scheduler: Scheduler,
        pacer: Pacer,
        prefixes: Prefixes,
        drafter: Drafter | None,
        report: Callable[[Report], None],
    ) -> None:
        self._groups = groups
        self._scheduler = scheduler
        self._pacer = pacer
        self._prefixes = prefixes
        self._drafter = drafter
        self._report = report
        self._untidy = False
        # Whether a batch may begin to have a step in flight beyond the one that is collected.
        self._may_begin = True
        self._decoded_at = 0.0

    @property
    def rows(self) -> list[list[Sequence]]:
        """The running sequences, batch by batch."""
        return self._groups.rows

    def step(self) -> None:
        """One token of every row. Nothing is launched ahead where batches are about to change."""
        if not len(self._groups):
            self._decoded_at = 0.0
            return
        started = time.perf_counter()
        was_in_flight = self._in_flight
        draft = self._draft()
        self._may_begin = True
        run_ahead = not (self._scheduler.reading or self._untidy or draft is not None)
        for batch in self._groups:
            try:
                if draft and not batch.in_flight:
                    self._verify(batch, draft)
                else:
                    self._advance(batch, run_ahead)
            except Exception as error:  # a batch's fault must not end the others
                self.fail(batch.rows, error)
        if not self._in_flight:
            self._groups.tidy()
            self._untidy = False
        now = time.perf_counter()
        begun = self._decoded_at if was_in_flight and self._decoded_at else started
        self._pacer.note_steps(now - begun, is_calm=not self._scheduler.reading)
        self._decoded_at = now

    def add(self, sequences: list[Sequence], cache: list[Any], *, is_merged: bool) -> None:
        """Let sequences decode whose prompts are read."""
        for sequence in sequences:
            sequence.cache = []
            sequence.num_fed = max(sequence.num_fed, sequence.prefilled)
            self._scheduler.started(sequence)
        self._groups.choose(sequences).add(sequences, cache, is_merged=is_merged)

    def drop_cancelled(self, sequence_id: int) -> None:
        """Take a sequence out of its batch that the scheduler has let go; others get what is in flight."""
        if (batch := self._groups.batch_of(sequence_id)) is None:
            return
        try:
            self._report_rows(self._settle(batch))
            self._drop_ended(batch)
        except Exception as error:
            self.fail(batch.rows, error)

    def fail(self, sequences: list[Sequence], error: Exception) -> None:
        """End the sequences of a failed step, and go on with the rest."""
        failed = list(sequences)
        logger.exception("step failed for %d sequence(s)", len(failed))
        for sequence in failed:
            sequence.cache = []
            _note_fault(sequence, error)
            was_here = self._scheduler.remove(sequence.sequence_id) is not None
            if (batch := self._groups.batch_of(sequence.sequence_id)) is not None:
                # What shared a batch with a fault cannot be trusted.
                failed += [row for row in batch.rows if row not in failed]
                batch.clear()
            if was_here:
                self._report(RowFailed(sequence.sequence_id, f"{type(error).__name__}: {error}"))
        self._groups.drop_empty()
        self._untidy = True

    @property
    def _in_flight(self) -> bool:
        return any(batch.in_flight for batch in self._groups)

    def _advance(self, batch: DecodeBatch, run_ahead: bool) -> None:
        if not batch.in_flight or (run_ahead and batch.can_run_ahead):
            batch.launch()
        rows = self._take(self._collect(batch))
        if any(row.finish for row in rows):
            rows += self._settle(batch)
            self._drop_ended(batch)
        self._report_rows(rows)
        # One batch a step: where a launch computes at once, as on a CPU, it delays the others' tokens.
        if run_ahead and self._may_begin and batch.rows and not batch.in_flight:
            self._may_begin = False
            batch.launch()

    def _draft(self) -> list[int] | None:
        """A draft for the only sequence; empty where its text has none, None where it decodes plainly."""
        scheduler = self._scheduler
        if self._drafter is None or len(scheduler.running) != 1 or scheduler.reading or scheduler.num_waiting:
            return None
        (sequence,) = scheduler.running.values()
        return self._drafter.draft(sequence) if self._drafter.is_ready_for(sequence) else None

    def _verify(self, batch: DecodeBatch, draft: list[int]) -> None:
        assert self._drafter is not None
        (sequence,) = batch.rows
        greedy = batch.verify(draft)
        self._drafter.note(sequence, num_drafted=len(draft), num_accepted=len(greedy) - 1)
        rows: list[Row] = []
        for token_id in greedy:
            rows += self._take([(sequence, token_id, None)])
        if sequence.has_finished:
            # What was fed after the end is no part of the answer.
            batch.trim(max(sequence.num_fed - sequence.num_tokens, 0))
            sequence.num_fed = min(sequence.num_fed, sequence.num_tokens)
            self._drop_ended(batch)
        self._report_rows(rows)

    def _settle(self, batch: DecodeBatch) -> list[Row]:
        """Collect all that is in flight, so that rows may come and go."""
        rows: list[Row] = []
        if not any(row.sequence_id in self._scheduler.running for row in batch.rows):
            batch.abandon()
        while batch.in_flight:
            rows += self._take(self._collect(batch))
        return rows

    def _collect(self, batch: DecodeBatch) -> list[Drawn]:
        """What a step has drawn; a row whose logits are no numbers fails alone where that can be told."""
        try:
            return batch.collect()
        except LogitsError as error:
            at_fault = [batch.rows[index] for index in error.rows]
            if not batch.remove_at_fault(error.rows):
                raise
            for sequence in at_fault:
                _note_fault(sequence, error)
                if self._scheduler.remove(sequence.sequence_id) is not None:
                    self._report(RowFailed(sequence.sequence_id, f"LogitsError: {error}"))
            self._groups.drop_empty()
            self._untidy = True
            return self._collect(batch) if batch.in_flight else []

    def _take(self, drawn: list[Drawn]) -> list[Row]:
        """Give the tokens to their sequences; what came for a sequence that has ended is dropped."""
        rows: list[Row] = []
        for sequence, token_id, logprobs in drawn:
            if sequence.sequence_id in self._scheduler.running:
                finish = sequence.take(token_id)
                rows.append(Row(sequence.sequence_id, token_id, finish, logprobs))
                if finish:
                    self._scheduler.remove(sequence.sequence_id)
        return rows

    def _drop_ended(self, batch: DecodeBatch) -> None:
        """Take out the rows that have ended; those that came to their end are kept as prefixes."""
        ended = {row.sequence_id for row in batch.rows} - set(self._scheduler.running)
        for index, row in enumerate(batch.rows):
            if row.sequence_id in ended and row.has_finished:
                self._prefixes.keep_answer(row, lambda index=index: batch.row_cache(index))  # type: ignore[misc]
        batch.remove(ended)
        self._groups.drop_empty()
        self._untidy = True

    def _report_rows(self, rows: list[Row]) -> None:
        if rows:
            self._report(Steps(rows))


def _note_fault(sequence: Sequence, error: Exception) -> None:
    if sequence.trace is not None:
        sequence.trace.fault = type(error).__name__
