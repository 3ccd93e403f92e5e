"""The pool's measurements: what is made of numbers, and the page, from numbers that were made up."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import measure_pool
import pytest
from bench import document
from bench.answers import Answer
from pool_measures import page
from pool_measures.crowds import rates
from pool_measures.deaths import Moments, sample
from pool_measures.figures import Figure, counted, num_loads, ratio, seconds
from pool_measures.loads import Loads
from pool_measures.together import Streams, smaller_share, tokens_per_s

FACTS: dict[str, Any] = {
    "date": "2030-01-02T03:04:05+00:00",
    "commit": "abc",
    "machine": {"system": "Linux", "processor": "A CPU", "cores": 2, "memory_gb": 8.0, "blas": None},
    "versions": {"mlx": "1.2.3"},
    "load_average": [0.1, 0.1, 0.1],
    "warnings": ["the machine was not idle"],
}


def row(name: str, figures: list[Figure], failed: str = "") -> dict[str, Any]:
    numbers = [figure.as_json() for figure in figures]
    title = measure_pool.SECTIONS[name].title
    return FACTS | {"title": title, "took_s": 12.3, "failed": failed, "figures": numbers}


def cells(text: str, label: str) -> list[str]:
    (found,) = (line for line in text.splitlines() if line.startswith(f"| {label} |"))
    return [cell.strip() for cell in found.strip("|").split("|")][1:]


def test_median_judges_times_and_the_worst_run_judges_counts() -> None:
    assert Figure("", "s", (1.0, 1.2, 9.0), 1.3).is_met
    assert not Figure("", "s", (1.0, 1.4, 1.5), 1.3).is_met
    assert counted("", [1, 1, 1], 1).is_met
    assert not counted("", [1, 1, 2], 1).is_met
    assert seconds("", [1.0]).is_met is None


def test_ratios_are_taken_within_a_run() -> None:
    assert ratio("", [2.0, 30.0], [1.0, 10.0]).values == (2.0, 3.0)
    with pytest.raises(ValueError, match="argument 2"):
        ratio("", [1.0, 2.0], [1.0])


def test_figures_survive_json() -> None:
    figure = Figure("x ÷ y", "times", (1.0, 2.5), 3, judges_worst=True)
    assert Figure.of_json(json.loads(json.dumps(figure.as_json()))) == figure


def test_progress_is_not_another_load() -> None:
    assert num_loads([]) == 0
    assert num_loads(["loading", "loading", "loaded", "draining", "unloaded", "loading"]) == 2
    assert num_loads(["loaded", "draining", "unloaded"]) == 0


def test_rates_of_parts() -> None:
    ended = [float(second) for second in range(11)] + [10.5, 11.0]
    assert list(rates(ended, 2)) == [1.0, pytest.approx(6 / 5)]


def test_load_figures_compare_with_the_bare_load_of_the_same_run() -> None:
    loads = Loads(bare=[1.0, 2.0, 4.0])
    for kind, factor in zip(loads.ours, (3.0, 1.25, 2.0), strict=True):
        loads.ours[kind] = [factor * bare for bare in loads.bare]
    figures = {figure.label: figure for figure in loads.figures("m")}
    assert figures["m: first load ÷ bare"].values == (3.0, 3.0, 3.0)
    later = figures["m: later load ÷ bare"]
    assert (later.values, later.bound, later.is_met) == ((1.25, 1.25, 1.25), 1.3, True)
    assert [figure.label for figure in figures.values() if figure.bound] == [later.label]


def test_two_models_share_what_came_while_both_ran() -> None:
    quick = Streams([Answer(0.0, 2.1, ((1.0, 4), (2.0, 4)))])
    slow = Streams([Answer(0.5, 4.1, ((1.5, 2), (3.0, 2), (4.0, 4)))])
    assert smaller_share([quick, slow]) == pytest.approx(2 / 10)
    assert tokens_per_s([quick, slow]) == pytest.approx(16 / 4)
    assert tokens_per_s([slow]) == pytest.approx(8 / 3.5)


def test_the_gap_of_the_kill_itself_counts_and_later_ones_do_not() -> None:
    ticks = [tick / 100 for tick in range(401)] + [4.3, 4.31, 9.5, 20.0]
    pauses = list(pairwise(ticks))
    found = sample(pauses, Moments(crowded_s=2.0, loaded_s=2.2, killed_s=4.05, told_s=4.1))
    assert found["gap p99, alone"] == pytest.approx(0.01)
    assert found["gap p99, before the kill"] == pytest.approx(0.01)
    assert found["largest gap in 5 s after the kill"] == pytest.approx(5.19)
    assert found["that gap's end, after the kill"] == pytest.approx(9.5 - 4.05)
    assert found["the killed model's streams end after"] == pytest.approx(0.05)
    in_time = [pause for pause in pauses if pause[1] < 5]
    found = sample(in_time, Moments(crowded_s=2.0, loaded_s=2.2, killed_s=4.05, told_s=4.1))
    assert found["largest gap in 5 s after the kill"] == pytest.approx(0.3)


def test_page_shows_the_middle_the_spread_and_the_verdict() -> None:
    times = Figure("later load", "times", (1.2, 1.25, 1.9), 1.3)
    results = document.empty()
    results["rows"]["load"] = row("load", [times, Figure("very first", "s", (0.98765,))])
    results["rows"]["burst"] = row("burst", [counted("loads", [1, 2], 1), counted("requests", [1000])])
    text = page.markdown(results)
    assert cells(text, "later load") == ["1.25 times", "1.2 … 1.9", "3", "≤ 1.3", "pass"]
    assert cells(text, "very first") == ["0.988 s", "", "1", "", ""]
    assert cells(text, "loads") == ["1.5", "1 … 2", "2", "≤ 1", "**miss**"]
    assert cells(text, "requests")[0] == "1,000"
    titles = [measure_pool.SECTIONS[name].title for name in results["rows"]]
    assert text.count("commit abc") == 1
    assert f"{titles[0]} (12 s), {titles[1]} (12 s): 2030-01-02" in text
    assert "> Doubtful: the machine was not idle." in text
    assert page.failures(results, ["load", "burst"]) == []


def test_page_names_what_failed() -> None:
    results = document.empty()
    results["rows"]["death"] = row("death", [], failed="a stream ended\nand more")
    assert "**Failed**: a stream ended\n" in page.markdown(results)
    assert page.failures(results, ["death"]) == ["death: a stream ended\nand more"]


def test_every_section_is_explained() -> None:
    assert set(page.NOTES) == set(measure_pool.SECTIONS)


def test_results_of_other_sections_are_kept_in_the_page_s_order(tmp_path: Path) -> None:
    results = document.empty()
    results["rows"]["burst"] = row("burst", [counted("loads", [1], 1)])
    measure_pool.write(tmp_path, results)
    kept = document.read(tmp_path / "pool.json")
    kept["rows"]["load"] = row("load", [seconds("later load", [0.5])])
    measure_pool.write(tmp_path, kept)
    assert list(document.read(tmp_path / "pool.json")["rows"]) == ["load", "burst"]
    text = (tmp_path / "pool.md").read_text()
    assert text.index("later load |") < text.index("| loads |")
