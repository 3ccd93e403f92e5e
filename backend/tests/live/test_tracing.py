"""Spans from the HTTP request to the worker, as a collector gets them, and what a bad collector cannot do."""

import json
import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.live.collector import CLIENT_KIND, INTERNAL, SERVER, SERVER_KIND, WORKER, Collector, SpanSeen
from tests.live.conftest import StartServer
from tests.live.server import (
    ENDLESS,
    BackgroundStream,
    Server,
    Stream,
    clean_environment,
    endless_completion,
    wait_until,
)

CHAT, TEXT = "/v1/chat/completions", "/v1/completions"
PHASES = ("queued", "prefill", "decode")
KEY, PROMPT, BAGGAGE = "sk-mlx-do-not-record", "Xylophone", "carried-by-the-caller"
TOKEN = "pylf_v1_local_token"
CALLER_SPAN = "b7ad6b7169203331"
# A part of the exporter that is no Python: a process that has not imported it does not map it.
EXPORTER_LIBRARY = "_upb"


def tracing_env(collector: Collector, **env: str) -> dict[str, str]:
    """Send spans there, soon."""
    return {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_BSP_SCHEDULE_DELAY": "20", **env}


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    with Collector() as running:
        yield running


@pytest.fixture(scope="module")
def traced(
    tmp_path_factory: pytest.TempPathFactory, endless_dir: Path, collector: Collector
) -> Iterator[Server]:
    """A server with the endless model that sends its spans, packed, to the collector."""
    env = tracing_env(collector, OTEL_EXPORTER_OTLP_COMPRESSION="gzip")
    env |= {"MLX_SERVER_MODEL_DIRS": json.dumps([str(endless_dir)])}
    with Server(tmp_path_factory.mktemp("traced"), env) as server:
        yield server


def new_trace(flags: str = "01") -> tuple[str, dict[str, str]]:
    """An id, and the headers of a caller whose span is in that trace."""
    trace_id = secrets.token_hex(16)
    headers = {
        "traceparent": f"00-{trace_id}-{CALLER_SPAN}-{flags}",
        "baggage": f"carried={BAGGAGE}",
        "Authorization": f"Bearer {KEY}",
        "x-api-key": KEY,
    }
    return trace_id, headers


def check_levels(spans: dict[str, SpanSeen], http: str, generation: str, *phases: str) -> None:
    """The caller's span holds the HTTP span, that the generation, that the worker's, each in its time."""
    outer, inner = spans[http], spans[generation]
    assert (outer.service, outer.kind, outer.parent_id) == (SERVER, SERVER_KIND, CALLER_SPAN)
    assert (inner.service, inner.kind, inner.parent_id) == (SERVER, CLIENT_KIND, outer.span_id)
    assert outer.start_ns <= inner.start_ns < inner.end_ns <= outer.end_ns
    before = inner.start_ns
    for span in (spans[phase] for phase in phases):
        assert (span.service, span.kind, span.parent_id) == (WORKER, INTERNAL, inner.span_id)
        assert before <= span.start_ns <= span.end_ns
        before = span.end_ns


def own(span: SpanSeen) -> dict[str, Any]:
    """The attributes that are not Logfire's, nor different each time."""
    measured = ("mlx_manager.request_id", "gen_ai.response.time_to_first_chunk")
    return {
        name: value
        for name, value in span.attributes.items()
        if not name.startswith("logfire.") and name not in measured
    }


def test_a_streamed_chat(traced: Server, collector: Collector) -> None:
    trace_id, headers = new_trace()
    body = {
        "model": "demo",
        "messages": [{"role": "user", "content": f"{PROMPT}?"}],
        "max_tokens": 4,
        "temperature": 0,
        "stream": True,
        "cache_salt": trace_id,
    }
    with traced.client.stream(
        "POST", f"{CHAT}?api_key={KEY}", json=body, headers={**headers, "x-request-id": "mine"}
    ) as response:
        assert Stream(response).done
    spans = collector.wait_trace(trace_id, f"POST {CHAT}", "chat demo", *PHASES)
    check_levels(spans, f"POST {CHAT}", "chat demo", *PHASES)
    generation = spans["chat demo"]
    assert generation.attributes["mlx_manager.request_id"] == "mine"
    assert generation.attributes["gen_ai.response.time_to_first_chunk"] > 0
    prompt_tokens = generation.attributes["gen_ai.usage.input_tokens"]
    assert prompt_tokens > 4
    assert own(generation) == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "mlx_manager",
        "gen_ai.request.model": "demo",
        "gen_ai.request.max_tokens": 4,
        "gen_ai.request.temperature": 0.0,
        "gen_ai.response.model": "demo",
        "gen_ai.response.finish_reasons": ["length"],
        "gen_ai.usage.input_tokens": prompt_tokens,
        "gen_ai.usage.output_tokens": 4,
        "gen_ai.usage.cache_read.input_tokens": 0,
        "mlx_manager.outcome": "finished",
        "server.address": "127.0.0.1",
        "server.port": traced.port,
    }
    assert own(spans["queued"]) == {}
    assert own(spans["prefill"]) == {
        "mlx_manager.prompt_tokens": prompt_tokens,
        "mlx_manager.cached_tokens": 0,
        "mlx_manager.prefill_chunks": spans["prefill"].attributes["mlx_manager.prefill_chunks"],
    }
    assert spans["prefill"].attributes["mlx_manager.prefill_chunks"] > 0
    assert own(spans["decode"]) == {"mlx_manager.decoded_tokens": 4, "mlx_manager.outcome": "finished"}
    assert spans["decode"].resource["mlx_manager.model"] == "demo"
    assert spans[f"POST {CHAT}"].attributes["http.status_code"] == 200
    assert collector.encodings == {"gzip"}


def test_a_completion_and_one_that_finds_its_prefix(traced: Server, collector: Collector) -> None:
    stated = {
        "max_tokens": 3,
        "temperature": 0.5,
        "top_p": 0.9,
        "top_k": 20,
        "seed": 7,
        "frequency_penalty": 0.25,
        "presence_penalty": -0.5,
    }
    body = {"model": "demo", "prompt": f"{PROMPT} and so on and on.", "stop": ["\n\n", "END"], **stated}
    body["cache_salt"] = secrets.token_hex(8)
    for attempt in range(2):
        trace_id, headers = new_trace()
        response = traced.post(TEXT, body, headers=headers)
        assert response.status_code == 200
        spans = collector.wait_trace(trace_id, f"POST {TEXT}", "text_completion demo", *PHASES)
        check_levels(spans, f"POST {TEXT}", "text_completion demo", *PHASES)
        attributes = own(spans["text_completion demo"])
        assert {name: attributes[f"gen_ai.request.{name}"] for name in stated} == stated
        assert attributes["gen_ai.request.stop_sequences"] == ["\n\n", "END"]
        assert attributes["gen_ai.operation.name"] == "text_completion"
        usage = response.json()["usage"]
        assert attributes["gen_ai.usage.input_tokens"] == usage["prompt_tokens"]
        assert attributes["gen_ai.usage.output_tokens"] == usage["completion_tokens"]
        cached = usage["prompt_tokens_details"]["cached_tokens"]
        assert bool(cached) == bool(attempt)
        assert attributes["gen_ai.usage.cache_read.input_tokens"] == cached
        assert spans["prefill"].attributes["mlx_manager.cached_tokens"] == cached


def test_an_unknown_model(traced: Server, collector: Collector) -> None:
    trace_id, headers = new_trace()
    assert traced.post(TEXT, {"model": "nobody", "prompt": PROMPT}, headers=headers).status_code == 404
    spans = collector.wait_trace(trace_id, f"POST {TEXT}", "text_completion nobody")
    check_levels(spans, f"POST {TEXT}", "text_completion nobody")
    failed = spans["text_completion nobody"]
    assert failed.is_error
    assert failed.attributes["error.type"] == "model_not_found"
    assert failed.attributes["mlx_manager.outcome"] == "failed"
    assert "gen_ai.usage.input_tokens" not in failed.attributes


def test_a_client_that_leaves(traced: Server, collector: Collector) -> None:
    trace_id, headers = new_trace()
    name = f"text_completion {ENDLESS}"
    stream = BackgroundStream(traced, TEXT, endless_completion(), headers)
    stream.wait_flowing()
    assert not any(span.name == name for span in collector.trace(trace_id)), "it has not ended"
    stream.leave()
    spans = collector.wait_trace(trace_id, f"POST {TEXT}", name, *PHASES)
    check_levels(spans, f"POST {TEXT}", name, *PHASES)
    assert spans[name].attributes["mlx_manager.outcome"] == "cancelled"
    assert "gen_ai.response.finish_reasons" not in spans[name].attributes
    assert not spans[name].is_error
    assert spans[name].attributes["gen_ai.usage.output_tokens"] > 0
    assert spans["decode"].attributes["mlx_manager.outcome"] == "cancelled"


def test_a_worker_that_is_killed(traced: Server, collector: Collector) -> None:
    assert traced.client.post(f"/admin/models/{ENDLESS}/load").status_code == 200  # forgets deaths
    trace_id, headers = new_trace()
    name = f"text_completion {ENDLESS}"
    stream = BackgroundStream(traced, TEXT, endless_completion(), headers)
    stream.wait_flowing()
    # What is over is sent at once; what the worker was doing dies with it.
    wait_until(lambda: {s.name for s in collector.trace(trace_id)} == {"queued", "prefill"}, "two phases")
    pid = next(s.resource["process.pid"] for s in collector.trace(trace_id) if s.service == WORKER)
    psutil.Process(pid).kill()
    assert stream.wait().error is not None
    spans = collector.wait_trace(trace_id, f"POST {TEXT}", name, "queued", "prefill")
    check_levels(spans, f"POST {TEXT}", name, "queued", "prefill")
    assert spans[name].is_error
    assert spans[name].attributes["error.type"] == "worker_died"


def test_what_is_not_sampled_is_not_recorded(traced: Server, collector: Collector) -> None:
    body = {"model": "demo", "prompt": PROMPT, "max_tokens": 2}
    unsampled, headers = new_trace("00")
    assert traced.post(TEXT, body, headers=headers).status_code == 200
    assert traced.client.get("/health", headers=new_trace()[1]).status_code == 200
    trace_id, headers = new_trace()
    assert traced.post(TEXT, body, headers=headers).status_code == 200
    collector.wait_trace(trace_id, f"POST {TEXT}", "text_completion demo", *PHASES)
    assert collector.trace(unsampled) == []
    assert not any("health" in span.name or "ready" in span.name for span in collector.spans)


def test_without_a_caller_s_trace_there_is_a_new_one(traced: Server, collector: Collector) -> None:
    body = {"model": "demo", "prompt": PROMPT, "max_tokens": 2}
    assert traced.post(TEXT, body, headers={"x-request-id": "alone"}).status_code == 200

    def found() -> SpanSeen | None:
        return next(
            (s for s in collector.spans if s.attributes.get("mlx_manager.request_id") == "alone"), None
        )

    trace_id = wait_until(found, "its generation").trace_id
    spans = collector.wait_trace(trace_id, f"POST {TEXT}", "text_completion demo", *PHASES)
    assert spans[f"POST {TEXT}"].parent_id == ""


def test_no_secret_and_no_text_was_sent(traced: Server, collector: Collector) -> None:
    trace_id, headers = new_trace()
    answer = traced.post(TEXT, {"model": "demo", "prompt": PROMPT, "max_tokens": 4}, headers=headers)
    refused = traced.post(CHAT, {"messages": [{"role": PROMPT}], PROMPT: KEY}, headers=headers)
    assert (answer.status_code, refused.status_code) == (200, 400)
    wait_until(lambda: len(collector.trace(trace_id)) == 6, "the spans of both")
    text = answer.json()["choices"][0]["text"]
    assert len(text) > 3
    for body in collector.bodies:
        for secret in (KEY, PROMPT, BAGGAGE, text, "arguments"):
            assert secret.encode() not in body
    assert all(span.num_events == 0 for span in collector.spans)


@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc what a process has mapped")
def test_a_worker_imports_opentelemetry_only_where_it_is_traced(traced: Server, server: Server) -> None:
    def maps(running: Server) -> list[str]:
        return [Path(f"/proc/{worker.pid}/maps").read_text() for worker in running.workers()]

    assert traced.post(TEXT, {"model": "demo", "prompt": PROMPT, "max_tokens": 2}).status_code == 200
    assert server.post(TEXT, {"model": "demo", "prompt": PROMPT, "max_tokens": 2}).status_code == 200
    wait_until(lambda: all(EXPORTER_LIBRARY in mapped for mapped in maps(traced)), "the exporter is mapped")
    assert maps(server)
    assert not any(EXPORTER_LIBRARY in mapped for mapped in maps(server))


@pytest.mark.full
@pytest.mark.sample(1)
@pytest.mark.parametrize(
    "env", [{}, {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", "MLX_SERVER_LOGFIRE_ENABLED": "0"}]
)
def test_off_is_off(env: dict[str, str], tmp_path: Path) -> None:
    code = (
        "from mlx_manager.mlx_server.main import app, mlx_server_settings as settings\n"
        "from mlx_manager.mlx_server.serving import Serving\n"
        "is_instrumented = getattr(app, '_is_instrumented_by_opentelemetry', False)\n"
        "print(is_instrumented, Serving(settings, print).generator._tracer)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=clean_environment(env | {"MLX_MANAGER_HOME": str(tmp_path)}),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout.strip() == "False None", done.stderr


@pytest.mark.full
def test_a_token_is_enough_and_stays_out_of_arguments(start_server: StartServer) -> None:
    with Collector() as logfire:
        env = {"LOGFIRE_BASE_URL": logfire.url, "MLX_SERVER_LOGFIRE_TOKEN": TOKEN}
        server = start_server(env | {"OTEL_BSP_SCHEDULE_DELAY": "20"})
        trace_id, headers = new_trace()
        body = {"model": "demo", "prompt": PROMPT, "max_tokens": 2}
        assert server.post(f"{TEXT}?key={KEY}", body, headers=headers).status_code == 200
        spans = logfire.wait_trace(trace_id, f"POST {TEXT}", "text_completion demo", *PHASES)
        check_levels(spans, f"POST {TEXT}", "text_completion demo", *PHASES)
        assert logfire.authorizations == {TOKEN}
        assert not any(KEY.encode() in body for body in logfire.bodies)
        for process in (psutil.Process(server.pid), *server.workers()):
            assert TOKEN not in " ".join(process.cmdline())
        server.end()
        assert TOKEN not in server.log


@pytest.mark.full
def test_the_last_spans_are_sent_at_the_end(start_server: StartServer) -> None:
    with Collector() as collector:
        # So late that nothing is sent before the end.
        server = start_server(tracing_env(collector, OTEL_BSP_SCHEDULE_DELAY="3600000"))
        trace_id, headers = new_trace()
        body = {"model": "demo", "prompt": PROMPT, "max_tokens": 2}
        assert server.post(TEXT, body, headers=headers).status_code == 200
        assert collector.spans == []
        server.end()
        found = {span.name for span in collector.trace(trace_id)}
        assert found == {f"POST {TEXT}", "text_completion demo", *PHASES}
        assert collector.encodings == {""}


@pytest.mark.full
def test_a_collector_that_never_answers(start_server: StartServer) -> None:
    with Collector(hangs=True) as collector:
        # It would wait an hour for the collector, each time.
        env = tracing_env(collector, OTEL_EXPORTER_OTLP_TIMEOUT="3600", OTEL_BSP_EXPORT_TIMEOUT="3600000")
        server = start_server(env)
        body = {"model": "demo", "prompt": PROMPT, "max_tokens": 2}
        assert server.post(TEXT, body).status_code == 200
        wait_until(lambda: collector.num_posts >= 2, "both processes send")
        assert server.post(TEXT, body).status_code == 200
        workers = server.workers()
        server.process.terminate()
        # OpenTelemetry by itself waits for 30 s.
        assert server.process.wait(20) == 0
        wait_until(lambda: not any(map(psutil.pid_exists, (w.pid for w in workers))), "the workers go, too")


@pytest.mark.full
def test_a_collector_that_refuses_does_not_fill_the_log(start_server: StartServer) -> None:
    with Collector(status=400) as collector:
        server = start_server(tracing_env(collector))
        for _ in range(3):
            before = collector.num_posts
            assert server.post(TEXT, {"model": "demo", "prompt": "Hello", "max_tokens": 2}).status_code == 200
            wait_until(lambda before=before: collector.num_posts >= before + 2, "both processes have tried")  # type: ignore[misc]
        wait_until(lambda: "spans: " in server.log, "the log says so")
        server.end()
        warnings = [
            line for line in server.log.splitlines() if "spans" in line or "telemetry" in line.lower()
        ]
        assert len(warnings) == 1, server.log
