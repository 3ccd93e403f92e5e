"""What it costs to hold every stream to a schema of its own, against the same streams left free."""

import random
from collections.abc import Mapping
from typing import Any

from bench.bench import Bench
from bench.contenders import GREEDY, Load
from bench.experiment import Experiment, Target, Value
from bench.fleet import OURS
from bench.models import NARROW, WIDE, ModelSpec
from bench.samples import arm_of

STREAMS = 16
HELD = f"{OURS}, held"
NAMES = ("title", "amount", "state", "tags", "owner", "place", "ratio", "checked", "steps", "note")


async def structured(bench: Bench) -> None:
    """A vocabulary of 512 tokens, and one of 151,936."""
    await _measure(bench, NARROW, bench.scaled(128), 0.75)
    await _measure(bench, WIDE, bench.scaled(64), 0.65)


def schema(row: int) -> Mapping[str, Any]:
    """A list of records that no answer comes to the end of; each row has its own kind of record."""
    choose = random.Random(f"structured/{row}")
    names = choose.sample(NAMES, 5)
    record = {
        "type": "object",
        "properties": {name: choose.choice(_values(choose)) for name in names},
        "required": names,
        "additionalProperties": False,
    }
    return {"type": "array", "items": record, "minItems": 1000}


def _values(choose: random.Random) -> list[Mapping[str, Any]]:
    return [
        {"type": "string"},
        {"type": "string", "maxLength": choose.randint(8, 40)},
        {"type": "integer", "minimum": 0, "maximum": choose.randint(9, 9999)},
        {"type": "number"},
        {"type": "boolean"},
        {"enum": [f"kind {number}" for number in range(choose.randint(2, 9))]},
        {"type": "array", "items": {"type": "string"}},
        {"type": "object", "properties": {"x": {"type": "integer"}, "y": {"type": "integer"}}},
        {"anyOf": [{"type": "null"}, {"type": "string"}]},
    ]


async def _measure(bench: Bench, spec: ModelSpec, max_tokens: int, bound: float) -> None:
    with bench.fleet(spec) as fleet:
        ours = fleet.ours()

        def load(number: int, *, is_held: bool) -> Load:
            prompts = fleet.prompts(STREAMS, 32, "structured", is_held, number)
            held = [{"guided_json": schema(row)} if is_held else {} for row in range(STREAMS)]
            return Load(prompts, max_tokens, [{**GREEDY, **fields} for fields in held])

        arms = [
            arm_of(ours, lambda number: load(number, is_held=False)),
            arm_of(ours, lambda number: load(number, is_held=True), HELD),
        ]
        title = f"{STREAMS} streams with {STREAMS} schemas, {spec.vocab_size:,} tokens in the vocabulary"
        targets = [Target(Value(HELD), Value(OURS), bound)]
        short = f"{spec.vocab_size:,} tokens"
        await bench.measure(Experiment(short, title, spec.name, arms, targets), fleet)
