"""Write docs/grafana/mlx-manager.json, the dashboard. `--check` only tells whether it is up to date."""

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

PAGE = Path(__file__).resolve().parent.parent / "docs" / "grafana" / "mlx-manager.json"

_WIDTH: Final = 24
_HEIGHT: Final = 8
_SOURCE: Final = {"type": "prometheus", "uid": "${datasource}"}
_SERVER: Final = 'instance=~"$instance"'
_MODEL: Final = f'{_SERVER}, model=~"$model"'


@dataclass(frozen=True)
class Panel:
    """One graph.

    Attributes:
        unit: Grafana's name of it, such as `s`, `bytes` or `reqps`.
        queries: expressions with their legends.
        columns: of the dashboard's 24 that it is wide.
    """

    title: str
    unit: str
    queries: Sequence[tuple[str, str]]
    columns: int = 8
    meaning: str = ""


def rate(metric: str, *by: str, labels: str = _MODEL) -> str:
    """Increase for each second."""
    return f"sum by ({', '.join(by)}) (rate({metric}{{{labels}}}[$__rate_interval]))"


def quantiles(title: str, metric: str, meaning: str) -> Panel:
    """The median and the 95th and 99th percentile of a histogram of seconds, by model."""
    buckets = f"sum by (le, model) (rate({metric}_bucket{{{_MODEL}}}[$__rate_interval]))"
    shares = (("0.5", "p50"), ("0.95", "p95"), ("0.99", "p99"))
    queries = [(f"histogram_quantile({share}, {buckets})", f"{{{{model}}}} {name}") for share, name in shares]
    mean = f"{rate(metric + '_sum', 'model')} / {rate(metric + '_count', 'model')}"
    return Panel(title, "s", [*queries, (mean, "{{model}} mean")], meaning=meaning)


def gauge(title: str, unit: str, metric: str, meaning: str = "") -> Panel:
    """A gauge by model."""
    return Panel(title, unit, [(f"sum by (model) ({metric}{{{_MODEL}}})", "{{model}}")], meaning=meaning)


def counted(title: str, metric: str, meaning: str = "") -> Panel:
    """How often something happened within the dashboard's interval, by model."""
    expression = f"sum by (model) (increase({metric}{{{_MODEL}}}[$__rate_interval]))"
    return Panel(title, "short", [(expression, "{{model}}")], columns=6, meaning=meaning)


ROWS: dict[str, list[Panel]] = {
    "Requests": [
        Panel(
            "Requests by outcome",
            "reqps",
            [(rate("mlx_server_requests_total", "outcome", "dialect"), "{{dialect}} {{outcome}}")],
        ),
        Panel(
            "Failures by error code",
            "reqps",
            [
                (
                    rate("mlx_server_requests_total", "code", labels=f'{_SERVER}, outcome="failed"'),
                    "{{code}}",
                )
            ],
            meaning="Also requests whose model does not exist, which count for no model.",
        ),
        Panel(
            "Running and waiting",
            "short",
            [
                (f"sum by (model) (mlx_server_requests_running{{{_MODEL}}})", "{{model}} running"),
                (f"sum by (model) (mlx_server_requests_waiting{{{_MODEL}}})", "{{model}} waiting"),
            ],
        ),
    ],
    "Latency": [
        quantiles("Time to first token", "mlx_server_time_to_first_token_seconds", "From arrival."),
        quantiles(
            "Time per output token",
            "mlx_server_time_per_output_token_seconds",
            "Mean of each request's tokens after the first.",
        ),
        quantiles(
            "Request duration", "mlx_server_request_duration_seconds", "From arrival to the last token."
        ),
        quantiles(
            "Queue time",
            "mlx_server_queue_time_seconds",
            "From arrival until the engine began with the prompt; loading the model counts.",
        ),
        quantiles("Prefill time", "mlx_server_prefill_time_seconds", "From there to the first token."),
        gauge("Tokens per second", "short", "mlx_server_tokens_per_second", "Of all requests together."),
    ],
    "Tokens": [
        Panel(
            "Tokens",
            "short",
            [
                (rate("mlx_server_prompt_tokens_total", "model"), "{{model}} prompt"),
                (rate("mlx_server_cached_tokens_total", "model"), "{{model}} cached"),
                (rate("mlx_server_completion_tokens_total", "model"), "{{model}} completion"),
            ],
            columns=12,
            meaning="For each second.",
        ),
        Panel(
            "Prefix cache hit rate",
            "percentunit",
            [
                (
                    f"{rate('mlx_server_cached_tokens_total', 'model')} / "
                    f"{rate('mlx_server_prompt_tokens_total', 'model')}",
                    "{{model}}",
                )
            ],
            columns=12,
            meaning="Prompt tokens that need not be read again.",
        ),
    ],
    "Memory": [
        Panel(
            "Budget",
            "bytes",
            [
                (f"sum(mlx_server_memory_budget_bytes{{{_SERVER}}})", "budget"),
                (f"sum(mlx_server_memory_reserved_bytes{{{_SERVER}}})", "reserved"),
                (f"sum(mlx_server_footprint_bytes{{{_SERVER}}})", "in use"),
            ],
        ),
        gauge("Reserved", "bytes", "mlx_server_reserved_bytes", "Bytes of the budget, by model."),
        gauge("Footprint", "bytes", "mlx_server_footprint_bytes", "Workers, by the system's account."),
        gauge("Weights", "bytes", "mlx_server_weight_bytes"),
        gauge("KV cache", "bytes", "mlx_server_kv_cache_bytes"),
        gauge("Prefix cache", "bytes", "mlx_server_prefix_cache_bytes"),
    ],
    "Models": [
        gauge("Loaded", "short", "mlx_server_model_loaded"),
        counted("Loads", "mlx_server_model_loads_total"),
        counted("Load failures", "mlx_server_model_load_failures_total"),
        counted("Unloads", "mlx_server_model_unloads_total"),
        counted("Evictions", "mlx_server_model_evictions_total", "Unloads that made room for others."),
        counted("Worker deaths", "mlx_server_worker_deaths_total"),
        counted("Worker restarts", "mlx_server_worker_restarts_total"),
    ],
    "HTTP": [
        Panel(
            f"{program}: {what}",
            unit,
            [(expression, legend)],
            columns=6,
        )
        for program, prefix in (("Server", "mlx_server"), ("Manager", "mlx_manager"))
        for what, unit, expression, legend in (
            (
                "requests",
                "reqps",
                rate(f"{prefix}_http_requests_total", "route", "status", labels=_SERVER),
                "{{status}} {{route}}",
            ),
            (
                "p95",
                "s",
                "histogram_quantile(0.95, "
                + rate(f"{prefix}_http_request_duration_seconds_bucket", "le", "route", labels=_SERVER)
                + ")",
                "{{route}}",
            ),
        )
    ],
    "Programs": [
        Panel(
            "Fields without effect",
            "reqps",
            [
                (
                    rate("mlx_server_ignored_fields_total", "dialect", "field", labels=_SERVER),
                    "{{dialect}} {{field}}",
                )
            ],
            columns=6,
        ),
        Panel(
            "Audit rows lost",
            "short",
            [(f"sum(increase(mlx_server_audit_rows_lost_total{{{_SERVER}}}[$__rate_interval]))", "lost")],
            columns=6,
        ),
        Panel(
            "Processor",
            "percentunit",
            [(f"rate(process_cpu_seconds_total{{{_SERVER}}}[$__rate_interval])", "{{instance}}")],
            columns=6,
        ),
        Panel(
            "Resident memory",
            "bytes",
            [(f"process_resident_memory_bytes{{{_SERVER}}}", "{{instance}}")],
            columns=6,
        ),
        Panel(
            "Open files",
            "short",
            [
                (f"process_open_fds{{{_SERVER}}}", "{{instance}}"),
                (f"process_max_fds{{{_SERVER}}}", "{{instance}} limit"),
            ],
            columns=6,
        ),
        Panel(
            "Up for",
            "s",
            [(f"time() - process_start_time_seconds{{{_SERVER}}}", "{{instance}}")],
            columns=6,
        ),
        Panel("Versions", "short", [(f"mlx_build_info{{{_SERVER}}}", "{{program}} {{version}}")], columns=6),
    ],
}


def panels() -> Iterator[dict[str, Any]]:
    """Every row's heading and graphs, placed."""
    number = top = 0
    for heading, graphs in ROWS.items():
        number += 1
        place = {"h": 1, "w": _WIDTH, "x": 0, "y": top}
        yield {
            "type": "row",
            "id": number,
            "title": heading,
            "collapsed": False,
            "gridPos": place,
            "panels": [],
        }
        top, left = top + 1, 0
        for graph in graphs:
            if left + graph.columns > _WIDTH:
                top, left = top + _HEIGHT, 0
            number += 1
            place = {"h": _HEIGHT, "w": graph.columns, "x": left, "y": top}
            yield _panel(graph, number, place)
            left += graph.columns
        top += _HEIGHT


def _panel(graph: Panel, number: int, place: dict[str, int]) -> dict[str, Any]:
    targets = [
        {"refId": chr(ord("A") + index), "datasource": _SOURCE, "expr": expression, "legendFormat": legend}
        for index, (expression, legend) in enumerate(graph.queries)
    ]
    return {
        "type": "timeseries",
        "id": number,
        "title": graph.title,
        "description": graph.meaning,
        "datasource": _SOURCE,
        "gridPos": place,
        "fieldConfig": {"defaults": {"unit": graph.unit, "min": 0}, "overrides": []},
        "options": {
            "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
            "tooltip": {"mode": "multi", "sort": "desc"},
        },
        "targets": targets,
    }


def _variable(name: str, label: str, metric: str) -> dict[str, Any]:
    query = f"label_values({metric}, {name})"
    return {
        "type": "query",
        "name": name,
        "label": label,
        "datasource": _SOURCE,
        "query": {"query": query, "refId": name},
        "definition": query,
        "refresh": 2,
        "sort": 1,
        "multi": True,
        "includeAll": True,
        "allValue": ".*",
        "current": {"selected": True, "text": ["All"], "value": ["$__all"]},
    }


def dashboard() -> dict[str, Any]:
    """As Grafana imports it."""
    source = {"type": "datasource", "name": "datasource", "label": "Data source", "query": "prometheus"}
    return {
        "uid": "mlx-manager",
        "title": "MLX Manager",
        "tags": ["mlx"],
        "schemaVersion": 39,
        "version": 1,
        "editable": True,
        "graphTooltip": 1,
        "refresh": "10s",
        "time": {"from": "now-1h", "to": "now"},
        "timezone": "browser",
        "annotations": {"list": []},
        "templating": {
            "list": [
                source,
                _variable("instance", "Program", "mlx_build_info"),
                _variable("model", "Model", "mlx_server_model_loaded"),
            ]
        },
        "panels": list(panels()),
    }


def main() -> None:
    """Write the file, or with `--check` exit with 1 where it differs."""
    text = json.dumps(dashboard(), indent=1) + "\n"
    if sys.argv[1:] == ["--check"]:
        raise SystemExit(PAGE.read_text() != text)
    PAGE.write_text(text)


if __name__ == "__main__":
    main()
