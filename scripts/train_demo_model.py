"""Train the demo model that ships with MLX Manager.

    pip install torch            # needed here only, and no dependency of the project
    python scripts/train_demo_model.py

writes the weights into backend/mlx_manager/demo_model; `python scripts/demo_model/evaluate.py` then measures
them on the held-out prompts and writes the pass rates into the model card.
"""

import argparse
import math
from pathlib import Path

from demo_model.data import EXAMPLES, stream
from demo_model.model import Config
from demo_model.records import MODEL_DIR
from demo_model.tokenizer import render, save_tokenizer, train_tokenizer
from demo_model.train import Plan, train

TOKENIZER_EXAMPLES = 20_000


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=MODEL_DIR, help="where the weights go")
    parser.add_argument("--examples", type=int, default=EXAMPLES)
    parser.add_argument(
        "--minutes", type=float, default=math.inf, help="stop by then, the learning rate lowered"
    )
    parser.add_argument("--lr", type=float, default=3e-3)
    parser.add_argument("--init", type=Path, help="go on from the weights in this folder")
    parser.add_argument("--first", type=int, default=0, help="skip so many examples")
    parser.add_argument("--start", type=float, default=0.0, help="skip this part of the schedule")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--adamw", action="store_true", help="AdamW for every weight instead of Muon")
    parser.add_argument("--tokenizer", action="store_true", help="train the tokenizer again first")
    return parser.parse_args()


def main() -> None:
    args = arguments()
    if args.tokenizer:
        save_tokenizer(train_tokenizer(render(example) for example in stream(TOKENIZER_EXAMPLES)))
    plan = Plan(
        args.out,
        args.examples,
        init=args.init,
        first=args.first,
        start=args.start,
        minutes=args.minutes,
        peak_lr=args.lr,
        muon=not args.adamw,
        threads=args.threads,
    )
    done = train(plan, Config())
    print(f"{done.examples} examples, {done.tokens} tokens, {done.minutes:.1f} minutes, loss {done.loss:.4f}")


if __name__ == "__main__":
    main()
