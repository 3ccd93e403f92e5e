"""What the JSON-Schema-Test-Suite says of schemas that a grammar holds: its instances, and generated ones."""

import itertools
import json
import math
import os
import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any, Final

import llguidance
import numpy as np
from jsonschema import Draft7Validator, Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.protocols import Validator
from jsonschema.validators import extend
from jsonschema_specifications import REGISTRY

from mlx_manager.mlx_server.text.json_schema import (
    WHITE_SPACE_OPTIONS,
    SchemaRefused,
    explain,
    lark_json,
)
from mlx_manager.mlx_server.text.json_schema_values import is_number

DATA: Final = Path(
    os.environ.get("MLX_MANAGER_TEST_DATA", Path(__file__).parents[3] / ".." / "shared" / "data")
)
SUITE: Final = DATA / "json-schema-test-suite" / "tests"
WALKS: Final = 20
_LONG: Final = 60
_LONGEST: Final = 2_000


@dataclass(frozen=True, slots=True)
class Dialect:
    """A draft of the suite."""

    folder: str
    schema_uri: str
    validator: type[Validator]


def _in_python(schema: Any) -> Any:
    """A schema whose patterns Python can read: it has no classes of Unicode."""
    if isinstance(schema, list):
        return [_in_python(part) for part in schema]
    if isinstance(schema, dict):
        return {_in_python(name): _in_python(part) for name, part in schema.items()}
    return (
        schema.replace(r"\p{Letter}", "[^\\W\\d_]").replace(r"\p{L}", "[^\\W\\d_]")
        if isinstance(schema, str)
        else schema
    )


def _pattern(validator: Any, pattern: str, data: Any, schema: Any) -> Iterator[ValidationError]:
    """As ECMA has it: `$` is not before a last line feed, and `\\d` is ASCII; Letter above is not."""
    python = pattern.removesuffix("$") + r"\Z" if pattern.endswith("$") else pattern
    if isinstance(data, str) and not re.search(
        python, data, 0 if r"[^\W" in python or r"\s" in python.lower() else re.ASCII
    ):
        yield ValidationError(f"{data!r} does not match {pattern!r}")


class Written(float):
    """A number that knows its digits, of which a double may hold too few."""

    digits: str

    @classmethod
    def read(cls, digits: str) -> "Written":
        number = cls(digits)
        number.digits = digits
        return number


def _multiple(validator: Any, factor: float, data: Any, schema: Any) -> Iterator[ValidationError]:
    """By decimals, as numbers are written: with doubles 0.6 would be no multiple of 0.1."""
    if not is_number(data) or math.isinf(data):
        return
    if (Fraction(getattr(data, "digits", repr(data))) / Fraction(repr(factor))).denominator != 1:
        yield ValidationError(f"{data!r} is no multiple of {factor!r}")


def _exact(kind: type[Validator]) -> type[Validator]:
    """A draft's validator where Python's patterns and doubles would judge otherwise than the draft does."""
    return extend(kind, {"pattern": _pattern, "multipleOf": _multiple})


DIALECTS: Final = (
    Dialect("draft2020-12", "https://json-schema.org/draft/2020-12/schema", _exact(Draft202012Validator)),
    Dialect("draft7", "http://json-schema.org/draft-07/schema#", _exact(Draft7Validator)),
)


@dataclass(frozen=True, slots=True)
class Instance:
    data: Any
    is_valid: bool
    description: str


@dataclass(frozen=True, slots=True)
class Case:
    """One schema of the suite and its instances.

    Attributes:
        file: such as `ref`, `optional/bignum`, `optional/format/date`.
    """

    dialect: Dialect
    file: str
    description: str
    schema: Any
    instances: tuple[Instance, ...]

    @property
    def is_optional(self) -> bool:
        return self.file.startswith("optional/")

    @property
    def dialect_schema(self) -> Any:
        """The schema with the draft named, as a caller would send it."""
        if isinstance(self.schema, dict) and "$schema" not in self.schema:
            return {"$schema": self.dialect.schema_uri, **self.schema}
        return self.schema


def cases(dialect: Dialect) -> Iterator[Case]:
    """All schemas of a draft, in the order of their files."""
    folder = SUITE / dialect.folder
    for path in sorted(folder.rglob("*.json")):
        for group in json.loads(path.read_text()):
            yield Case(
                dialect,
                str(path.relative_to(folder).with_suffix("")),
                group["description"],
                group["schema"],
                tuple(Instance(test["data"], test["valid"], test["description"]) for test in group["tests"]),
            )


@cache
def byte_tokenizer() -> llguidance.LLTokenizer:
    """Each byte is a token; ids above are special."""
    return llguidance.LLTokenizer("byte")


@dataclass(slots=True)
class Held:
    """What a schema's grammar permits; `refusal` says why there is none."""

    schema: Any
    options: Mapping[str, Any] = field(default_factory=lambda: WHITE_SPACE_OPTIONS)
    refusal: str = field(init=False, default="")
    pristine: Any = field(init=False, default=None)

    def __post_init__(self) -> None:
        try:
            text = lark_json(self.schema)
            lark = "start: " + text.replace(json.dumps(WHITE_SPACE_OPTIONS), json.dumps(self.options))
        except SchemaRefused as error:
            keyword = error.refusal.pointer.rpartition("/")[2]
            self.refusal = f"`{keyword}` {error.refusal.reason}" if keyword else str(error)
            return
        tokenizer = byte_tokenizer()
        self.pristine = llguidance.LLMatcher(
            tokenizer, llguidance.LLMatcher.grammar_from_lark(lark), log_level=0
        )
        trial = self.pristine.deep_copy()
        if not trial.is_error():
            trial.compute_logit_bias()  # fails where the grammar holds no text at all
        if trial.is_error():
            self.refusal = f"engine: {explain(trial.get_error())}"

    def takes(self, text: str) -> bool:
        matcher = self.pristine.deep_copy()
        tokens = list(text.encode(errors="surrogatepass"))
        return bool(matcher.try_consume_tokens(tokens) == len(tokens) and matcher.is_accepting())

    def walk(self, chance: random.Random) -> str | None:
        """A text of the grammar's, drawn byte by byte from its masks; None where it has not ended in time."""
        tokenizer = byte_tokenizer()
        matcher = self.pristine.deep_copy()
        text = bytearray()
        while len(text) < _LONGEST:
            permitted = np.flatnonzero(np.frombuffer(matcher.compute_logit_bias(), dtype=np.uint8))
            if not len(permitted):
                raise AssertionError(f"nothing may follow {bytes(text)!r}")
            token = _choice(permitted.tolist(), len(text), matcher.is_accepting(), chance)
            if token == tokenizer.eos_token:
                return text.decode()
            text.append(token)
            assert matcher.consume_token(token), matcher.get_error()
        return None


_CLOSERS: Final = frozenset(b'"}]')
_OPENERS: Final = frozenset(b"{[,")


def _choice(permitted: Sequence[int], length: int, is_accepting: bool, chance: random.Random) -> int:
    """The next byte: at first any, later rather one that closes something."""
    eos = byte_tokenizer().eos_token
    if is_accepting and eos in permitted and (length > _LONG or chance.random() < 0.3):
        return eos
    permitted = [token for token in permitted if token != eos] or [eos]
    if length > _LONG:
        closing = [token for token in permitted if token in _CLOSERS]
        if closing and chance.random() < 0.8:
            return chance.choice(closing)
        permitted = [token for token in permitted if token not in _OPENERS] or permitted
    plain = [token for token in permitted if token < 0x80]
    return chance.choice(plain if plain and chance.random() < 0.9 else permitted)


# Why a valid instance is rejected


def _respelled(data: Any) -> Any:
    """With every number that is an integer spelled as one."""
    if isinstance(data, float) and data == data // 1:
        return int(data)
    if isinstance(data, list):
        return [_respelled(item) for item in data]
    if isinstance(data, dict):
        return {name: _respelled(item) for name, item in data.items()}
    return data


def _orders(data: Any) -> Iterator[Any]:
    """With its objects' keys in every order, the innermost first."""
    if isinstance(data, list):
        yield from map(list, itertools.product(*(list(_orders(item)) for item in data)))
    elif isinstance(data, dict):
        for values in itertools.product(*(list(_orders(item)) for item in data.values())):
            for names in itertools.permutations(zip(data, values, strict=True)):
                yield dict(names)
    else:
        yield data


def _without_formats(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_without_formats(part) for part in schema]
    if isinstance(schema, dict):
        return {
            name: _without_formats(part)
            for name, part in schema.items()
            if not (name == "format" and isinstance(part, str))
        }
    return schema


def explanation(held: Held, data: Any) -> str:
    """What has to be changed for a valid instance to be taken; empty where that is not known."""
    plain = json.dumps(data, ensure_ascii=False)
    if held.takes(plain):
        return "escapes"
    if held.takes(json.dumps(_respelled(data), ensure_ascii=False)):
        return "number spelling"
    for zeros in range(1, 8):
        if held.takes(re.sub(r"(\d\.\d+)", rf"\g<1>{'0' * zeros}", plain)):
            return "number spelling"
    for ordered in itertools.islice(_orders(data), 2_000):
        if held.takes(json.dumps(ordered, ensure_ascii=False)):
            return "key order"
        if held.takes(json.dumps(_respelled(ordered), ensure_ascii=False)):
            return "key order and number spelling"
    by_code = {**WHITE_SPACE_OPTIONS, "json_allowed_escapes": 'nrbtf\\"u'}
    if Held(held.schema, by_code).takes(plain):
        return "control characters"
    if "format" in json.dumps(held.schema):
        free = Held(_without_formats(held.schema))
        if not free.refusal and free.takes(plain):
            return "format"
    return ""


@dataclass(slots=True)
class Verdict:
    """What was found of one case.

    Attributes:
        refusal: why the schema is refused; the rest is empty then.
        rejected: the valid instances that the grammar does not take, each with its explanation.
        passed: the invalid instances that it takes.
        generated: how many texts were drawn; `unended` how many walks did not end.
        invalid: the texts drawn that are not valid; `off_format` those whose only fault is a format.
    """

    case: Case
    refusal: str = ""
    taken: int = 0
    refused: int = 0
    rejected: list[tuple[Instance, str]] = field(default_factory=list)
    passed: list[Instance] = field(default_factory=list)
    generated: int = 0
    unended: int = 0
    invalid: list[str] = field(default_factory=list)
    off_format: list[str] = field(default_factory=list)


def judge(case: Case, walks: int = WALKS) -> Verdict:
    """Try a schema's instances, and draw texts from its grammar for the validator to judge."""
    verdict = Verdict(case)
    held = Held(case.dialect_schema)
    if held.refusal:
        verdict.refusal = held.refusal
        return verdict
    for instance in case.instances:
        _try(held, instance, verdict)
    draw(
        held, case.dialect.validator, f"{case.dialect.folder} {case.file} {case.description}", walks, verdict
    )
    return verdict


def _try(held: Held, instance: Instance, verdict: Verdict) -> None:
    is_taken = held.takes(json.dumps(instance.data))
    if instance.is_valid and is_taken:
        verdict.taken += 1
    elif instance.is_valid:
        verdict.rejected.append((instance, explanation(held, instance.data)))
    elif is_taken or any(held.takes(text) for text in spellings(instance.data)):
        verdict.passed.append(instance)
    else:
        verdict.refused += 1


def spellings(data: Any) -> Iterator[str]:
    """Other texts of the same value."""
    respell: tuple[Callable[[Any], Any], ...] = (lambda given: given, _respelled)
    for change in respell:
        for ordered in itertools.islice(_orders(change(data)), 24):
            yield json.dumps(ordered, ensure_ascii=False)
            yield json.dumps(ordered, ensure_ascii=False, separators=(",", ":"))


def draw(held: Held, kind: type[Validator], seed: str, walks: int, verdict: Verdict) -> None:
    """Draw texts from a grammar and let the draft's validator judge them."""
    chance = random.Random(seed)
    schema = _in_python(held.schema)
    validator = kind(schema, registry=REGISTRY)
    strict = kind(schema, registry=REGISTRY, format_checker=kind.FORMAT_CHECKER)
    for _ in range(walks):
        text = held.walk(chance)
        if text is None:
            verdict.unended += 1
            continue
        verdict.generated += 1
        data = json.loads(text, parse_float=Written.read)
        if not validator.is_valid(data):
            verdict.invalid.append(text)
        elif not strict.is_valid(data):
            verdict.off_format.append(text)
