"""A bare `mlx_lm.load` in a process that has loaded models before.

    python -m pool_measures.bare FOLDER...

Loads each of the folders once, then reads a folder per line and answers each with a line of JSON:
`{"load_s": seconds}`. A model is dropped, and its memory given back, before the next.
"""

import gc
import json
import sys
import time

from bench.launch import prepare


def timed_load(folder: str) -> float:
    """Load weights, evaluated, and tokenizer; nothing of them stays."""
    import mlx.core as mx
    import mlx_lm

    began = time.perf_counter()
    loaded = mlx_lm.load(folder)
    mx.eval(loaded[0].parameters())
    took = time.perf_counter() - began
    del loaded
    gc.collect()
    mx.clear_cache()
    return took


def main() -> None:
    # The protocol's own stdout; whatever else is printed goes to stderr.
    answers, sys.stdout = sys.stdout, sys.stderr
    prepare()
    for folder in sys.argv[1:]:
        timed_load(folder)
    print(json.dumps({"ready": True}), file=answers, flush=True)
    for line in sys.stdin:
        print(json.dumps({"load_s": timed_load(line.strip())}), file=answers, flush=True)


if __name__ == "__main__":
    main()
