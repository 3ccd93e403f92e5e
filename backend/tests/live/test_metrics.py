"""The numbers on `/metrics` are what has happened."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families

from tests.live.conftest import StartServer, three_models_env
from tests.live.pool_server import ALPHA, BETA, Pool
from tests.live.server import (
    DEADLINE_S,
    ENDLESS,
    BackgroundStream,
    Server,
    clean_environment,
    endless_chat,
    stream,
    wait_until,
)

HISTOGRAMS = (
    "time_to_first_token",
    "time_per_output_token",
    "request_duration",
    "queue_time",
    "prefill_time",
)
CHAT = {"model": "demo", "messages": [{"role": "user", "content": "What is MLX Manager?"}], "temperature": 0}
TEXT = {"model": "demo", "prompt": "Once upon a time there was", "temperature": 0}


class Scrape:
    """What `/metrics` says at one moment."""

    def __init__(self, base_url: str) -> None:
        response = httpx.get(f"{base_url}/metrics", timeout=DEADLINE_S, trust_env=False)
        assert response.status_code == 200, response.text
        assert response.headers["content-type"].startswith("text/plain; version=")
        self.samples = [
            sample for family in text_string_to_metric_families(response.text) for sample in family.samples
        ]

    def value(self, name: str, **labels: str) -> float:
        """The sum of the samples with these labels; 0 where there is none."""
        return sum(
            sample.value
            for sample in self.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        )

    def labels(self, name: str, label: str) -> set[str]:
        """The values that a label takes in all metrics whose name begins so."""
        return {
            sample.labels[label]
            for sample in self.samples
            if sample.name.startswith(name) and label in sample.labels
        }

    def buckets(self, name: str, **labels: str) -> list[float]:
        """A histogram's cumulative counts, by ascending bound."""
        found = [
            (float(sample.labels["le"]), sample.value)
            for sample in self.samples
            if sample.name == f"{name}_bucket" and labels.items() <= sample.labels.items()
        ]
        return [value for _, value in sorted(found)]


@pytest.fixture(scope="module")
def metered(tmp_path_factory: pytest.TempPathFactory, endless_dir: Path) -> Iterator[Server]:
    """A server of these tests alone: they compare whole counts."""
    env = {"MLX_SERVER_MODEL_DIRS": json.dumps([str(endless_dir)]), "MLX_SERVER_ALIASES": '{"gpt": "demo"}'}
    with Server(tmp_path_factory.mktemp("metered"), env) as running:
        yield running


def usage(answer: httpx.Response) -> tuple[int, int, int]:
    """Prompt, cached and completion tokens of a whole answer."""
    assert answer.status_code == 200, answer.text
    told = answer.json()["usage"]
    cached = told["prompt_tokens_details"]["cached_tokens"]
    return told["prompt_tokens"], cached, told["completion_tokens"]


def test_what_happened_is_what_is_told(metered: Server) -> None:
    before = Scrape(metered.base_url)
    tokens = [
        usage(metered.post("/v1/completions", {**TEXT, "max_tokens": 6})),
        usage(metered.post("/v1/completions", {**TEXT, "max_tokens": 6, "model": "gpt"})),
        usage(metered.post("/v1/completions", {**TEXT, "prompt": "Another", "max_tokens": 1})),
        usage(metered.post("/v1/chat/completions", {**CHAT, "max_tokens": 4, "user": "ada", "my_own": 1})),
    ]
    assert tokens[1][1] > 0  # the same prompt again
    streamed = stream(
        metered,
        "/v1/chat/completions",
        {**CHAT, "max_tokens": 5, "stream_options": {"include_usage": True}},
    ).chunks[-1]["usage"]
    cached = streamed["prompt_tokens_details"]["cached_tokens"]
    tokens.append((streamed["prompt_tokens"], cached, streamed["completion_tokens"]))
    assert metered.post("/v1/completions", {**TEXT, "model": "my-invention"}).status_code == 404
    assert metered.post("/v1/completions", {**TEXT, "prompt": "word " * 100_000}).status_code == 400
    left = BackgroundStream(metered, "/v1/chat/completions", endless_chat())
    left.wait_flowing()
    during = Scrape(metered.base_url)
    left.leave()
    metered.wait_idle()
    after = wait_until(
        lambda: (
            scrape
            if (scrape := Scrape(metered.base_url)).value("mlx_server_requests_total", outcome="cancelled")
            else None
        ),
        "the cancellation is counted",
    )

    # Requests, by how they ended.
    def grown(name: str, **labels: str) -> float:
        name = f"mlx_server_{name}"
        return float(after.value(name, **labels) - before.value(name, **labels))

    assert grown("requests_total", outcome="finished", model="demo", dialect="openai_completions") == 3
    assert grown("requests_total", outcome="finished", model="demo", dialect="openai_chat") == 2
    assert grown("requests_total", outcome="failed", code="model_not_found", model="") == 1
    assert grown("requests_total", outcome="failed", code="context_length_exceeded", model="demo") == 1
    assert grown("requests_total", outcome="cancelled", model=ENDLESS, code="") == 1
    assert grown("requests_total") == 8

    # Tokens.
    counted = ("prompt_tokens_total", "cached_tokens_total", "completion_tokens_total")
    assert [grown(name, model="demo") for name in counted] == [
        sum(each) for each in zip(*tokens, strict=True)
    ]
    assert grown("completion_tokens_total", model=ENDLESS) > 0

    # Histograms: one observation a request that came so far.
    wanted = dict.fromkeys(HISTOGRAMS, 5) | {"request_duration": 6, "time_per_output_token": 4}
    for histogram in HISTOGRAMS:
        name = f"mlx_server_{histogram}_seconds"
        buckets = after.buckets(name, model="demo")
        assert buckets == sorted(buckets)
        assert buckets[-1] == after.value(f"{name}_count", model="demo")
        assert grown(f"{histogram}_seconds_count", model="demo") == wanted[histogram], histogram
        assert grown(f"{histogram}_seconds_count", model=ENDLESS) == 1
        assert 0 < grown(f"{histogram}_seconds_sum", model="demo") < DEADLINE_S
    # What it is made of is no more than the whole.
    parts = [grown(f"{name}_seconds_sum", model="demo") for name in ("queue_time", "prefill_time")]
    first = grown("time_to_first_token_seconds_sum", model="demo")
    assert sum(parts) == pytest.approx(first)
    assert first < grown("request_duration_seconds_sum", model="demo")

    # Gauges, while one runs and when none does.
    assert during.value("mlx_server_requests_running", model=ENDLESS) == 1
    assert during.value("mlx_server_requests_running", model="demo") == 0
    assert during.value("mlx_server_tokens_per_second", model=ENDLESS) > 0
    assert after.value("mlx_server_requests_running") == after.value("mlx_server_requests_waiting") == 0

    # Fields without effect: known names, and one for all the others.
    assert grown("ignored_fields_total", dialect="openai_chat", field="user") == 1
    # `my_own`, and the `prompt` that the endless conversation has beside its messages.
    assert grown("ignored_fields_total", dialect="openai_chat", field="other") == 2

    # HTTP.
    route = {"method": "POST", "route": "/v1/completions"}
    assert grown("http_requests_total", **route, status="200") == 3
    assert grown("http_requests_total", **route, status="404") == 1
    assert grown("http_requests_total", **route, status="400") == 1
    assert grown("http_request_duration_seconds_count", route="/v1/chat/completions") == 3


def test_labels_take_no_names_of_callers(metered: Server) -> None:
    for number in range(20):
        metered.post("/v1/completions", {**TEXT, "model": f"invented-{number}", f"field-{number}": 1})
        metered.client.get(f"/v1/models/invented-{number}")
        metered.client.get(f"/invented-{number}")
    scrape = Scrape(metered.base_url)
    assert scrape.labels("mlx_server", "model") <= {"", "demo", ENDLESS}
    assert scrape.labels("mlx_server_ignored_fields", "field") <= {"other", "user"}
    told = json.dumps([sample.labels for sample in scrape.samples])
    assert "invented" not in told
    assert "field-" not in told


def test_bytes_are_those_of_admin(metered: Server) -> None:
    metered.post("/v1/completions", {**TEXT, "max_tokens": 1})
    metered.wait_idle()

    def agree() -> bool:
        scrape = Scrape(metered.base_url)
        memory = metered.client.get("/admin/memory").json()
        (demo,) = [model for model in memory["models"] if model["id"] == "demo"]
        told = {
            "reserved_bytes": demo["reserved"]["total"],
            "kv_cache_bytes": demo["kv"],
            "prefix_cache_bytes": demo["prefixes"],
        }
        assert 0 < scrape.value("mlx_server_weight_bytes", model="demo") <= demo["reserved"]["weights"]
        assert scrape.value("mlx_server_footprint_bytes", model="demo") > 10 * 2**20
        assert scrape.value("mlx_server_model_loaded", model="demo") == 1
        return (
            all(scrape.value(f"mlx_server_{name}", model="demo") == value for name, value in told.items())
            and scrape.value("mlx_server_memory_budget_bytes") == memory["budget"]
            and scrape.value("mlx_server_memory_reserved_bytes") == memory["reserved"]
            and scrape.value("mlx_server_prefix_cache_bytes", model="demo") > 0
        )

    wait_until(agree, "both tell the same")


def test_openmetrics(metered: Server) -> None:
    accept = {"Accept": "application/openmetrics-text; version=1.0.0; charset=utf-8"}
    response = metered.client.get("/metrics", headers=accept)
    assert response.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
    names = {family.name for family in parse_openmetrics(response.text)}
    assert {"mlx_server_requests", "mlx_server_time_to_first_token_seconds", "mlx_build"} <= names


@pytest.mark.full
def test_a_scrape_loads_nothing(start_server: StartServer) -> None:
    server = start_server({"MLX_SERVER_PRELOAD": "[]"})
    for _ in range(3):
        scrape = Scrape(server.base_url)
    assert scrape.value("mlx_build_info", program="mlx_server") == 1
    assert server.ready()[1]["models"] == []
    assert server.workers() == []


def test_scrapes_while_it_generates(metered: Server) -> None:
    running = [
        BackgroundStream(metered, "/v1/chat/completions", endless_chat(seed=seed)) for seed in range(2)
    ]
    for each in running:
        each.wait_flowing()
    for _ in range(10):
        assert Scrape(metered.base_url).value("mlx_server_requests_running", model=ENDLESS) == 2
    for each in running:
        assert each.is_running
        each.leave()
    metered.wait_idle()


@pytest.mark.full
def test_loads_deaths_and_evictions(tmp_path: Path, three_models: Path) -> None:
    env = three_models_env(three_models) | {"MLX_SERVER_MAX_MODELS": "1"}
    with Server(tmp_path, env) as running:
        pool = Pool(running)
        pool.do(ALPHA, "load")
        pool.answer(BETA)  # alpha goes for it
        pid = pool.pid(BETA)
        psutil.Process(pid).send_signal(signal.SIGKILL)
        wait_until(lambda: pool.model(BETA)["pid"] != pid, "the death is noticed")
        pool.answer(BETA)
        pool.do(BETA, "unload")
        scrape = Scrape(running.base_url)
        counts = {
            model: [
                scrape.value(f"mlx_server_{name}_total", model=model)
                for name in (
                    *("model_loads", "model_unloads", "model_evictions"),
                    *("worker_deaths", "worker_restarts", "model_load_failures"),
                )
            ]
            for model in (ALPHA, BETA)
        }
        assert counts == {ALPHA: [1, 1, 1, 0, 0, 0], BETA: [2, 1, 0, 1, 1, 0]}
        assert scrape.value("mlx_server_model_loaded") == scrape.value("mlx_server_footprint_bytes") == 0


def test_the_managers(tmp_path: Path) -> None:
    log = tmp_path / "log"
    env = {"MLX_MANAGER_HOME": str(tmp_path / "home"), "MLX_MANAGER_PORT": "0"}
    env["MLX_MANAGER_START_SERVER"] = "false"
    with log.open("wb") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-m", "mlx_manager.main"], env=clean_environment(env), stderr=stderr
        )
    try:
        found: Any = wait_until(
            lambda: re.search(r"listening on (http://\S+)", log.read_text()), "the manager listens"
        )
        for _ in range(2):
            httpx.get(f"{found[1]}/health", timeout=DEADLINE_S, trust_env=False)
        scrape = Scrape(found[1])
        requests = {"method": "GET", "route": "/health", "status": "200"}
        assert scrape.value("mlx_manager_http_requests_total", **requests) == 2
        assert scrape.value("mlx_manager_http_request_duration_seconds_count", **requests) == 2
        assert scrape.value("mlx_build_info", program="mlx_manager") == 1
        assert scrape.value("process_resident_memory_bytes") > 2**20
        lines = (tmp_path / "home" / "logs" / "manager.log").read_text().splitlines()
        assert {json.loads(line)["pid"] for line in lines} == {process.pid}
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(DEADLINE_S)
        assert process.returncode is not None
    assert os.stat(tmp_path / "home").st_mode & 0o777 == 0o700
