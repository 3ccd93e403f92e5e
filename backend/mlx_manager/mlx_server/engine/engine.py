"""The step loop: admit, decode one token of every row, read a chunk of one prompt, report."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from mlx_manager.mlx_server.engine.batch import DecodeBatch, Drawn
from mlx_manager.mlx_server.engine.drafting import Drafter
from mlx_manager.mlx_server.engine.groups import DecodeGroups
from mlx_manager.mlx_server.engine.ledger import KVLedger
from mlx_manager.mlx_server.engine.pacing import Pacer
from mlx_manager.mlx_server.engine.prefixes import Prefixes
from mlx_manager.mlx_server.engine.reading import PromptReader
from mlx_manager.mlx_server.engine.sampling import LogitsError, make_sampler
from mlx_manager.mlx_server.engine.scheduler import Scheduler
from mlx_manager.mlx_server.engine.sequence import Sequence
from mlx_manager.mlx_server.engine.wire import Cancel, Pong, Prefill, Report, Row, RowFailed, Steps, Submit

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """How an engine runs its model.

    Attributes:
        can_batch: whether rows may decode together (see `probe`); else each has a batch of its own.
        can_join_prefill: whether equally long prompts may be read together.
        max_rows: most sequences that are read or decode at once.
        prefill_chunk_tokens: most prompt tokens read between two decode steps.
        weight_bytes: of the model.
        samples_on_host: whether tokens are drawn by the host (see `sampling`).
        prompt_lookup: whether a single greedy sequence is drafted for; its caches must be trimmable.
    """

    can_batch: bool
    can_join_prefill: bool
    max_rows: int
    prefill_chunk_tokens: int
    weight_bytes: int
    samples_on_host: bool
    prompt_lookup: bool = False


class Engine:
    """Generates for many sequences with one model. Everything here runs on the thread that owns MLX.

    Args:
        model: an mlx-lm model.
        report: called with every report on a sequence, in order.
        ledger: bounds the bytes of the sequences' caches.
        prefixes: keeps what was computed for prompts.
    """

    def __init__(
        self,
        model: Any,
        report: Callable[[Report], None],
        options: EngineOptions,
        ledger: KVLedger,
        prefixes: Prefixes,
    ) -> None:
        self._report = report
        self._options = options
        self._ledger = ledger
        self._prefixes = prefixes
        self._scheduler = Scheduler(options.max_rows)
        self._pacer = Pacer(options.prefill_chunk_tokens)
        self._reader = PromptReader(model, self._pacer)
        self._groups = DecodeGroups(
            model,
            ledger,
            weight_bytes=options.weight_bytes,
            can_batch=options.can_batch,
            samples_on_host=options.samples_on_host,
        )
        self._drafter = Drafter() if options.prompt_lookup else None
        self._untidy = False
        self._decoded_at = 0.0

    @property
    def has_work(self) -> bool:
        """Whether a step would do anything."""
        return self._scheduler.has_work and not self.is_waiting

    @property
    def is_waiting(self) -> bool:
        """Whether all that is left waits for the disk tier, whose reader will send a command."""
        scheduler = self._scheduler
        return (
            bool(scheduler.reading)
            and not scheduler.running
            and all(sequence.is_restoring for sequence in scheduler.reading)
        )

    def handle(self, command: Submit | Cancel) -> None:
        """Take a command between two steps."""
        if isinstance(command, Cancel):
            self._cancel(command.sequence_id)
            return
        sequence = Sequence(command)
        if not self._ledger.can_ever_fit(sequence.most_tokens):
            needed, budget = self._ledger.row_bytes(sequence.most_tokens), self._ledger.budget_bytes
            self._report(RowFailed(sequence.sequence_id, f"its cache needs {needed} bytes of {budget}"))
            return
        self._scheduler.submit(sequence)

    def resume(self) -> None:
        """Look again for prefixes that were being read from disk."""
        for sequence in self._scheduler.reading:
            sequence.is_restoring = False

    def step(self) -> None:
        """Decode one token of every running row, then read a chunk, or a burst of short prompts."""
        self._scheduler.admit(self._fits)
        self._decode()
        self._read()

    def pong(self, number: int, active_bytes: int) -> Pong:
        """What the engine holds; with an integrity check where it is idle."""
        scheduler = self._scheduler
        return Pong(
            number,
            num_running=len(scheduler.reading) + len(scheduler.running),
            num_waiting=scheduler.num_waiting,
            kv_bytes=self._ledger.charge(self._groups.rows, scheduler.reading),
            cache_bytes=self._prefixes.nbytes,
            active_bytes=active_bytes,
            fault="" if scheduler.has_work else self.fault(),
        )

    def fault(self) -> str:
        """What is wrong with an engine that should be idle; empty where nothing is."""
        if self._scheduler.has_work:
            return "sequences are left"
        if len(self._groups):
            return f"{len(self._groups)} batches are left"
        if charged := self._ledger.charge(self._groups.rows, self._scheduler.reading):
            return f"{charged} bytes are charged"
        return self._prefixes.fault()

    def check_idle(self) -> None:
        """Assert that nothing has leaked when no sequence is here."""
        assert not (fault := self.fault()), fault

    def _fits(self, sequence: Sequence) -> bool:
        return self._ledger.fits(self._groups.rows, [*self._scheduler.reading, sequence])

    def _fit_together(self, sequences: list[Sequence]) -> bool:
        """Whether sequences that are being read may become one batch."""
        others = [sequence for sequence in self._scheduler.reading if sequence not in sequences]
        return self._ledger.fits([*self._groups.rows, sequences], others)

    def _cancel(self, sequence_id: int) -> None:
        if self._scheduler.remove(sequence_id) is None:
            return
        if (batch := self._groups.batch_of(sequence_id)) is None:
            return
        try:
            self._report_rows(self._settle(batch))
            self._drop_ended(batch)
        except Exception as error:
            self._fail(batch.rows, error)

    # Decoding

    @property
    def _in_flight(self) -> bool:
        return any(batch.in_flight for batch in self._groups)

    def _decode(self) -> None:
        """One token of every row. Nothing is launched ahead where batches are about to change."""
        if not len(self._groups):
            self._decoded_at = 0.0
            return
        started = time.perf_counter()
        was_in_flight = self._in_flight
        draft = self._draft()
        run_ahead = not (self._scheduler.reading or self._untidy or draft is not None)
        for batch in self._groups:
            try:
                if draft and not batch.in_flight:
                    self._verify(batch, draft)
                else:
                    self._advance(batch, run_ahead)
            except Exception as error:  # a batch's fault must not end the others
                self._fail(batch.rows, error)
        if not self._in_flight:
            self._groups.tidy()
            self._untidy = False
        now = time.perf_counter()
        begun = self._decoded_at if was_in_flight and self._decoded_at else started
        self._pacer.note_steps(now - begun)
        self._decoded_at = now

    def _advance(self, batch: DecodeBatch, run_ahead: bool) -> None:
        if not batch.in_flight:
            batch.launch()
        if run_ahead and batch.can_run_ahead:
            batch.launch()
        rows = self._take(self._collect(batch))
        if any(row.finish for row in rows):
            rows += self._settle(batch)
            self._drop_ended(batch)
        if run_ahead and batch.rows and not batch.in_flight:
            batch.launch()
        self._report_rows(rows)

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

    # Reading

    def _read(self) -> None:
        """Read one chunk; or several short prompts whole, where that is worth a pause of the rest."""
        is_decoding = bool(self._scheduler.running)
        ready = [sequence for sequence in self._scheduler.ready() if not sequence.request.background]
        num_whole = self._pacer.num_in_pause(
            [(sequence.unread, sequence.prefilled) for sequence in ready], len(self._scheduler.running)
        )
        if not num_whole:
            if (sequence := self._scheduler.next_read()) is not None and self._begin(sequence):
                self._read_some(sequence, is_decoding=is_decoding)
            return
        started = time.perf_counter()
        for sequence in ready[:num_whole]:
            while sequence in self._scheduler.reading and self._begin(sequence):
                self._read_some(sequence, is_decoding=False)
        if is_decoding:
            self._pacer.note_pause(time.perf_counter() - started)

    def _read_some(self, sequence: Sequence, *, is_decoding: bool) -> None:
        """Read a chunk of a prompt, or all of several that are equally long.

        Args:
            is_decoding: whether rows wait for their next token, so that it must not take long.
        """
        together = [sequence]
        try:
            if len(sequence.request.prompt_ids) == 1:
                self._read_only_token(sequence)
            elif (together := self._equals(sequence, is_decoding=is_decoding))[1:]:
                self._read_jointly(together)
            else:
                self._read_chunk(sequence, is_decoding=is_decoding)
        except Exception as error:  # one sequence's fault must not end the others
            self._fail(together, error)

    def _begin(self, sequence: Sequence) -> bool:
        """Restore what the prefix cache has of the prompt; False while that is read from disk."""
        if not sequence.begun:
            report = self._prefixes.restore(sequence)
            if sequence.is_restoring:
                return False
            if report is not None:
                self._report(report)
        return True

    def _equals(self, sequence: Sequence, *, is_decoding: bool) -> list[Sequence]:
        """The sequences whose whole prompts can be read together with this one's."""
        if not self._options.can_join_prefill or sequence.prefilled:
            return [sequence]
        length = sequence.unread
        limit = self._reader.joint_limit(is_decoding=is_decoding) // max(length, 1)
        equals = [sequence]
        for other in list(self._scheduler.reading):
            if len(equals) >= limit:
                break
            if other is sequence or other.begun or other.is_restoring:
                continue
            if (
                len(other.request.prompt_ids) == length + 1
                and other.request.prompt_ids[:-1] != sequence.request.prompt_ids[:-1]
                and self._begin(other)
                and not other.prefilled
                and self._fit_together([*equals, other])
            ):
                equals.append(other)
        return equals

    def _read_jointly(self, sequences: list[Sequence]) -> None:
        merged = self._reader.read_jointly(sequences)
        for index, sequence in enumerate(sequences):
            self._prefixes.keep_prompt(
                sequence,
                lambda index=index: [layer.extract(index) for layer in merged],  # type: ignore[misc]
            )
        self._start(sequences, merged, is_merged=True)

    def _read_chunk(self, sequence: Sequence, *, is_decoding: bool) -> None:
        stops = self._prefixes.stops(sequence)
        if sequence.unread:
            end = self._reader.read_chunk(sequence, stops, is_decoding=is_decoding)
            self._prefixes.keep_prompt(sequence, lambda: sequence.cache)
            self._report(Prefill(sequence.sequence_id, end))
        if not sequence.unread:
            self._start([sequence], sequence.cache, is_merged=False)

    def _read_only_token(self, sequence: Sequence) -> None:
        logits = self._reader.read_only_token(sequence)
        sampler = make_sampler([sequence.sampling], on_host=self._options.samples_on_host)
        (token_id,), (logprobs,) = sampler.draw(logits).collect()
        sequence.num_fed = 1
        finish = sequence.take(token_id)
        if finish:
            self._scheduler.remove(sequence.sequence_id)
        else:
            self._start([sequence], sequence.cache, is_merged=False)
        self._report(Steps([Row(sequence.sequence_id, token_id, finish, logprobs)]))

    def _start(self, sequences: list[Sequence], cache: list[Any], *, is_merged: bool) -> None:
        """Let sequences decode whose prompts are read."""
        for sequence in sequences:
            sequence.cache = []
            sequence.num_fed = max(sequence.num_fed, sequence.prefilled)
            self._scheduler.started(sequence)
        self._groups.choose(sequences).add(sequences, cache, is_merged=is_merged)

    def _fail(self, sequences: list[Sequence], error: Exception) -> None:
        """End the sequences of a failed step, and go on with the rest."""
        failed = list(sequences)
        logger.exception("step failed for %d sequence(s)", len(failed))
        for sequence in failed:
            sequence.cache = []
            was_here = self._scheduler.remove(sequence.sequence_id) is not None
            if (batch := self._groups.batch_of(sequence.sequence_id)) is not None:
                # What shared a batch with a fault cannot be trusted.
                failed += [row for row in batch.rows if row not in failed]
                batch.clear()
            if was_here:
                self._report(RowFailed(sequence.sequence_id, f"{type(error).__name__}: {error}"))
        self._groups.drop_empty()
        self._untidy = True
