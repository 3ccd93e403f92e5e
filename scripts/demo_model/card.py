"""The table of pass rates in the model card, written and read."""

import re
from pathlib import Path

from demo_model.records import MODEL_DIR

CARD = MODEL_DIR / "README.md"
BEGIN, END = "<!-- pass rates: begin -->", "<!-- pass rates: end -->"
ROW = re.compile(r"^\| ([\w ]+) \| (\d+) of (\d+) \|", re.MULTILINE)
Counts = dict[str, tuple[int, int]]


def table(counts: Counts) -> str:
    total = (sum(passed for passed, _ in counts.values()), sum(count for _, count in counts.values()))
    rows = [
        f"| {kind} | {passed} of {count} | {passed / count:.0%} |" for kind, (passed, count) in counts.items()
    ]
    last = f"| **all** | **{total[0]} of {total[1]}** | **{total[0] / total[1]:.0%}** |"
    return "\n".join(["| kind | passed | rate |", "| --- | --- | --- |", *rows, last])


def publish(counts: Counts, path: Path = CARD) -> None:
    before, rest = path.read_text().split(BEGIN)
    after = rest.split(END)[1]
    path.write_text(f"{before}{BEGIN}\n{table(counts)}\n{END}{after}")


def published(path: Path = CARD) -> Counts:
    part = path.read_text().split(BEGIN)[1].split(END)[0]
    return {kind: (int(passed), int(total)) for kind, passed, total in ROW.findall(part)}
