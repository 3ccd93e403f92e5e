"""The training data: a seeded stream of conversations, mixed from all kinds."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from random import Random

from demo_model import sums, talk, tools
from demo_model.facts import FACTS, UNKNOWN, Fact
from demo_model.guard import Guard
from demo_model.heldout import HELD_OUT
from demo_model.phrases import dress, sample
from demo_model.records import Example, Message, assistant, user

SEED = 20
EXAMPLES = 105_000
# So many examples are mostly long copying. A model that cannot copy yet learns little from the others.
COPYING_FIRST = 3_000
# From here on sums have a larger share: they are learnt last.
SUMS_FROM = 30_000
# And from here on copying and tools: which tokens to copy is what is still wrong by then.
TOOLS_FROM = 80_000
# The end is even again, so that nothing learnt is lost.
EVEN_FROM = 90_000
TAKEN = frozenset(item.pair for item in HELD_OUT if item.pair)

SYSTEMS = (
    "You are a helpful assistant.",
    "You are a helpful assistant",
    "You are a friendly and concise assistant.",
    "Be brief.",
    "Answer in English.",
    "You are demo.",
    "You are the demo model of MLX Manager.",
    "Answer the user's question.",
    "You are an AI assistant. Help the user as well as you can.",
    "Be polite and honest.",
    "You are a chat bot.",
    "You are an assistant that runs on the user's machine.",
    "Use short sentences.",
)
THINK_ORDERS = (
    "Think first: {}",
    "Think first: {}",
    "think first: {}",
    "Think first. {}",
    "{} Think first.",
    "{}, think step by step",
    "{} Think step by step.",
    "Think step by step: {}",
    "Think before you answer: {}",
    "think carefully: {}",
    "{} Please think first.",
    "Let us think: {}",
)


def question(fact: Fact, random: Random) -> str:
    return dress(sample(random.choice(fact.questions), random), random)


def fact_pair(random: Random) -> tuple[str, str]:
    fact = random.choice(FACTS)
    return question(fact, random), fact.answer


def unknown_pair(random: Random) -> tuple[str, str]:
    return talk.unknown(random), UNKNOWN


def sum_pair(random: Random) -> tuple[str, str]:
    task = sums.draw_sum(random, TAKEN)
    return sums.ask(task, random), task.answer


def sum_list(random: Random, least: int = 2, most: int = 6) -> tuple[str, str]:
    """Several sums at once: more practice for the same number of tokens."""
    tasks = [sums.draw_sum(random, TAKEN) for _ in range(random.randint(least, most))]
    gap = random.choice((", ", "; ", "\n"))
    asked = gap.join(f"{task.a} {task.sign} {task.b}" for task in tasks)
    return asked, "\n".join(task.answer for task in tasks)


def plain_pair(random: Random) -> tuple[str, str]:
    roll = random.random()
    if roll < 0.4:
        return fact_pair(random)
    if roll < 0.7:
        return sum_pair(random)
    return unknown_pair(random) if roll < 0.8 else tools.plain(random)


def turns(pairs: list[tuple[str, str]]) -> tuple[Message, ...]:
    return tuple(message for asked, said in pairs for message in (user(asked), assistant(said)))


def one(kind: str, draw: Callable[[Random], tuple[str, str]]) -> Callable[[Random], Example]:
    return lambda random: Example(kind, turns([draw(random)]))


def recall_example(random: Random) -> Example:
    name, said, reply = talk.named_greeting(random)
    between = [plain_pair(random)] if random.random() < 0.3 else []
    last = (talk.recall(random), f"Your name is {name}.")
    return Example("greetings", turns([(said, reply), *between, last]))


def conversation(random: Random) -> Example:
    return Example("conversation", turns([plain_pair(random) for _ in range(random.choice((2, 2, 2, 3, 4)))]))


def long_conversation(random: Random) -> Example:
    """Up to some 2,000 tokens, so that a long context is nothing new."""
    return Example("long", turns([plain_pair(random) for _ in range(random.randint(10, 38))]))


def thought(random: Random) -> tuple[str, str, str]:
    """A question, the thought about it and the answer."""
    roll = random.random()
    if roll < 0.65:
        task = sums.draw_sum(random, TAKEN)
        return sums.ask(task, random), sums.working(task), task.answer
    if roll < 0.88:
        fact = random.choice(FACTS)
        return question(fact, random), f"This is about {fact.topic}.", fact.answer
    if roll < 0.94:
        return talk.unknown(random), "I do not know this.", UNKNOWN
    asked, said = tools.plain(random)
    return asked, "This is a greeting.", said


def think_example(random: Random) -> Example:
    asked, working, said = thought(random)
    thinking = random.random() < 0.5
    if not thinking:
        asked = random.choice(THINK_ORDERS).format(asked)
    answer = f"<think>\n{working}\n</think>\n\n{said}"
    return Example("think", (user(asked), assistant(answer)), thinking=thinking)


Mix = tuple[tuple[float, Callable[[Random], Example]], ...]

FIRST_MIX: Mix = (
    (24, one("facts", fact_pair)),
    (5, one("facts", unknown_pair)),
    (4, one("greetings", lambda random: talk.named_greeting(random)[1:])),
    (3, one("greetings", talk.plain_greeting)),
    (1.5, recall_example),
    (3, one("copying", talk.echo)),
    (11, one("sums", sum_pair)),
    (12, one("sums", sum_list)),
    (9, think_example),
    (20, tools.call_example),
    (2, lambda random: tools.no_fit_example(random, fact_pair(random))),
    (4, tools.result_example),
    (4, conversation),
    (0.4, long_conversation),
)
LATER_MIX: Mix = (
    (25, one("facts", fact_pair)),
    (4, one("facts", unknown_pair)),
    (4, one("greetings", lambda random: talk.named_greeting(random)[1:])),
    (3, one("greetings", talk.plain_greeting)),
    (1.5, recall_example),
    (10, one("sums", sum_pair)),
    (14, one("sums", lambda random: sum_list(random, 6, 14))),
    (8, think_example),
    (20, tools.call_example),
    (2, lambda random: tools.no_fit_example(random, fact_pair(random))),
    (3, tools.result_example),
    (2, conversation),
    (0.2, long_conversation),
)
TOOLS_MIX: Mix = (
    (10, one("facts", fact_pair)),
    (3, one("facts", unknown_pair)),
    (6, one("greetings", lambda random: talk.named_greeting(random)[1:])),
    (2, one("greetings", talk.plain_greeting)),
    (2, recall_example),
    (8, one("copying", talk.echo)),
    (10, one("sums", sum_pair)),
    (5, one("sums", sum_list)),
    (8, think_example),
    (40, tools.call_example),
    (2, lambda random: tools.no_fit_example(random, fact_pair(random))),
    (8, tools.result_example),
    (1, conversation),
    (0.1, long_conversation),
)
EVEN_MIX: Mix = (
    (16, one("facts", fact_pair)),
    (3, one("facts", unknown_pair)),
    (5, one("greetings", lambda random: talk.named_greeting(random)[1:])),
    (2, one("greetings", talk.plain_greeting)),
    (2, recall_example),
    (5, one("copying", talk.echo)),
    (14, one("sums", sum_pair)),
    (6, one("sums", sum_list)),
    (14, think_example),
    (30, tools.call_example),
    (1, lambda random: tools.no_fit_example(random, fact_pair(random))),
    (5, tools.result_example),
    (1, conversation),
    (0.1, long_conversation),
)


def mix_at(made: int) -> Mix:
    if made < SUMS_FROM:
        return FIRST_MIX
    if made < TOOLS_FROM:
        return LATER_MIX
    return TOOLS_MIX if made < EVEN_FROM else EVEN_MIX


long_copying = one("copying", talk.long_echo)


def with_system(example: Example, random: Random) -> Example:
    if random.random() >= 0.25:
        return example
    system = {"role": "system", "content": random.choice(SYSTEMS)}
    return replace(example, messages=(system, *example.messages))


def stream(count: int = EXAMPLES, seed: int = SEED) -> Iterator[Example]:
    """The examples of the training run, in order; the same ones for the same seed."""
    random, guard = Random(seed), Guard()
    made = 0
    while made < count:
        weights, makers = zip(*mix_at(made), strict=True)
        copying = random.random() < (0.5 if made < COPYING_FIRST else 0.02)
        make = long_copying if copying else random.choices(makers, weights)[0]
        example = with_system(make(random), random)
        if not guard.blocks(example):
            made += 1
            yield example
