"""Where spans go by the environment, how often a bad collector is mentioned, and what URLs lose."""

import logging

import pytest
from opentelemetry.sdk.trace import TracerProvider

from mlx_manager.core.tracing import RareHandler, SpanTarget, find_targets, make_query_remover

OTLP = SpanTarget("", "")
TOKEN = "pylf_v1_eu_not_real"
LOGFIRE = SpanTarget("http://127.0.0.1:9/v1/traces", TOKEN)
BASE = {"LOGFIRE_BASE_URL": "http://127.0.0.1:9/"}


@pytest.mark.parametrize(
    ("token", "environ", "targets"),
    [
        (None, {}, []),
        ("", {}, []),
        (None, {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}, [OTLP]),
        (None, {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:4318/v1/traces"}, [OTLP]),
        (None, {"OTEL_EXPORTER_OTLP_ENDPOINT": ""}, []),
        (None, {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://x", "OTEL_TRACES_EXPORTER": "none"}, []),
        (None, {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://x", "OTEL_TRACES_EXPORTER": "otlp"}, [OTLP]),
        (TOKEN, {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://x", "OTEL_SDK_DISABLED": "true"}, []),
        (TOKEN, BASE, [LOGFIRE]),
        (None, BASE | {"LOGFIRE_TOKEN": TOKEN}, [LOGFIRE]),
        ("", BASE | {"LOGFIRE_TOKEN": TOKEN}, []),
        (TOKEN, BASE | {"LOGFIRE_TOKEN": "another"}, [LOGFIRE]),
        (TOKEN, BASE | {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://x"}, [OTLP, LOGFIRE]),
    ],
)
def test_targets(token: str | None, environ: dict[str, str], targets: list[SpanTarget]) -> None:
    assert find_targets(token, environ) == targets


def test_a_token_tells_its_region() -> None:
    (target,) = find_targets(TOKEN, {})
    assert target.endpoint == "https://logfire-eu.pydantic.dev/v1/traces"
    assert TOKEN not in repr(target)


def test_a_warning_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    exporter = logging.Logger("opentelemetry.exporter")
    handler = RareHandler()
    exporter.addHandler(handler)
    exporter.info("all is well")
    for number in range(5):
        exporter.error("try %d failed", number)
    assert [record.getMessage() for record in caplog.records] == ["spans: try 0 failed"]


def test_what_was_not_said_is_counted(caplog: pytest.LogCaptureFixture) -> None:
    handler = RareHandler()
    record = logging.makeLogRecord({"msg": "failed", "levelno": logging.WARNING})
    for _ in range(3):
        handler.handle(record)
    handler._spoke_at -= 60.0
    handler.handle(record)
    assert [r.getMessage() for r in caplog.records] == [
        "spans: failed",
        "spans: failed (2 warnings since the last)",
    ]


def test_a_span_begins_without_queries() -> None:
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(make_query_remover())
    given = {
        "http.url": "http://h/p?key=1",
        "http.target": "/p?key=1",
        "url.full": "http://h/p",
        "url.query": "key=1",
        "http.method": "GET",
    }
    span = provider.get_tracer("test").start_span("GET", attributes=given)
    assert dict(span.attributes or {}) == {  # type: ignore[attr-defined]
        "http.url": "http://h/p",
        "http.target": "/p",
        "url.full": "http://h/p",
        "url.query": "",
        "http.method": "GET",
    }
