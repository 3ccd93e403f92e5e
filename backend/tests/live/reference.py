"""What a model says by mlx-lm's own serial generation, in a process of its own."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.live.server import clean_environment

# Greedy; weights in fp32, as a CPU worker holds them; without mx.compile, which the CPU is slow at.
_SCRIPT = """
import json, sys
from mlx_manager.mlx_server.engine import device
device.prepare_process()
import mlx.core as mx
from mlx_lm.generate import generate_step
from mlx_lm.utils import load_model
from pathlib import Path
from transformers import AutoTokenizer
device.prepare_device()
task = json.load(sys.stdin)
path = Path(task["path"])
tokenizer = AutoTokenizer.from_pretrained(str(path), local_files_only=True)
model, _ = load_model(path)
device.compute_in_fp32(model)
stop_ids = {tokenizer.eos_token_id}
for name in ("config.json", "generation_config.json"):
    if (path / name).is_file():
        ids = json.loads((path / name).read_text()).get("eos_token_id")
        stop_ids |= set(ids if isinstance(ids, list) else [ids])
decode = lambda ids: tokenizer.backend_tokenizer.decode(ids, skip_special_tokens=True)
answers = []
for question in task["questions"]:
    if "messages" in question:
        text = tokenizer.apply_chat_template(question["messages"], tokenize=False, add_generation_prompt=True)
        prompt, before = tokenizer.encode(text, add_special_tokens=False), []
    else:
        prompt = before = question.get("ids") or tokenizer.encode(question["prompt"])
    drawn, finish = [], "length"
    for token, _ in generate_step(mx.array(prompt), model, max_tokens=question["max_tokens"]):
        drawn.append(int(token))
        if drawn[-1] in stop_ids:
            finish = "stop"
            break
    text_ids = drawn[:-1] if finish == "stop" else drawn
    # A decoder may drop the first token's space, so the prompt stays before it.
    text = decode([*before, *text_ids])[len(decode(before)):]
    answers.append({"prompt_ids": prompt, "ids": drawn, "text": text, "finish_reason": finish})
json.dump(answers, sys.stdout)
"""


@dataclass(frozen=True)
class Answer:
    """One greedy answer.

    Attributes:
        ids: tokens drawn, with the one that ended it.
    """

    prompt_ids: list[int]
    ids: list[int]
    text: str
    finish_reason: str


class Reference:
    """Runs the loop for several questions at once: loading costs seconds."""

    def answers(self, model: Path, questions: list[dict[str, Any]]) -> list[Answer]:
        """An answer to each question: `messages`, `prompt` or `ids`, and `max_tokens`."""
        done = subprocess.run(
            [sys.executable, "-c", _SCRIPT],
            input=json.dumps({"path": str(model), "questions": questions}),
            env=clean_environment({}),
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        return [Answer(**answer) for answer in json.loads(done.stdout)]
