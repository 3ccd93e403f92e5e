"""Where spans go, and what keeps a collector that is down from doing harm."""

import logging
import os
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import Span, SpanProcessor

_QUIET_S: Final = 60.0
_OTLP_ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_EXCLUDED: Final = "OTEL_PYTHON_FASTAPI_EXCLUDED_URLS"
_POLLED: Final = "://[^/]+/(health|ready|metrics)"
_WITH_QUERY: Final = ("http.url", "http.target", "url.full")
_QUERY: Final = "url.query"

logger = logging.getLogger(__name__)


class SpanTarget(NamedTuple):
    """A place that spans are sent to.

    Attributes:
        endpoint: URL for OTLP over HTTP; empty is what the `OTEL_*` variables say.
        authorization: value of the header, where the endpoint is given.
    """

    endpoint: str
    authorization: str

    def __repr__(self) -> str:
        return f"SpanTarget({self.endpoint or 'OTEL_*'})"


def find_targets(logfire_token: str | None, environ: Mapping[str, str] = os.environ) -> list[SpanTarget]:
    """Where logfire, as `main` configures it, sends spans; without any of it nothing is to be recorded.

    Args:
        logfire_token: the setting; `LOGFIRE_TOKEN` counts where it is None.
    """
    if environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return []
    targets: list[SpanTarget] = []
    has_endpoint = any(environ.get(name) for name in _OTLP_ENDPOINTS)
    if has_endpoint and environ.get("OTEL_TRACES_EXPORTER", "").lower() in ("", "otlp"):
        targets.append(SpanTarget("", ""))
    stated = environ.get("LOGFIRE_TOKEN", "") if logfire_token is None else logfire_token
    tokens = [token.strip() for token in stated.split(",") if token.strip()]
    return [*targets, *(SpanTarget(f"{_logfire_url(token, environ)}/v1/traces", token) for token in tokens)]


def prepare() -> None:
    """Set up what logfire reads when it is configured; call before that."""
    # Whoever watches over us asks every few seconds; a span of that tells nobody anything.
    os.environ.setdefault(_EXCLUDED, _POLLED)
    exporters = logging.getLogger("opentelemetry")
    exporters.handlers = [RareHandler()]
    exporters.propagate = False


def remove_query(span: Any) -> None:
    """Take the query out of the URLs of an HTTP span: some clients put their key there."""
    attributes = getattr(span, "attributes", None) or {}
    for name in _WITH_QUERY:
        if "?" in (value := str(attributes.get(name, ""))):
            span.set_attribute(name, value.partition("?")[0])
    if attributes.get(_QUERY):
        span.set_attribute(_QUERY, "")


def make_query_remover() -> "SpanProcessor":
    """Does so when a span begins, which Logfire is told of; the instrumentation then puts it in again."""
    from opentelemetry.sdk.trace import SpanProcessor

    class QueryRemover(SpanProcessor):
        def on_start(self, span: "Span", parent_context: "Context | None" = None) -> None:
            remove_query(span)

    return QueryRemover()


class RareHandler(logging.Handler):
    """Hands on one warning a minute at most: an exporter warns at every try, which is every few seconds."""

    def __init__(self, quiet_s: float = _QUIET_S) -> None:
        super().__init__(logging.WARNING)
        self._quiet_s = quiet_s
        self._spoke_at = -quiet_s
        self._num_dropped = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Say it, or count it."""
        now = time.monotonic()
        if now - self._spoke_at < self._quiet_s:
            self._num_dropped += 1
            return
        dropped = f" ({self._num_dropped} warnings since the last)" if self._num_dropped else ""
        self._spoke_at, self._num_dropped = now, 0
        logger.warning("spans: %s%s", record.getMessage(), dropped)


def _logfire_url(token: str, environ: Mapping[str, str]) -> str:
    """Logfire's address, which the token tells the region of."""
    if stated := environ.get("LOGFIRE_BASE_URL"):
        return stated.rstrip("/")
    from logfire import AdvancedOptions

    return AdvancedOptions().generate_base_url(token, warn_unknown_region=False).rstrip("/")
