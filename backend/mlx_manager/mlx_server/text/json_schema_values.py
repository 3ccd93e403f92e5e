"""Numbers, counts and constants of a JSON schema, where a grammar of text can hold to them exactly."""

import re
from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from math import lcm
from typing import Any, Final

# The grammar engine computes with doubles: above this not every integer is one.
MAX_INTEGER: Final = 2**53
# Digits of a fraction that survive a double, and of `multipleOf` that the engine's remainders hold.
_FRACTION: Final = re.compile(r"-?\d{1,9}\.\d{1,6}|-?0\.\d{1,15}")
# JSON's short escapes; other control characters can only be spelled by their code, which is not permitted.
_UNSPELLABLE: Final = re.compile("[\x00-\x07\x0b\x0e-\x1f\x7f\ud800-\udfff]")

Number = int | float


class ValueRefused(ValueError):
    """A value that cannot be enforced; its message is the end of a sentence about it."""


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def count(value: Any, most: int) -> int:
    """A keyword's count: an integer, also one that is spelled `2.0`.

    Raises:
        ValueRefused: it is none, or larger than `most`.
    """
    if not is_number(value) or value < 0 or value != value // 1:
        raise ValueRefused("is no count")
    if value > most:
        raise ValueRefused(f"is more than {most:,}, which is the most that is enforced")
    return int(value)


def number(value: Any) -> Number:
    """A number that the engine's doubles and its decimal spelling hold exactly.

    Raises:
        ValueRefused: it has too many digits.
    """
    if not is_number(value):
        raise ValueRefused("is no number")
    if abs(value) <= MAX_INTEGER and value == int(value):
        return int(value)
    if isinstance(value, int) or not _FRACTION.fullmatch(format(Decimal(repr(value)), "f")):
        raise ValueRefused("has more digits than can be enforced exactly")
    return float(value)


def constant(value: Any) -> Any:
    """A value of `const` or `enum` as the engine spells it: `1.0` as `1`, and zero without a sign.

    Raises:
        ValueRefused: the engine would generate another value, or none.
    """
    if isinstance(value, str):
        if _UNSPELLABLE.search(value):
            raise ValueRefused("holds a control character or half of a surrogate pair")
        return value
    if is_number(value):
        return number(value)
    if isinstance(value, list):
        return [constant(item) for item in value]
    if isinstance(value, dict):
        return {constant(name): constant(item) for name, item in value.items()}
    return value


def is_multiple(value: Any, factor: Number) -> bool:
    """Whether a value fits `multipleOf`, by its decimal digits; what is no number does."""
    return not is_number(value) or (Fraction(repr(value)) / Fraction(repr(factor))).denominator == 1


def common_multiple(factors: Iterable[Number]) -> int:
    """The least common multiple, counted in units of the last decimal of any."""
    fractions = [Fraction(repr(factor)) for factor in factors]
    scale = lcm(*(fraction.denominator for fraction in fractions))
    return lcm(*(int(fraction * scale) for fraction in fractions))


def equal(left: Any, right: Any) -> bool:
    """As JSON has it: `1` and `1.0` are one number, `true` is none, an object has no order."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(equal, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(equal(left[name], right[name]) for name in left)
    return bool(left == right)
