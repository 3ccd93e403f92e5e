"""`results.md`: the targets first, then everything that was measured."""

from collections.abc import Iterable, Mapping, Sequence
from statistics import median

from bench.document import Document

_INTRODUCTION = """\
Written by `make bench`; do not edit. Every number is measured in interleaved rounds: in each round every
contender runs once, in another order each time, and ratios are taken within a round. A target is met when
the median of its ratios meets it; beside it stand the 95 % bootstrap interval of that median and the
smallest and largest round.

- **ours**: this project's server, over HTTP, with its default settings where nothing else is said.
- **limit**: mlx-lm's `BatchGenerator` alone in a process, greedy, no HTTP and no text.
- **mlx_lm.server**: mlx-lm's own server, over HTTP.

All compute with the same BLAS and with `mx.compile` disabled; on a CPU, ours has its own softmax for
attention, which the others, being mlx-lm as it is, have not. Models have random weights and no
end-of-sequence token, so that every request yields its full length, which is checked. A request's clock
starts before its connection is made, unless it says *connected beforehand*. Tokens per second are all
clients' tokens over the time from the first request to the last token. A gap is the time between two
arrivals of tokens in one stream. *Client CPU* is the load generator's share of the machine's CPU, *idle CPU*
that of the contenders whose turn it was not."""

_PLOTS = {
    "ratios.svg": "Throughput ratios",
    "ttft.svg": "Time to the first token",
    "gaps.svg": "Time between tokens while a long prompt arrives",
}

_FORMATS = {
    "tokens_per_s": ("tokens/s", 1, ".1f"),
    "ttft_s": ("first token, ms", 1000, ".1f"),
    "ttft_max_s": ("last first token, ms", 1000, ".1f"),
    "gap_s": ("gap, ms", 1000, ".2f"),
    "gap_p99_s": ("gap p99, ms", 1000, ".2f"),
    "cold_ttft_s": ("cold, ms", 1000, ".1f"),
    "warm_ttft_s": ("warm, ms", 1000, ".1f"),
    "disk_ttft_s": ("from disk, ms", 1000, ".1f"),
    "cached_tokens": ("cached tokens", 1, ".0f"),
    "gap_undisturbed_s": ("gap undisturbed, ms", 1000, ".2f"),
    "gap_undisturbed_p99_s": ("its p99, ms", 1000, ".2f"),
    "gap_reading_p99_s": ("p99 while read, ms", 1000, ".2f"),
    "gap_reading_max_s": ("largest, ms", 1000, ".1f"),
    "gap_joined_p99_s": ("p99 joined, ms", 1000, ".2f"),
    "gap_joined_max_s": ("largest, ms", 1000, ".1f"),
    "ttft_idle_s": ("first token idle, ms", 1000, ".0f"),
    "ttft_busy_s": ("first token busy, ms", 1000, ".0f"),
    "b_first_admission": ("B's first is admission", 1, ".0f"),
    "a_before_b_last": ("A's before B's last", 1, ".0f"),
    "a_before_b_arrived": ("A's before B came", 1, ".0f"),
    "background_ended": ("background ended", 1, ".0f"),
    "background_ttft_s": ("its first token, s", 1, ".1f"),
    "others_meanwhile": ("others meanwhile", 1, ".0f"),
    "same_text": ("same text", 1, ".0f"),
    "num_failed": ("failed", 1, ".0f"),
    "client_cpu": ("client CPU", 100, ".1f"),
    "idle_cpu": ("idle CPU", 100, ".1f"),
}


def markdown(document: Document, plots: Iterable[str]) -> str:
    """The whole page; `plots` are the files that lie beside it."""
    rows: Mapping[str, Document] = document["rows"]
    head = ["workload", "ratio or value", "median", "95 % interval", "min … max", "target", ""]
    lines = ["# Benchmarks", "", _INTRODUCTION, "", "## Targets", "", *table(head, _targets(rows)), ""]
    for name in plots:
        lines += [f"![{_PLOTS[name]}]({name})", ""]
    for name, row in rows.items():
        lines += _row(name, row)
    return "\n".join(lines).rstrip() + "\n"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return [
        "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in line) + " |"
        for line in lines
    ]


def verdict_word(target: Document) -> str:
    """`pass`, `miss`, or why there is neither."""
    if target["bound"] is None:
        return ""
    if target["is_met"] is None:
        return f"not measured: {target['reason']}"
    return "pass" if target["is_met"] else "**miss**"


def _targets(rows: Mapping[str, Document]) -> Iterable[list[str]]:
    for row in rows.values():
        for experiment in row["experiments"]:
            for target in experiment["targets"]:
                if target["bound"] is not None or target["summary"] is not None:
                    yield [_workload(row, experiment), target["label"], *_numbers(target)]


def _workload(row: Document, experiment: Document) -> str:
    return f"{experiment['model'] or row['title']}: {experiment['title']}"


def _numbers(target: Document) -> list[str]:
    summary = target["summary"]
    if summary is None:
        return ["", "", "", target["demand"], verdict_word(target)]
    return [
        f"{summary['median']:.3f}",
        f"{summary['low']:.3f} … {summary['high']:.3f}",
        f"{summary['smallest']:.3f} … {summary['largest']:.3f}",
        target["demand"],
        verdict_word(target),
    ]


def _row(name: str, row: Document) -> list[str]:
    lines = [f"## {row['title']}", "", _provenance(name, row), ""]
    lines += [f"> Doubtful: {warning}." for warning in row["warnings"]] + [""] * bool(row["warnings"])
    for experiment in row["experiments"]:
        lines += [f"### {_workload(row, experiment)}", ""]
        if experiment["failed"]:
            lines += [f"**Failed**: {experiment['failed'].splitlines()[0]}", ""]
        for arm, message in experiment["refused"].items():
            lines += [f"Not supported by {arm}: {message}", ""]
        for arm, message in experiment["broken"].items():
            lines += [f"**Failed** for {arm}: {message.splitlines()[0]}", ""]
        for arm, messages in experiment["errors"].items():
            lines += [f"Requests of {arm} failed: {'; '.join(messages)}", ""]
        if experiment["rounds"]:
            lines += [*_arms(experiment["rounds"]), ""]
    return lines


def _provenance(name: str, row: Document) -> str:
    machine, versions = row["machine"], row["versions"]
    return (
        f"`make bench BENCH_ARGS='--only {name}'`, {row['num_rounds']} rounds, {row['date']}, "
        f"commit {row['commit'] or 'unknown'}. {machine['processor']}, {machine['cores']} cores, "
        f"{machine['memory_gb']:g} GB, {machine['system']}, BLAS {machine['blas'] or 'of the system'}, "
        f"load average {row['load_average'][0]} at the start. "
        + ", ".join(f"{package} {version}" for package, version in versions.items())
        + "."
    )


def _arms(rounds: Sequence[Mapping[str, Mapping[str, float]]]) -> list[str]:
    """Medians over the rounds, a line for each arm; spread where it is the headline."""
    names = list(dict.fromkeys(arm for samples in rounds for arm in samples))
    metrics = [name for name in _FORMATS if any(name in sample for one in rounds for sample in one.values())]
    # Nobody failed: no column for it.
    if not any(sample.get("num_failed") for one in rounds for sample in one.values()):
        metrics = [name for name in metrics if name != "num_failed"]
    head = ["", *(_FORMATS[metric][0] for metric in metrics)]
    return table(head, ([name, *(_cell(rounds, name, metric) for metric in metrics)] for name in names))


def _cell(rounds: Sequence[Mapping[str, Mapping[str, float]]], arm: str, metric: str) -> str:
    values = [samples[arm][metric] for samples in rounds if metric in samples.get(arm, {})]
    if not values:
        return ""
    _, factor, form = _FORMATS[metric]
    shown = format(median(values) * factor, form)
    if metric.endswith("_cpu"):
        return f"{shown} %"
    if metric == "tokens_per_s":
        return f"{shown} ({min(values):.1f} … {max(values):.1f})"
    return shown


def failures(document: Document, names: Iterable[str]) -> list[str]:
    """What went wrong in these rows, as opposed to what was measured and missed."""
    found: list[str] = []
    for name in names:
        for experiment in document["rows"][name]["experiments"]:
            broken = [f"{arm}: {message}" for arm, message in experiment["broken"].items()]
            for reason in [experiment["failed"], *broken]:
                if reason:
                    found.append(f"{name}: {experiment['title']}: {reason}")
    return found
