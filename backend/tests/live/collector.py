"""A stand-in for a collector of spans: OTLP over HTTP on a free port of the loopback interface."""

import gzip
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue

from tests.live.server import wait_until

SERVER, WORKER = "mlx-server", "mlx-worker"
# What OpenTelemetry's wire calls them.
INTERNAL, SERVER_KIND, CLIENT_KIND = 1, 2, 3


@dataclass(frozen=True)
class SpanSeen:
    """A span as it arrived."""

    service: str
    resource: dict[str, Any]
    name: str
    kind: int
    trace_id: str
    span_id: str
    parent_id: str
    start_ns: int
    end_ns: int
    attributes: dict[str, Any]
    is_error: bool
    num_events: int


class Collector:
    """Takes what is posted to it; a context manager.

    Args:
        status: what it answers.
        hangs: never answers, until it is closed.

    Attributes:
        bodies: what was posted, unpacked.
        encodings: the content encodings that came.
        authorizations: those headers that came.
    """

    def __init__(self, status: int = 200, *, hangs: bool = False) -> None:
        self.bodies: list[bytes] = []
        self.encodings: set[str] = set()
        self.authorizations: set[str] = set()
        self.num_posts = 0
        self._closing = threading.Event()
        collector = self

        class Handler(BaseHTTPRequestHandler):
            """One post."""

            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                collector.num_posts += 1
                if hangs:
                    collector._closing.wait()
                collector._take(self.path, self.headers, body)
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def do_GET(self) -> None:
                """Logfire asks whom a token belongs to."""
                body = b'{"project_name": "test", "project_url": "http://127.0.0.1/test"}'
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        """What `OTEL_EXPORTER_OTLP_ENDPOINT` is to be."""
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def spans(self) -> list[SpanSeen]:
        """Every span that has come; of those that Logfire gets when they begin, none."""
        spans = (span for body in list(self.bodies) for span in _spans(body))
        return [span for span in spans if span.attributes.get("logfire.span_type") != "pending_span"]

    def trace(self, trace_id: str) -> list[SpanSeen]:
        """The spans of one trace that have come."""
        return [span for span in self.spans if span.trace_id == trace_id]

    def wait_trace(self, trace_id: str, *names: str) -> dict[str, SpanSeen]:
        """Wait until a trace has spans of these names, and no others; returns them by name."""
        wait_until(
            lambda: {span.name for span in self.trace(trace_id)} >= set(names), f"spans {', '.join(names)}"
        )
        found = self.trace(trace_id)
        assert sorted(span.name for span in found) == sorted(names)
        return {span.name: span for span in found}

    def _take(self, path: str, headers: Any, body: bytes) -> None:
        if path != "/v1/traces":
            return
        encoding = headers.get("Content-Encoding", "")
        self.encodings.add(encoding)
        self.authorizations.add(headers.get("Authorization", ""))
        self.bodies.append(gzip.decompress(body) if encoding == "gzip" else body)


def _spans(body: bytes) -> Iterator[SpanSeen]:
    for group in ExportTraceServiceRequest.FromString(body).resource_spans:
        resource = {entry.key: _value(entry.value) for entry in group.resource.attributes}
        for scope in group.scope_spans:
            for span in scope.spans:
                yield SpanSeen(
                    service=resource["service.name"],
                    resource=resource,
                    name=span.name,
                    kind=span.kind,
                    trace_id=span.trace_id.hex(),
                    span_id=span.span_id.hex(),
                    parent_id=span.parent_span_id.hex(),
                    start_ns=span.start_time_unix_nano,
                    end_ns=span.end_time_unix_nano,
                    attributes={entry.key: _value(entry.value) for entry in span.attributes},
                    is_error=span.status.code == span.status.STATUS_CODE_ERROR,
                    num_events=len(span.events),
                )


def _value(value: AnyValue) -> Any:
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [_value(item) for item in value.array_value.values]
    return getattr(value, kind) if kind else None
