# mypy: disable-error-code="import-not-found, untyped-decorator"
# PyTorch is no dependency of the project, so its types are not there when the project is checked.
"""The training loop: Muon for the matrices, AdamW for the rest, bfloat16 arithmetic, on the CPU."""

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import Tensor

from demo_model.batches import Batch, batches
from demo_model.data import stream
from demo_model.induction import initialise
from demo_model.model import Config, Llama, export
from demo_model.threads import Threads
from demo_model.tokenizer import END, PAD, load_tokenizer, token_id


@dataclass(frozen=True, slots=True)
class Plan:
    """`minutes` bounds the run: the learning rate falls in time for it, whatever the machine's speed.

    A run that goes on from the weights in `init` skips the `first` examples and the part `start` of the
    schedule.
    """

    out: Path
    examples: int
    init: Path | None = None
    first: int = 0
    start: float = 0.0
    seed: int = 20
    minutes: float = math.inf
    batch_tokens: int = 2560
    peak_lr: float = 3e-3
    muon: bool = True
    checkpoint_minutes: float = 5.0
    threads: int = 2


@dataclass(slots=True)
class Progress:
    """What has been done so far; `loss` is a running mean."""

    started: float
    step: int = 0
    examples: int = 0
    tokens: int = 0
    loss: float = 0.0

    @property
    def minutes(self) -> float:
        return (time.monotonic() - self.started) / 60

    def fraction(self, plan: Plan) -> float:
        return max(self.examples / plan.examples, self.minutes / plan.minutes)

    def seen(self, batch: Batch, loss: float) -> None:
        keep = min(0.95, self.step / (self.step + 1))
        self.loss = keep * self.loss + (1 - keep) * loss
        self.step += 1
        self.examples += len(batch.ids)
        self.tokens += int((batch.weights > 0).sum())

    def line(self, plan: Plan, rate: float) -> str:
        done = max(self.fraction(plan), 1e-6)
        speed, left = self.tokens / (60 * self.minutes), self.minutes / done * (1 - done)
        return (
            f"step {self.step} {done:.1%} loss {self.loss:.4f} lr {rate:.2e} tokens {self.tokens / 1e6:.2f}M "
            f"{speed:.0f} tok/s {self.minutes:.1f} min, ETA {left:.1f}"
        )


def learning_rate(plan: Plan, done: float, step: int) -> float:
    """Warm-up over 50 steps, then a cosine down to 2 %."""
    done = plan.start + (1 - plan.start) * min(done, 1.0)
    cosine = 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * done))
    return plan.peak_lr * min(1.0, (step + 1) / 50) * cosine


def optimizers(model: Llama, plan: Plan) -> list[torch.optim.Optimizer]:
    matrices = [p for name, p in model.named_parameters() if p.ndim == 2 and "embed" not in name]
    others = [p for name, p in model.named_parameters() if p.ndim != 2 or "embed" in name]
    if not plan.muon:
        return [torch.optim.AdamW([*matrices, *others], betas=(0.9, 0.95), weight_decay=0.05)]
    return [
        torch.optim.Muon(matrices, weight_decay=0.05, adjust_lr_fn="match_rms_adamw"),
        torch.optim.AdamW(others, betas=(0.9, 0.95), weight_decay=0.0),
    ]


def batch_loss(model: Llama, batch: Batch) -> Tensor:
    ids = torch.from_numpy(batch.ids)
    weights = torch.from_numpy(batch.weights[:, 1:]).reshape(-1)
    with torch.autocast("cpu", torch.bfloat16):
        logits = model(ids[:, :-1])
    losses = F.cross_entropy(logits.flatten(0, 1).float(), ids[:, 1:].reshape(-1), reduction="none")
    return (losses * weights).sum() / weights.sum()


def take_step(model: Llama, steppers: list[torch.optim.Optimizer], batch: Batch, rate: float) -> float:
    loss = batch_loss(model, batch)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    for stepper in steppers:
        for group in stepper.param_groups:
            group["lr"] = rate
        stepper.step()
        stepper.zero_grad(set_to_none=True)
    return float(loss.detach())


def training_batches(plan: Plan) -> Iterator[Batch]:
    examples = islice(stream(plan.first + plan.examples), plan.first, None)
    return batches(examples, load_tokenizer(), plan.batch_tokens, plan.seed + plan.first)


def initial_model(plan: Plan, config: Config) -> Llama:
    torch.manual_seed(plan.seed)
    model = Llama(config)
    initialise(model, config)
    if plan.init:
        weights = load_file(plan.init / "model.safetensors")
        model.load_state_dict({name: weight.float() for name, weight in weights.items()})
    return model


def train(plan: Plan, config: Config) -> Progress:
    """Train, write a checkpoint now and then and at the end, and say what was done."""
    threads = Threads(plan.threads)
    torch.set_flush_denormal(True)
    model, tokenizer = initial_model(plan, config), load_tokenizer()
    end_id, pad_id = token_id(tokenizer, END), token_id(tokenizer, PAD)
    steppers, done = optimizers(model, plan), Progress(time.monotonic())
    plan.out.mkdir(parents=True, exist_ok=True)
    saved = 0.0
    for batch in training_batches(plan):
        threads.tune()
        rate = learning_rate(plan, done.fraction(plan), done.step)
        done.seen(batch, take_step(model, steppers, batch, rate))
        if done.step % 20 == 0:
            print(done.line(plan, rate), flush=True)
        if done.minutes - saved > plan.checkpoint_minutes:
            export(model, config, plan.out, end_id, pad_id)
            saved = done.minutes
        if done.fraction(plan) >= 1:
            break
    export(model, config, plan.out, end_id, pad_id)
    return done
