"""A span for each generation, by OpenTelemetry's conventions for generative AI.

No text of a prompt or an answer is in one, nor anything that a caller authenticates with. Where nothing is
traced there are no spans: nobody makes a `GenerationTracer`.
"""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send

from mlx_manager.core.tracing import SpanTarget, find_targets, remove_query
from mlx_manager.mlx_server import __version__
from mlx_manager.mlx_server.config import MLXServerSettings
from mlx_manager.mlx_server.domain.request import ChatPrompt, GenerationRequest
from mlx_manager.mlx_server.request_log import Phase, RequestRecord

_NAMESPACE: Final = "mlx_manager"
_MOST_NAME_CHARS: Final = 200
_SAMPLING: Final = ("temperature", "top_p", "top_k", "seed", "frequency_penalty", "presence_penalty")
# The HTTP span has them under the conventions' older or newer names.
_ADDRESS: Final = {
    "server.address": ("server.address", "http.host"),
    "server.port": ("server.port", "net.host.port"),
}

Attributes = dict[str, Any]


def span_targets(settings: MLXServerSettings) -> list[SpanTarget]:
    """Where spans are sent; empty where nothing is traced."""
    return find_targets(settings.logfire_token) if settings.logfire_enabled else []


class GenerationTracer:
    """Begins the spans of generations. Logfire, or another provider of OpenTelemetry, is configured."""

    def __init__(self) -> None:
        from opentelemetry import trace

        self._trace = trace
        self._tracer = trace.get_tracer(_NAMESPACE, __version__)

    def begin(self, request: GenerationRequest) -> "GenerationSpan | None":
        """A request has come; None where its trace is not sampled. Its parent is the current span."""
        operation = "chat" if isinstance(request.prompts[0], ChatPrompt) else "text_completion"
        parent: Any = self._trace.get_current_span()
        model = request.model[:_MOST_NAME_CHARS]
        span = self._tracer.start_span(
            f"{operation} {model}",
            kind=self._trace.SpanKind.CLIENT,  # the model runs in another process
            attributes={
                "gen_ai.operation.name": operation,
                "gen_ai.provider.name": _NAMESPACE,
                "gen_ai.request.model": model,
                f"{_NAMESPACE}.request_id": request.request_id,
                **_request_attributes(request),
                **_address(getattr(parent, "attributes", None) or {}),
            },
        )
        return GenerationSpan(span) if span.is_recording() else None


class GenerationSpan:
    """One generation's span, until `end`.

    Args:
        span: OpenTelemetry's.
    """

    def __init__(self, span: Any) -> None:
        self._span = span

    @property
    def traceparent(self) -> str:
        """The W3C trace context that goes with its job."""
        from opentelemetry.trace import set_span_in_context
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        carrier: dict[str, str] = {}
        TraceContextTextMapPropagator().inject(carrier, set_span_in_context(self._span))
        return carrier["traceparent"]

    def end(self, record: RequestRecord) -> None:
        """The generation is over, and the record says how. To be called once."""
        from opentelemetry.trace import StatusCode

        self._span.set_attributes(_outcome_attributes(record))
        if record.outcome is Phase.FAILED:
            self._span.set_attribute("error.type", record.detail)
            self._span.set_status(StatusCode.ERROR)
        self._span.end()


class PlainSpanMiddleware:
    """Keeps queries, and the arguments and errors of endpoints, out of the HTTP span.

    Logfire's instrumentation writes every argument of an endpoint into it, and the text of every exception:
    passwords, messages. It does so where it finds its span in the scope.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request (ASGI)."""
        remove_query(scope.pop("logfire.span", None))
        await self._app(scope, receive, send)


def _request_attributes(request: GenerationRequest) -> Attributes:
    """What the request stated."""
    stated = {name: getattr(request.sampling, name) for name in _SAMPLING}
    stated["max_tokens"] = request.max_tokens
    stated["stop_sequences"] = request.stop or None
    return {f"gen_ai.request.{name}": value for name, value in stated.items() if value is not None}


def _outcome_attributes(record: RequestRecord) -> Attributes:
    assert record.outcome is not None
    attributes: Attributes = {f"{_NAMESPACE}.outcome": record.outcome.value}
    if record.outcome is Phase.FINISHED:
        attributes["gen_ai.response.finish_reasons"] = [record.detail]
    if record.model_id is not None:
        attributes["gen_ai.response.model"] = record.model_id
    if record.submitted_at is not None:
        attributes |= {
            "gen_ai.usage.input_tokens": record.prompt_tokens,
            "gen_ai.usage.output_tokens": record.completion_tokens,
            "gen_ai.usage.cache_read.input_tokens": record.cached_tokens,
        }
    if record.first_token_s is not None:
        attributes["gen_ai.response.time_to_first_chunk"] = record.first_token_s
    return attributes


def _address(parent: Mapping[str, Any]) -> Attributes:
    """Where the caller found us, as the HTTP span has it."""
    found = {
        name: next((parent[key] for key in keys if key in parent), None) for name, keys in _ADDRESS.items()
    }
    if address := found["server.address"]:
        found["server.address"] = _host_name(str(address))
    return {name: value for name, value in found.items() if value is not None}


def _host_name(authority: str) -> str | None:
    """The name in `name:port` or `[address]:port`."""
    try:
        return urlsplit(f"//{authority}").hostname
    except ValueError:
        return None
