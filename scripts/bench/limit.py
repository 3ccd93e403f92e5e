"""The limit: mlx-lm's `BatchGenerator` alone in a process, greedy, no HTTP, no detokenising.

    python -m bench.limit FOLDER

Reads a JSON object per line, `{"prompts": [[ids]], "max_tokens": n}`, and answers each with a line:
`{"arrivals": [per prompt: when each token came, in seconds since the start]}`.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

from bench.launch import prepare


def load_model(folder: Path) -> Any:
    """The model alone, weights evaluated."""
    from mlx_lm.utils import load_model

    model, _ = load_model(folder)
    return model


def generate(model: Any, prompts: list[list[int]], max_tokens: int) -> dict[str, Any]:
    """All prompts at once, to the end of the last."""
    from mlx_lm.generate import BatchGenerator

    started = time.perf_counter()
    generator = BatchGenerator(model, max_tokens=max_tokens)
    row_of = {uid: row for row, uid in enumerate(generator.insert(prompts))}
    arrivals: list[list[float]] = [[] for _ in prompts]
    while responses := generator.next_generated():
        now = time.perf_counter() - started
        for response in responses:
            arrivals[row_of[response.uid]].append(now)
    generator.close()
    return {"arrivals": arrivals}


def main() -> None:
    # The protocol's own stdout; whatever else is printed goes to stderr.
    answers, sys.stdout = sys.stdout, sys.stderr
    prepare()
    model = load_model(Path(sys.argv[1]))
    print(json.dumps({"ready": True}), file=answers, flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        print(json.dumps(generate(model, order["prompts"], order["max_tokens"])), file=answers, flush=True)


if __name__ == "__main__":
    main()
