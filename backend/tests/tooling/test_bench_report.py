"""Tables and plots from results that were made up."""

import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import pytest
from bench import plots, report
from bench.document import Document, empty, read, row_document, write
from bench.experiment import Arm, Experiment, Outcome, Sample, Target, Timeline, Value
from bench.gap_plot import round_seconds, thinned
from bench.svg import LogScale

FACTS: dict[str, Any] = {
    "date": "2030-01-02T03:04:05+00:00",
    "commit": "abc",
    "machine": {"system": "Linux", "processor": "A & B <CPU>", "cores": 2, "memory_gb": 8.0, "blas": None},
    "versions": {"mlx": "1.2.3"},
    "load_average": [0.1, 0.1, 0.1],
    "num_rounds": 7,
    "warnings": ["the machine was not idle"],
}


async def nothing(_: int) -> Sample:
    return {}


def outcome(model: str, rounds: list[dict[str, Sample]], *targets: Target) -> Outcome:
    arms = [Arm(name, name, nothing) for name in rounds[0]]
    return Outcome(Experiment("4 clients", "4 clients, more <text>", model, arms, targets), rounds)


@pytest.fixture
def results() -> Document:
    speeds = [
        {"ours": {"tokens_per_s": 90.0 + n, "ttft_s": 0.01}, "limit": {"tokens_per_s": 100.0}}
        for n in range(7)
    ]
    to_limit = [Target(Value("ours"), Value("limit"), bound) for bound in (0.9, 2)]
    small = outcome("m", speeds, *to_limit)
    small.refused = {"peer": "cannot"}
    gaps = [{"ours": {"gap_undisturbed_s": 0.004, "gap_reading_p99_s": 0.01, "ttft_idle_s": 0.1}}]
    stalls = Target(Value("ours", "gap_reading_p99_s"), Value("ours", "gap_undisturbed_s"), 3, False)
    arrival = outcome("m", gaps, stalls)
    pauses = [(n / 100, 0.004 + n % 7 / 1000) for n in range(-50, 90)]
    arrival.timelines = {"ours": Timeline(pauses, 0.3, 0.9)}
    broken = Outcome(Experiment("short", "t", "m", [], []), failed="it fell over\nmore")
    rows = {"small": [small], "arrival": [arrival], "fairness": [broken]}
    return {"rows": {name: row_document(name, FACTS, found) for name, found in rows.items()}}


def test_markdown_says_what_was_met_and_what_was_not(results: Document) -> None:
    page = report.markdown(results, plots.plots(results))
    lines = [
        line for line in page.splitlines() if line.startswith("| m: 4 clients") and "ours ÷ limit" in line
    ]
    assert [line.split(" | ")[2:] for line in lines] == [
        ["0.930", "0.910 … 0.950", "0.900 … 0.960", "≥ 0.9", "pass |"],
        ["0.930", "0.910 … 0.950", "0.900 … 0.960", "≥ 2", "**miss** |"],
    ]
    for words in (
        "the machine was not idle",
        "commit abc",
        "Not supported by peer: cannot",
        "it fell over",
        "mlx 1.2.3",
    ):
        assert words in page


def test_tables_are_rectangular(results: Document) -> None:
    blocks = report.markdown(results, []).split("\n\n")
    tables = [block.splitlines() for block in blocks if block.startswith("|")]
    assert tables
    for lines in tables:
        assert len({line.count("|") for line in lines}) == 1


def test_failures_are_told(results: Document) -> None:
    assert report.failures(results, ["small"]) == []
    assert report.failures(results, ["fairness"]) == ["fairness: t: it fell over\nmore"]


def test_plots_are_well_formed(results: Document) -> None:
    made = plots.plots(results)
    assert sorted(made) == ["gaps.svg", "ratios.svg", "ttft.svg"]
    for name, content in made.items():
        root = ElementTree.fromstring(content)
        assert root.tag == "{http://www.w3.org/2000/svg}svg", name
        width, height = map(float, root.attrib["viewBox"].split()[2:])
        for dot in root.iter("{http://www.w3.org/2000/svg}circle"):
            assert 0 <= float(dot.attrib["cx"]) <= width
            assert 0 <= float(dot.attrib["cy"]) <= height
        assert "prefers-color-scheme: dark" in content


def test_ratio_plot_shows_every_ratio_and_its_target(results: Document) -> None:
    root = ElementTree.fromstring(plots.plots(results)["ratios.svg"])
    kinds = [line.attrib["class"] for line in root.iter("{http://www.w3.org/2000/svg}line")]
    assert kinds.count("want") == 2
    assert len(list(root.iter("{http://www.w3.org/2000/svg}circle"))) == 2


def test_nothing_measured_makes_no_plot() -> None:
    assert plots.plots({"rows": {}}) == {}
    assert report.markdown({"rows": {}}, []).startswith("# Benchmarks")


def test_log_scale() -> None:
    scale = LogScale(1, 100, 0, 200)
    assert [scale(value) for value in (1, 10, 100)] == pytest.approx([0, 100, 200])
    assert scale(0.001) == 0  # at the edge, not off the page
    assert scale.ticks() == [1, 2, 5, 10, 20, 50, 100]


def test_thinning_keeps_every_long_pause() -> None:
    gaps = [(float(n), float(n % 100 == 0) + 0.001) for n in range(10_000)]
    kept = thinned(gaps, 1000)
    assert len(kept) <= 1000
    assert sum(gap > 1 for _, gap in kept) == 100
    assert sorted(thinned(gaps[:10])) == sorted(gaps[:10])


def test_times_of_an_axis_are_round() -> None:
    assert round_seconds(-0.35, 0.9) == [-0.2, 0.0, 0.2, 0.4, 0.6, 0.8]
    assert round_seconds(-1.0, 41.0) == [0, 5, 10, 15, 20, 25, 30, 35, 40]


def test_results_are_kept_as_they_were(tmp_path: Path, results: Document) -> None:
    written = empty() | results
    write(tmp_path / "results.json", written)
    assert read(tmp_path / "results.json") == json.loads(json.dumps(written))
    assert max(map(len, (tmp_path / "results.json").read_text().splitlines())) < 5000


@pytest.mark.parametrize("content", ["", "[]", '{"format": 0, "rows": {"small": 1}}'])
def test_results_of_another_format_are_not_read(tmp_path: Path, content: str) -> None:
    (tmp_path / "results.json").write_text(content)
    assert read(tmp_path / "results.json") == empty()
