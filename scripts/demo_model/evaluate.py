"""Answer the held-out prompts at temperature 0 with mlx-lm and write the pass rates into the model card."""

import argparse
import ctypes
import sys
import time
from contextlib import suppress
from pathlib import Path

# Loaded before mlx, this BLAS makes float32 products on a Linux CPU several times faster.
with suppress(OSError):
    ctypes.CDLL("libopenblas.so.0", ctypes.RTLD_GLOBAL)

import mlx.core as mx
from mlx.utils import tree_map
from mlx_lm import load, stream_generate

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from demo_model.card import publish, table
from demo_model.heldout import HELD_OUT, HeldOut
from demo_model.judge import pass_counts, passes
from demo_model.records import MODEL_DIR

MAX_TOKENS = 160


class Answerer:
    """The model in float32, with greedy decoding."""

    def __init__(self, folder: Path = MODEL_DIR) -> None:
        self.model, self.tokenizer = load(str(folder))[:2]
        self.model.update(tree_map(lambda weight: weight.astype(mx.float32), self.model.parameters()))

    def prompt(self, item: HeldOut) -> str:
        return str(
            self.tokenizer.apply_chat_template(
                list(item.messages),
                tools=list(item.tools) or None,
                enable_thinking=item.thinking,
                add_generation_prompt=True,
                tokenize=False,
            )
        )

    def answer(self, item: HeldOut) -> str:
        ids = self.tokenizer.encode(self.prompt(item), add_special_tokens=False)
        parts = stream_generate(self.model, self.tokenizer, ids, max_tokens=MAX_TOKENS)
        return "".join(part.text for part in parts)


def answers(folder: Path = MODEL_DIR) -> list[str]:
    mx.disable_compile()
    answerer = Answerer(folder)
    return [answerer.answer(item) for item in HELD_OUT]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=MODEL_DIR)
    parser.add_argument("--failures", action="store_true", help="show the prompts that failed")
    parser.add_argument("--publish", action="store_true", help="write the pass rates into the model card")
    args = parser.parse_args()
    started = time.monotonic()
    given = answers(args.model)
    counts = pass_counts(given)
    print(table(counts), f"\n{time.monotonic() - started:.1f} s")
    for item, answer in zip(HELD_OUT, given, strict=True):
        if args.failures and not passes(item, answer):
            print(f"{item.kind}: {item.messages[-1]['content']!r} -> {answer!r}")
    if args.publish:
        publish(counts)


if __name__ == "__main__":
    main()
