"""What the pool and the running requests are at the moment of a scrape. Reading loads and asks nothing."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields

from prometheus_client import Metric
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from mlx_manager.mlx_server.pool.entry import ModelEntry, ModelState, Tally
from mlx_manager.mlx_server.pool.pool import ModelPool
from mlx_manager.mlx_server.request_log import RequestLog

_COUNTED = {
    "loads": ("model_loads", "Times that the model was loaded."),
    "failed_loads": ("model_load_failures", "Loads that came to nothing."),
    "unloads": ("model_unloads", "Times that the model was unloaded, for whatever reason."),
    "evictions": ("model_evictions", "Unloads that made room for others."),
    "deaths": ("worker_deaths", "Worker processes that ended and were not told to."),
    "restarts": ("worker_restarts", "Loads that followed a death."),
}


@dataclass(frozen=True, slots=True)
class _Held:
    """What a model has now, in bytes but for its tokens per second; 0 where it is not in memory."""

    is_loaded: float
    tokens_per_second: float
    weights: float
    kv: float
    prefixes: float
    footprint: float
    reserved: float


_GAUGES = {
    "is_loaded": ("model_loaded", "Whether the model takes requests."),
    "tokens_per_second": ("tokens_per_second", "New tokens of all requests, over the last five seconds."),
    "weights": ("weight_bytes", "What MLX held once the model was loaded."),
    "kv": ("kv_cache_bytes", "KV caches of the sequences that run."),
    "prefixes": ("prefix_cache_bytes", "Prefix cache in memory."),
    "footprint": ("footprint_bytes", "Memory of the worker process, by the system's account."),
    "reserved": ("reserved_bytes", "Bytes of the budget that are promised to the model."),
}


class PoolCollector(Collector):
    """Reads gauges and plain counters. Collected on the event loop.

    Args:
        program: what the names begin with.
    """

    def __init__(self, program: str, pool: ModelPool, log: RequestLog) -> None:
        self._program = program
        self._pool = pool
        self._log = log

    def collect(self) -> Iterator[Metric]:
        """Every family, also where there is no model yet."""
        entries = list(self._pool.residents.entries.values())
        models = sorted({entry.description.model_id for entry in entries})
        yield from self._requests(models)
        yield from self._held(entries)
        yield from self._tallies(entries)
        ledger = self._pool.residents.ledger
        yield self._gauge("memory_budget_bytes", "What models may take together.", value=ledger.budget_bytes)
        reserved = ledger.reserved_bytes
        yield self._gauge("memory_reserved_bytes", "What is promised, with the spare worker.", value=reserved)

    def _requests(self, models: Iterable[str]) -> Iterator[Metric]:
        running: Counter[str] = Counter()
        waiting: Counter[str] = Counter()
        for record in self._log.running():
            if record.model_id is not None:
                (waiting if record.admitted_at is None else running)[record.model_id] += 1
        for name, meaning, counts in (
            ("requests_running", "Requests that an engine reads or answers.", running),
            ("requests_waiting", "Requests that wait for a model or for an engine.", waiting),
        ):
            family = self._gauge(name, meaning, labels=["model"])
            for model in models:
                family.add_metric([model], counts[model])
            yield family

    def _held(self, entries: Iterable[ModelEntry]) -> Iterator[Metric]:
        # Two folders may have had the same id, one after the other.
        held: dict[str, list[_Held]] = {}
        for entry in entries:
            held.setdefault(entry.description.model_id, []).append(self._held_by(entry))
        for field, (name, meaning) in _GAUGES.items():
            family = self._gauge(name, meaning, labels=["model"])
            for model, parts in held.items():
                family.add_metric([model], sum(getattr(part, field) for part in parts))
            yield family

    def _held_by(self, entry: ModelEntry) -> _Held:
        reservation = self._pool.residents.ledger.reservations.get(entry.key)
        reserved = 0 if reservation is None else reservation.total
        if entry.resident is None:
            return _Held(0, 0.0, 0, 0, 0, 0, reserved)
        worker = entry.resident.worker
        pong = worker.pong
        return _Held(
            is_loaded=entry.state is ModelState.LOADED,
            tokens_per_second=worker.tokens_per_second,
            weights=worker.loaded.active_bytes,
            kv=0 if pong is None else pong.kv_bytes,
            prefixes=0 if pong is None else pong.cache_bytes,
            footprint=worker.footprint_bytes or 0,
            reserved=reserved,
        )

    def _tallies(self, entries: Iterable[ModelEntry]) -> Iterator[Metric]:
        sums: dict[str, Tally] = {}
        for entry in entries:
            total = sums.setdefault(entry.description.model_id, Tally())
            for field in _COUNTED:
                setattr(total, field, getattr(total, field) + getattr(entry.tally, field))
        for field, (name, meaning) in _COUNTED.items():
            family = CounterMetricFamily(f"{self._program}_{name}", meaning, labels=["model"])
            for model, total in sums.items():
                family.add_metric([model], getattr(total, field))
            yield family

    def _gauge(
        self, name: str, meaning: str, *, value: float | None = None, labels: list[str] | None = None
    ) -> GaugeMetricFamily:
        return GaugeMetricFamily(f"{self._program}_{name}", meaning, value=value, labels=labels)


assert {field.name for field in fields(_Held)} == _GAUGES.keys()
