"""An engine, what it reports, and what mlx-lm's own loop says about the same prompts."""

from collections.abc import Callable, Iterable
from typing import Any

import mlx.core as mx
import numpy as np
from mlx_lm.generate import generate_step

from mlx_manager.mlx_server.engine.device import samples_on_host
from mlx_manager.mlx_server.engine.engine import Engine, EngineOptions
from mlx_manager.mlx_server.engine.ledger import KVLedger, KVSize
from mlx_manager.mlx_server.engine.prefix_cache.prefix_cache import PrefixCache
from mlx_manager.mlx_server.engine.prefixes import Prefixes
from mlx_manager.mlx_server.engine.tracing import JobTrace
from mlx_manager.mlx_server.engine.wire import (
    Budgets,
    Cancel,
    Prefill,
    Report,
    Restored,
    RowFailed,
    SetBudget,
    Steps,
    Submit,
    TokenLogprobs,
)

NEAR_TIE = 1e-3
ONE_BYTE = KVSize(1, 0)


def submit(sequence_id: int, prompt: Iterable[int], max_tokens: int = 8, **fields: Any) -> Submit:
    """A request; greedy unless `fields` say otherwise."""
    values: dict[str, Any] = {
        "stop_ids": [],
        "temperature": 0.0,
        "top_k": 0,
        "top_p": 1.0,
        "min_p": 0.0,
        "seed": sequence_id,
    }
    return Submit(sequence_id, list(prompt), max_tokens, **(values | fields))


class Calls:
    """A model that notes the shape of every call, and can be told to fail."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self.shapes: list[tuple[int, int]] = []
        self.poison: int | None = None
        self.fails = False

    @property
    def layers(self) -> Any:
        """What `make_prompt_cache` asks for."""
        return self._model.layers

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)

    def __call__(self, ids: mx.array, cache: Any = None) -> mx.array:
        self.shapes.append((ids.shape[0], ids.shape[1]))
        if self.poison is not None and self.poison in np.array(ids).ravel().tolist():
            raise RuntimeError("poisoned")
        if self.fails:
            raise RuntimeError("failing")
        logits: mx.array = self._model(ids, cache=cache)
        return logits


class Harness:
    """Runs an engine and keeps its reports by sequence."""

    def __init__(
        self,
        model: Any,
        *,
        can_batch: bool = True,
        can_join_prefill: bool = True,
        max_rows: int = 4,
        chunk: int = 16,
        weight_bytes: int = 1 << 40,
        kv_size: KVSize = ONE_BYTE,
        kv_budget_bytes: int = 0,
        prefix_cache: PrefixCache | None = None,
        on_host: bool | None = None,
        prompt_lookup: bool = False,
        trace_job: Callable[[str, int], JobTrace] | None = None,
    ) -> None:
        self.tokens: dict[int, list[int]] = {}
        self.logprobs: dict[int, list[TokenLogprobs | None]] = {}
        self.finish: dict[int, str] = {}
        self.failed: dict[int, str] = {}
        self.prefill: dict[int, list[int]] = {}
        self.restored: dict[int, Restored] = {}
        self.budgets: list[Budgets] = []
        self.reported: list[int] = []
        self.most_rows = 0
        options = EngineOptions(
            can_batch=can_batch,
            can_join_prefill=can_join_prefill,
            max_rows=max_rows,
            prefill_chunk_tokens=chunk,
            weight_bytes=weight_bytes,
            samples_on_host=samples_on_host() if on_host is None else on_host,
            prompt_lookup=prompt_lookup,
        )
        ledger = KVLedger(kv_size, kv_budget_bytes)
        self.engine = Engine(model, self._report, options, ledger, Prefixes(prefix_cache), trace_job)

    def _report(self, report: Report) -> None:
        match report:
            case Steps(rows=rows):
                self.most_rows = max(self.most_rows, len(rows))
                for row in rows:
                    assert row.sequence_id not in self.finish
                    self.reported.append(row.sequence_id)
                    self.tokens.setdefault(row.sequence_id, []).append(row.token_id)
                    self.logprobs.setdefault(row.sequence_id, []).append(row.logprobs)
                    if row.finish:
                        self.finish[row.sequence_id] = row.finish
            case Prefill(sequence_id=sequence_id, done_tokens=done):
                self.prefill.setdefault(sequence_id, []).append(done)
            case Restored(sequence_id=sequence_id):
                assert sequence_id not in self.restored
                self.restored[sequence_id] = report
            case Budgets():
                self.budgets.append(report)
            case RowFailed(sequence_id=sequence_id, reason=reason):
                assert sequence_id not in self.failed
                self.failed[sequence_id] = reason

    def submit(self, request: Submit) -> None:
        """Hand a request to the engine."""
        self.engine.handle(request)

    def cancel(self, sequence_id: int) -> None:
        """Cancel one, whether it is there or not."""
        self.engine.handle(Cancel(sequence_id))

    def set_budget(self, kv_budget_bytes: int, cache_budget_bytes: int = 0) -> Budgets:
        """Change the engine's bounds. Returns its one answer."""
        answers = len(self.budgets)
        self.engine.handle(SetBudget(kv_budget_bytes, cache_budget_bytes))
        (answer,) = self.budgets[answers:]
        return answer

    def run(self) -> None:
        """Step until nothing is left, and assert that nothing stayed behind."""
        while self.engine.has_work:
            self.engine.step()
        self.engine.check_idle()


def assert_greedy(model: Any, prompt: list[int], tokens: list[int]) -> int:
    """Compare with mlx-lm's serial loop; they may part only at a near tie. Returns the tokens compared."""
    steps = generate_step(mx.array(prompt), model, max_tokens=len(tokens))
    for index, ((wanted, logprobs), token) in enumerate(zip(steps, tokens, strict=True)):
        if token != int(wanted):
            best, second = np.sort(np.array(logprobs).ravel())[::-1][:2]
            assert best - second < NEAR_TIE, f"token {index}: {token} instead of {int(wanted)}"
            return index
    return len(tokens)


def prompts(count: int = 8, *, vocab: int = 97, longest: int = 300) -> list[list[int]]:
    """Prompts of very unequal lengths, the same in each run."""
    random = np.random.default_rng(11)
    lengths = [1, 2, 16, 17, 33, 5, longest, 64][:count]
    return [random.integers(0, vocab, length).tolist() for length in lengths]
