"""Whose prompt is read next, how much of it, and what becomes of it."""

import time
from collections.abc import Callable

from mlx_manager.mlx_server.engine.decoding import Decoder
from mlx_manager.mlx_server.engine.ledger import KVLedger
from mlx_manager.mlx_server.engine.pacing import Pacer
from mlx_manager.mlx_server.engine.prefixes import Prefixes
from mlx_manager.mlx_server.engine.reading import PromptReader
from mlx_manager.mlx_server.engine.sampling import make_sampler
from mlx_manager.mlx_server.engine.scheduler import Scheduler
from mlx_manager.mlx_server.engine.sequence import Sequence
from mlx_manager.mlx_server.engine.wire import Prefill, Report, Row, Steps


class Prefiller:
    """Reads the prompts of the sequences that are being read, and hands them to the decoder.

    Args:
        reader: feeds prompts to the model.
        pacer: says when several prompts may be read in one pause.
        scheduler: says whose turn it is.
        prefixes: where prompts are taken up, and kept.
        ledger: says which prompts may be read together.
        decoder: gets the sequences whose prompts are read, and those at fault.
        report: called with every report on a sequence, in order.
        can_join: whether equally long prompts may be read together.
        samples_on_host: see `make_sampler`.
    """

    def __init__(
        self,
        reader: PromptReader,
        pacer: Pacer,
        scheduler: Scheduler,
        prefixes: Prefixes,
        ledger: KVLedger,
        decoder: Decoder,
        report: Callable[[Report], None],
        *,
        can_join: bool,
        samples_on_host: bool,
    ) -> None:
        self._reader = reader
        self._pacer = pacer
        self._scheduler = scheduler
        self._prefixes = prefixes
        self._ledger = ledger
        self._decoder = decoder
        self._report = report
        self._can_join = can_join
        self._samples_on_host = samples_on_host

    def step(self) -> None:
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
            if (together := self._equals(sequence, is_decoding=is_decoding))[1:]:
                self._read_jointly(together)
            elif self._reader.can_end(sequence, self._prefixes.stops(sequence), is_decoding=is_decoding):
                self._read_end(sequence)
            else:
                self._read_chunk(sequence, is_decoding=is_decoding)
        except Exception as error:  # one sequence's fault must not end the others
            self._decoder.fail(together, error)

    def _begin(self, sequence: Sequence) -> bool:
        """Restore what the prefix cache has of the prompt; False while that is read from disk."""
        if not sequence.begun:
            if sequence.trace is not None:
                sequence.trace.begin_prefill()
            report = self._prefixes.restore(sequence)
            if sequence.is_restoring:
                return False
            if sequence.trace is not None:
                sequence.trace.cached_tokens = sequence.prefilled
            if report is not None:
                self._report(report)
        return True

    def _equals(self, sequence: Sequence, *, is_decoding: bool) -> list[Sequence]:
        """The sequences whose whole prompts can be read together with this one's."""
        if not self._can_join or sequence.prefilled:
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

    def _fit_together(self, sequences: list[Sequence]) -> bool:
        """Whether sequences that are being read may become one batch."""
        others = [sequence for sequence in self._scheduler.reading if sequence not in sequences]
        return self._ledger.fits([*self._decoder.rows, sequences], others)

    def _read_jointly(self, sequences: list[Sequence]) -> None:
        for sequence in sequences:
            sequence.note_chunk()
        merged = self._reader.read_jointly(sequences)
        for index, sequence in enumerate(sequences):
            self._prefixes.keep_prompt(
                sequence,
                lambda index=index: [layer.extract(index) for layer in merged],  # type: ignore[misc]
            )
        self._decoder.add(sequences, merged, is_merged=True)

    def _read_chunk(self, sequence: Sequence, *, is_decoding: bool) -> None:
        stops = self._prefixes.stops(sequence)
        if sequence.unread:
            sequence.note_chunk()
            end = self._reader.read_chunk(sequence, stops, is_decoding=is_decoding)
            self._prefixes.keep_prompt(sequence, lambda: sequence.cache)
            self._report(Prefill(sequence.sequence_id, end))
        if not sequence.unread:
            self._decoder.add([sequence], sequence.cache, is_merged=False)

    def _read_end(self, sequence: Sequence) -> None:
        sequence.note_chunk()
        logits = self._reader.read_end(sequence)
        sampler = make_sampler([sequence.sampling], on_host=self._samples_on_host)
        (token_id,), (logprobs,) = sampler.draw(logits).collect()
        finish = sequence.take(token_id)
        if finish:
            self._scheduler.remove(sequence.sequence_id)
        self._report(Prefill(sequence.sequence_id, sequence.prefilled))
        self._report(Steps([Row(sequence.sequence_id, token_id, finish, logprobs)]))
        self._prefixes.keep_prompt(sequence, lambda: sequence.cache)
        if not finish:
            self._decoder.add([sequence], sequence.cache, is_merged=False)
