"""The engine of one model: admits, decodes, reads, and says what it holds."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import mlx.core as mx

from mlx_manager.mlx_server.engine.decoding import Decoder
from mlx_manager.mlx_server.engine.drafting import Drafter
from mlx_manager.mlx_server.engine.groups import DecodeGroups
from mlx_manager.mlx_server.engine.guiding.desk import Guided
from mlx_manager.mlx_server.engine.ledger import KVLedger
from mlx_manager.mlx_server.engine.pacing import Pacer
from mlx_manager.mlx_server.engine.prefilling import Prefiller
from mlx_manager.mlx_server.engine.prefixes import Prefixes
from mlx_manager.mlx_server.engine.reading import PromptReader
from mlx_manager.mlx_server.engine.scheduler import Scheduler
from mlx_manager.mlx_server.engine.sequence import Sequence
from mlx_manager.mlx_server.engine.tracing import JobTrace
from mlx_manager.mlx_server.engine.wire import Budgets, Cancel, Pong, Report, RowFailed, SetBudget, Submit


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
        report: called with every report on a sequence, and with `Budgets`, in order.
        ledger: bounds the bytes of the sequences' caches.
        prefixes: keeps what was computed for prompts.
        trace_job: makes what is told of a traced job's phases, of its trace context and its number of prompt
            tokens; None where none is traced.
    """

    def __init__(
        self,
        model: Any,
        report: Callable[[Report], None],
        options: EngineOptions,
        ledger: KVLedger,
        prefixes: Prefixes,
        trace_job: Callable[[str, int], JobTrace] | None = None,
    ) -> None:
        self._report = report
        self._trace_job = trace_job
        self._ledger = ledger
        self._prefixes = prefixes
        self._scheduler = Scheduler(options.max_rows)
        self._groups = DecodeGroups(
            model,
            ledger,
            weight_bytes=options.weight_bytes,
            can_batch=options.can_batch,
            samples_on_host=options.samples_on_host,
        )
        pacer = Pacer(options.prefill_chunk_tokens)
        drafter = Drafter() if options.prompt_lookup else None
        self._decoder = Decoder(self._groups, self._scheduler, pacer, prefixes, drafter, report)
        self._prefiller = Prefiller(
            PromptReader(model, pacer, joins_ends=options.can_batch),
            pacer,
            self._scheduler,
            prefixes,
            ledger,
            self._decoder,
            report,
            can_join=options.can_join_prefill,
            samples_on_host=options.samples_on_host,
        )

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

    def handle(self, command: Submit | Guided | Cancel | SetBudget) -> None:
        """Take a command between two steps."""
        if isinstance(command, Guided):
            self._submit(Sequence(command.submit, guide=command.row))
            return
        if isinstance(command, SetBudget):
            self._set_budget(command)
            return
        if isinstance(command, Cancel):
            if self._scheduler.remove(command.sequence_id) is not None:
                self._decoder.drop_cancelled(command.sequence_id)
            return
        self._submit(Sequence(command))

    def _submit(self, sequence: Sequence) -> None:
        request = sequence.request
        if not self._ledger.can_ever_fit(sequence.most_tokens):
            needed, budget = self._ledger.row_bytes(sequence.most_tokens), self._ledger.budget_bytes
            self._report(RowFailed(sequence.sequence_id, f"its cache needs {needed} bytes of {budget}"))
            return
        if request.traceparent and self._trace_job is not None:
            sequence.trace = self._trace_job(request.traceparent, len(request.prompt_ids))
        self._scheduler.submit(sequence)

    def resume(self) -> None:
        """Look again for prefixes that were being read from disk."""
        for sequence in self._scheduler.reading:
            sequence.is_restoring = False

    def step(self) -> None:
        """Decode one token of every running row, then read a chunk, or a burst of short prompts."""
        self._scheduler.admit(self._fits)
        self._decoder.step()
        self._prefiller.step()

    def pong(self, number: int, active_bytes: int) -> Pong:
        """What the engine holds; with an integrity check where it is idle."""
        scheduler = self._scheduler
        return Pong(
            number,
            num_running=len(scheduler.reading) + len(scheduler.running),
            num_waiting=scheduler.num_waiting,
            kv_bytes=self._charged_bytes,
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
        if charged := self._charged_bytes:
            return f"{charged} bytes are charged"
        return self._prefixes.fault()

    def check_idle(self) -> None:
        """Assert that nothing has leaked when no sequence is here."""
        assert not (fault := self.fault()), fault

    @property
    def _charged_bytes(self) -> int:
        return self._ledger.charge(self._groups.rows, self._scheduler.reading)

    def _set_budget(self, command: SetBudget) -> None:
        # Whoever waits has been told that he fits; below his own row he never would again.
        rows = (self._ledger.row_bytes(sequence.most_tokens) for sequence in self._scheduler.sequences)
        least = max(self._charged_bytes, *rows, 1)  # 0 would be no bound
        self._ledger.budget_bytes = max(command.kv_budget_bytes, least)
        cache_budget_bytes = self._prefixes.set_budget(command.cache_budget_bytes)
        mx.clear_cache()  # MLX keeps what is freed for itself
        self._report(Budgets(self._ledger.budget_bytes, cache_budget_bytes))

    def _fits(self, sequence: Sequence) -> bool:
        return self._ledger.fits(self._groups.rows, [*self._scheduler.reading, sequence])
