"""The dashboard asks for metrics that the programs really have, and for all of them."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import ProxyHandler, build_opener

import httpx
import pytest

from tests.tooling.outside import ROOT

FILE = ROOT / "docs" / "grafana" / "mlx-manager.json"
METRIC = re.compile(r"\b(?:mlx|process)_\w+")
SUFFIXES = {"counter": [""], "gauge": [""], "histogram": ["_bucket", "_sum", "_count"]}


@pytest.fixture(scope="module")
def dashboard() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(FILE.read_text())
    return loaded


def names_in(exposition: str) -> Iterator[str]:
    """Of the samples that a program has or will have."""
    for name, kind in re.findall(r"^# TYPE (\S+) (\S+)$", exposition, re.MULTILINE):
        if not name.endswith("_created"):
            yield from (name + suffix for suffix in SUFFIXES[kind])


@pytest.fixture(scope="module")
def server_names(server_url: str) -> set[str]:
    with build_opener(ProxyHandler({})).open(f"{server_url}/metrics", timeout=60) as response:
        return set(names_in(response.read().decode()))


@pytest.fixture
async def manager_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    monkeypatch.setenv("MLX_MANAGER_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("MLX_MANAGER_DATABASE_URL", raising=False)
    from mlx_manager.main import app

    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://localhost") as http,
    ):
        response = await http.get("/metrics")
        assert response.status_code == 200, response.text
        return set(names_in(response.text))


def expressions(dashboard: dict[str, Any]) -> list[str]:
    variables = [one.get("definition", "") for one in dashboard["templating"]["list"]]
    return variables + [
        target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", ())
    ]


def test_it_is_up_to_date() -> None:
    command = [sys.executable, str(ROOT / "scripts" / "generate_dashboard.py"), "--check"]
    subprocess.run(command, check=True)


@pytest.mark.full
def test_every_metric_exists(
    dashboard: dict[str, Any], server_names: set[str], manager_names: set[str]
) -> None:
    asked = {name for expression in expressions(dashboard) for name in METRIC.findall(expression)}
    assert len(asked) > 30
    assert asked - server_names - manager_names == set()


def test_every_metric_of_ours_is_shown(
    dashboard: dict[str, Any], server_names: set[str], manager_names: set[str]
) -> None:
    shown = " ".join(expressions(dashboard))
    ours = {re.sub(r"_(bucket|sum|count)$", "", name) for name in server_names | manager_names}
    assert [name for name in sorted(ours) if name.startswith("mlx_") and name not in shown] == []


def test_grafana_can_take_it(dashboard: dict[str, Any]) -> None:
    assert dashboard["schemaVersion"] >= 36
    assert dashboard["templating"]["list"][0]["type"] == "datasource"
    graphs = [panel for panel in dashboard["panels"] if panel["type"] != "row"]
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(set(ids)) == len(ids)
    for panel in graphs:
        assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
        assert panel["datasource"]["uid"] == "${datasource}"
        refs = [target["refId"] for target in panel["targets"]]
        assert len(set(refs)) == len(refs) > 0
        for target in panel["targets"]:
            expression = target["expr"]
            for opening, closing in ("()", "{}", "[]"):
                assert expression.count(opening) == expression.count(closing), expression


def test_panels_do_not_overlap(dashboard: dict[str, Any]) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in dashboard["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        cells = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert not cells & taken, panel["title"]
        taken |= cells


def test_legends_name_labels_that_are_there(dashboard: dict[str, Any]) -> None:
    for panel in dashboard["panels"]:
        for target in panel.get("targets", ()):
            grouped = re.search(r"by \(([^)]*)\)", target["expr"])
            if grouped is not None:
                wanted = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
                assert wanted <= set(grouped[1].split(", ")), panel["title"]
