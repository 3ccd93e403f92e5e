"""Prometheus metrics of the inference server.

A request is counted once, when it ends; nothing here runs for each token. The label `model` takes ids of
models that exist; it is empty where a request's name was none.
"""

from collections.abc import Iterable
from itertools import islice
from typing import Final

from prometheus_client import Counter, Histogram

from mlx_manager.core.metrics import SECONDS, AppMetrics
from mlx_manager.mlx_server.common_fields import COMMON_FIELDS
from mlx_manager.mlx_server.pool.pool import ModelPool
from mlx_manager.mlx_server.pool_collector import PoolCollector
from mlx_manager.mlx_server.request_log import Phase, RequestLog, RequestRecord

_PROGRAM: Final = "mlx_server"
_TOKEN_SECONDS: Final = (
    *(0.001, 0.0025, 0.005, 0.01, 0.015, 0.02, 0.03, 0.04, 0.05, 0.075),
    *(0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1.0, 2.5, 5.0, 10.0),
)
_MOST_FIELDS: Final = 64


class ServerMetrics:
    """The server's registry and what is counted in it; its methods are called on the event loop.

    Attributes:
        app: the registry, and what is counted for every program.
    """

    def __init__(self, version: str) -> None:
        self.app = AppMetrics(_PROGRAM, version)
        self._requests = self._counter(
            "requests", "Inference requests that have ended.", "model", "dialect", "outcome", "code"
        )
        self._prompt_tokens = self._counter(
            "prompt_tokens", "Prompt tokens of requests that an engine began with.", "model"
        )
        self._cached_tokens = self._counter(
            "cached_tokens",
            "Those of them that the prefix cache had: hits, to mlx_server_prompt_tokens.",
            "model",
        )
        self._completion_tokens = self._counter("completion_tokens", "Tokens that were drawn.", "model")
        self._ignored_fields = self._counter(
            "ignored_fields", "Fields of requests that had no effect.", "dialect", "field"
        )
        self._audit_rows_lost = self._counter(
            "audit_rows_lost", "Rows of the audit log that could not be written."
        )
        self._request_s = self._histogram("request_duration", "From arrival to the last token.")
        self._first_token_s = self._histogram("time_to_first_token", "From arrival to the first token.")
        self._queue_s = self._histogram(
            "queue_time", "From arrival until the model's engine began with the prompt; a load counts."
        )
        self._prefill_s = self._histogram(
            "prefill_time", "From when the engine began with the prompt to the first token."
        )
        self._per_token_s = self._histogram(
            "time_per_output_token", "Mean of a request's tokens after the first.", _TOKEN_SECONDS
        )

    def watch(self, pool: ModelPool, log: RequestLog) -> None:
        """Read these at each scrape, too. Called once."""
        self.app.live.append(PoolCollector(_PROGRAM, pool, log))

    def began(self, record: RequestRecord) -> None:
        """A request has come; it counts when it ends."""

    def ended(self, record: RequestRecord) -> None:
        """A request is over (a `RequestObserver`)."""
        assert record.outcome is not None
        model = record.model_id
        code = record.detail if record.outcome is Phase.FAILED else ""
        self._requests.labels(model or "", record.dialect, record.outcome.value, code).inc()
        if model is None:
            return
        _observe(self._request_s, model, record.total_s)
        _observe(self._queue_s, model, record.queue_s)
        _observe(self._prefill_s, model, record.prefill_s)
        _observe(self._first_token_s, model, record.first_token_s)
        if record.admitted_at is not None:
            self._prompt_tokens.labels(model).inc(record.prompt_tokens)
            self._cached_tokens.labels(model).inc(record.cached_tokens)
        if record.completion_tokens:
            self._completion_tokens.labels(model).inc(record.completion_tokens)
        if rate := record.tokens_per_second:
            self._per_token_s.labels(model).observe(1 / rate)

    def note_ignored(self, dialect: str, paths: Iterable[str]) -> None:
        """A request had fields without effect; `paths` as `protocols.fields.ignored_paths` gives them."""
        names = {_field(path) for path in islice(paths, _MOST_FIELDS)}
        for name in names:
            self._ignored_fields.labels(dialect, name).inc()

    def note_lost_audit_rows(self, count: int = 1) -> None:
        """Rows of the audit log could not be written."""
        self._audit_rows_lost.inc(count)

    def _counter(self, name: str, meaning: str, *labels: str) -> Counter:
        return Counter(f"{_PROGRAM}_{name}", meaning, labels, registry=self.app.registry)

    def _histogram(self, name: str, meaning: str, bounds: tuple[float, ...] = SECONDS) -> Histogram:
        full = f"{_PROGRAM}_{name}_seconds"
        return Histogram(full, meaning, ("model",), buckets=bounds, registry=self.app.registry)


def _observe(histogram: Histogram, model: str, seconds: float | None) -> None:
    if seconds is not None:
        histogram.labels(model).observe(seconds)


def _field(path: str) -> str:
    """A field's path without the positions in it, or `other`: names are the caller's and have no bound."""
    name = ".".join(part for part in path.split(".") if not part.isdigit()) if len(path) < 128 else ""
    return name if name in COMMON_FIELDS else "other"
