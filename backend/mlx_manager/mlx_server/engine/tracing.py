"""Spans of what a traced job goes through here: queued, prefill, decode.

The thread that owns MLX notes a few times for each traced job, and nothing for others. A thread of its own
makes spans of them; OpenTelemetry is imported there, and in a worker without tracing it never is.
"""

import logging
import os
import queue
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, NamedTuple

from mlx_manager.mlx_server.engine.wire import Tracing

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Tracer

logger = logging.getLogger(__name__)

_SERVICE: Final = "mlx-worker"
_NAMESPACE: Final = "mlx_manager"

Attributes = dict[str, int | str]


class PhaseSpan(NamedTuple):
    """A phase that is over. Times are in nanoseconds since the epoch.

    Attributes:
        traceparent: of the span that it is part of.
        fault: the kind of error that ended it, or empty.
    """

    name: str
    traceparent: str
    start_ns: int
    end_ns: int
    attributes: Attributes
    fault: str


class JobTrace:
    """Notes when a job's phases begin and end; each is recorded as soon as it is over.

    Args:
        record: gets the phases; must return at once.

    Attributes:
        cached_tokens: tokens of the prompt that the prefix cache held.
        num_chunks: pieces in which the rest of it was read.
        fault: the kind of error that is about to end it, or empty.
    """

    __slots__ = (
        "_num_prompt_tokens",
        "_phase",
        "_record",
        "_since_ns",
        "_traceparent",
        "cached_tokens",
        "fault",
        "num_chunks",
    )

    def __init__(
        self, traceparent: str, num_prompt_tokens: int, record: Callable[[PhaseSpan], object]
    ) -> None:
        self._traceparent = traceparent
        self._num_prompt_tokens = num_prompt_tokens
        self._record = record
        self._phase = "queued"
        self._since_ns = time.time_ns()
        self.cached_tokens = 0
        self.num_chunks = 0
        self.fault = ""

    def begin_prefill(self) -> None:
        """Its turn has come; only the first call counts."""
        if self._phase == "queued":
            self._close("prefill", {})

    def begin_decode(self) -> None:
        """Its prompt is read."""
        self._close("decode", self._prefill_attributes())

    def end(self, num_drawn: int, *, has_finished: bool) -> None:
        """It is over, whatever the reason."""
        if self._phase == "prefill" and num_drawn:  # its only token was drawn with the end of the prompt
            self.begin_decode()
        attributes: Attributes = {}
        if self._phase == "prefill":
            attributes = self._prefill_attributes()
        elif self._phase == "decode":
            attributes = {f"{_NAMESPACE}.decoded_tokens": num_drawn}
        outcome = "failed" if self.fault else "finished" if has_finished else "cancelled"
        self._close("over", attributes | {f"{_NAMESPACE}.outcome": outcome})

    def _prefill_attributes(self) -> Attributes:
        return {
            f"{_NAMESPACE}.prompt_tokens": self._num_prompt_tokens,
            f"{_NAMESPACE}.cached_tokens": self.cached_tokens,
            f"{_NAMESPACE}.prefill_chunks": self.num_chunks,
        }

    def _close(self, following: str, attributes: Attributes) -> None:
        now_ns = time.time_ns()
        span = PhaseSpan(self._phase, self._traceparent, self._since_ns, now_ns, attributes, self.fault)
        self._record(span)
        self._phase, self._since_ns = following, now_ns


class SpanRecorder:
    """Makes spans of phases on a thread of its own, which begins with the imports that takes.

    Whatever is wrong with it costs spans and never a job.
    """

    def __init__(self, tracing: Tracing) -> None:
        self._tracing = tracing
        # An event asks for a flush, and is set after it.
        self._queue: queue.SimpleQueue[PhaseSpan | threading.Event] = queue.SimpleQueue()
        threading.Thread(target=self._run, name="spans", daemon=True).start()

    def trace(self, traceparent: str, num_prompt_tokens: int) -> JobTrace:
        """A job has come that is traced."""
        return JobTrace(traceparent, num_prompt_tokens, self._queue.put)

    def flush(self) -> threading.Event:
        """Send what has been recorded; the event is set when that has been tried."""
        flushed = threading.Event()
        self._queue.put(flushed)
        return flushed

    def _run(self) -> None:
        provider = tracer = None
        try:
            provider = _open_provider(self._tracing)
            tracer = provider.get_tracer(_NAMESPACE)
        except Exception:  # such as a variable of OpenTelemetry's that says nonsense
            logger.exception("spans cannot be sent")
        while True:
            item = self._queue.get()
            if isinstance(item, threading.Event):
                if provider is not None:
                    provider.force_flush()
                item.set()
            elif tracer is not None:
                _export(tracer, item)


def _open_provider(tracing: Tracing) -> "TracerProvider":
    from opentelemetry.exporter.otlp.proto.http import Compression
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    # The server sends to the same place, and says once a minute what is wrong with it.
    logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
    resource = Resource.create({"process.pid": os.getpid(), f"{_NAMESPACE}.model": tracing.model})
    provider = TracerProvider(
        resource=resource.merge(Resource({"service.name": _SERVICE})), shutdown_on_exit=False
    )
    for endpoint, authorization in tracing.targets:
        exporter = OTLPSpanExporter()
        if endpoint:
            headers = {"Authorization": authorization}
            exporter = OTLPSpanExporter(endpoint, headers=headers, compression=Compression.Gzip)
        provider.add_span_processor(BatchSpanProcessor(exporter))
    return provider


def _export(tracer: "Tracer", phase: PhaseSpan) -> None:
    from opentelemetry.trace import StatusCode
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    parent = TraceContextTextMapPropagator().extract({"traceparent": phase.traceparent})
    span = tracer.start_span(phase.name, parent, attributes=phase.attributes, start_time=phase.start_ns)
    if phase.fault:
        span.set_attribute("error.type", phase.fault)
        span.set_status(StatusCode.ERROR)
    span.end(phase.end_ns)
