"""Sums of whole numbers from 0 to 99, asked in several ways, and the working digit by digit."""

from dataclasses import dataclass
from random import Random

from demo_model.phrases import sample

ADDITIONS = (
    "{a} + {b}",
    "{a}+{b}",
    "{a} plus {b}",
    "add {a} and {b}",
    "add {b} to {a}",
    "the sum of {a} and {b}",
    "{a} and {b} together",
)
SUBTRACTIONS = (
    "{a} - {b}",
    "{a}-{b}",
    "{a} minus {b}",
    "take {b} from {a}",
    "subtract {b} from {a}",
    "take {b} away from {a}",
    "{a} less {b}",
)
QUESTIONS = (
    "what is |What is |what's |What's |how much is |How much is |calculate |Calculate |compute "
    "|Compute |work out "
    "|tell me |Please work out |please calculate |can you tell me |How many is |what does it give: |solve "
)
ORDERS = "please |Please |now |can you |Can you |could you |I want you to "


@dataclass(frozen=True, slots=True)
class Sum:
    a: int
    sign: str
    b: int

    @property
    def answer(self) -> str:
        result = self.a + self.b if self.sign == "+" else self.a - self.b
        return f"{self.a} {self.sign} {self.b} = {result}."


def draw_sum(random: Random, taken: frozenset[tuple[int, int]]) -> Sum:
    """A sum whose operands are, in neither order, among the `taken` ones."""
    while True:
        a, b = random.randrange(100), random.randrange(10 if random.random() < 0.15 else 100)
        sign = random.choice("+-")
        if (sign == "+" and random.random() < 0.5) or (sign == "-" and b > a):
            a, b = b, a
        if (a, b) not in taken and (b, a) not in taken:
            return Sum(a, sign, b)


def ask(task: Sum, random: Random) -> str:
    """The question in one of the many ways; "add" and "take" are orders, the others questions."""
    text = random.choice(ADDITIONS if task.sign == "+" else SUBTRACTIONS)
    text = text.replace("{a}", str(task.a)).replace("{b}", str(task.b))
    if random.random() < 0.35:
        return text
    if text[0] in "ast" and not text.startswith("the"):
        text = random.choice(("", text[0].upper() + text[1:])) or sample("{" + ORDERS + "}", random) + text
        return text + random.choice(("", "", ".", "."))
    return sample("{" + QUESTIONS + "}", random) + text + random.choice(("", "?", "?", "?", "."))


def working(task: Sum) -> str:
    """What one would say when adding or subtracting on paper: units first, then tens."""
    tens_a, units_a = divmod(task.a, 10)
    tens_b, units_b = divmod(task.b, 10)
    if task.sign == "+":
        return add_working(tens_a, units_a, tens_b, units_b)
    return subtract_working(tens_a, units_a, tens_b, units_b)


def add_working(tens_a: int, units_a: int, tens_b: int, units_b: int) -> str:
    carry, unit = divmod(units_a + units_b, 10)
    units = f"{units_a} + {units_b} = {units_a + units_b}, write {unit}, carry {carry}."
    return f"{units} {tens_a} + {tens_b} + {carry} = {tens_a + tens_b + carry}."


def subtract_working(tens_a: int, units_a: int, tens_b: int, units_b: int) -> str:
    borrow = int(units_a < units_b)
    unit = units_a + 10 * borrow - units_b
    units = f"{units_a + 10 * borrow} - {units_b} = {unit}, write {unit}, borrow {borrow}."
    return f"{units} {tens_a} - {tens_b} - {borrow} = {tens_a - tens_b - borrow}."
