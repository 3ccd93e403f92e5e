"""Conversations with tools: which one to call, with which arguments, and what to say about its result."""

import json
from dataclasses import dataclass
from random import Random

from demo_model import talk, words
from demo_model.intents import INTENTS, PLEASE, Draw, Intent
from demo_model.phrases import sample
from demo_model.records import Example, Message, Tool, assistant, call, tool, user

VERBS = words.pool(
    "open close lock check start stop get set show find add remove update feed clean paint repair rent "
    "lend park charge print scan sort wash count measure move lift fill empty test reset mute pause "
    "resume load save share report approve cancel confirm assign archive follow rate review describe "
    "inspect visit greet"
)
NOUNS = words.pool(
    "door room lamp printer robot garage parcel ticket account invoice window pump heater camera garden "
    "pool cat dog fish record page member group channel server job build branch issue car bike battery "
    "oven fridge shelf box crate sensor alarm screen desk seat table plant tree route station machine "
    "tank valve motor fan boat game level score"
)
PARAMETERS = words.pool(
    "name id target value item number key label place kind color owner reason amount speed level code "
    "zone text section category user slot area position note count size mode unit topic"
)
MADE_UP_ASKS = (
    "{verb} the {noun} {0}",
    "{verb} {noun} {0}",
    "please {verb} the {noun} {0}",
    "{verb} the {noun} in {0}",
    "{verb} the {noun} with {key} {0}",
    "{verb} the {noun} for {0}",
    "can you {verb} the {noun} {0}?",
    "{verb} the {0} {noun}",
    "use {name} with {0}",
    "I want to {verb} the {noun} {0}",
    "{noun} {0}: {verb} it",
    "{verb} the {noun} of {0}",
    "{verb} the {noun} with the {key} {0}",
    "{verb} the {noun} at {0}",
)
STRINGS: tuple[Draw, ...] = (
    words.word,
    words.title,
    words.name,
    words.city,
    words.code,
    words.path,
    words.word,
)


@dataclass(frozen=True, slots=True)
class Use:
    """A tool, a request for it and the call that answers the request."""

    tool: Tool
    ask: str
    name: str
    arguments: dict[str, str | int]

    @property
    def call(self) -> str:
        return call(self.name, **self.arguments)


def json_type(value: str | int) -> str:
    return "integer" if isinstance(value, int) else "string"


def known_use(intent: Intent, random: Random) -> Use:
    keys = [random.choice(names) for names, _ in intent.parameters]
    values = [draw(random) for _, draw in intent.parameters]
    name = random.choice(intent.names)
    ask = random.choice(intent.asks).format(*values)
    if ask[0].isupper() and random.random() < 0.3:
        ask = sample(PLEASE, random) + ask[0].lower() + ask[1:]
    ask = ask.rstrip("?") if random.random() < 0.2 else ask
    if ask[-1] != "?" and random.random() < 0.35:
        ask += "."
    kinds = {key: json_type(value) for key, value in zip(keys, values, strict=True)}
    definition = tool(name, random.choice(intent.descriptions), **kinds)
    return Use(definition, ask, name, dict(zip(keys, values, strict=True)))


def made_up_use(random: Random) -> Use:
    """A tool that exists nowhere, so that names are read from the list and not remembered."""
    verb = random.choice(VERBS) if random.random() < 0.7 else words.syllables(random)
    noun = random.choice(NOUNS) if random.random() < 0.7 else words.syllables(random)
    key = random.choice(PARAMETERS) if random.random() < 0.8 else words.syllables(random)
    name = f"{verb}_{noun}" if random.random() < 0.85 else f"{noun}_{verb}"
    value = words.number(random) if random.random() < 0.35 else random.choice(STRINGS)(random)
    ask = random.choice(MADE_UP_ASKS).format(value, verb=verb, noun=noun, name=name, key=key)
    ask = ask[0].upper() + ask[1:] if random.random() < 0.6 else ask
    ask += "." if ask[-1] != "?" and random.random() < 0.5 else ""
    definition = tool(name, f"{verb.capitalize()} the {noun}", **{key: json_type(value)})
    return Use(definition, ask, name, {key: value})


def draw_uses(random: Random) -> list[Use]:
    """The wanted tool first, then zero to two others that answer other intents."""
    count = random.choice((1, 1, 1, 2, 2, 2, 3, 3))
    uses = [known_use(intent, random) for intent in random.sample(INTENTS, count)]
    return [made_up_use(random) if random.random() < 0.3 else use for use in uses]


def listed(uses: list[Use], random: Random) -> tuple[Tool, ...]:
    definitions = {use.name: use.tool for use in uses}
    return tuple(random.sample(list(definitions.values()), len(definitions)))


def call_example(random: Random) -> Example:
    uses = draw_uses(random)
    thinking = random.random() < 0.05
    thought = f"<think>\nThe tool {uses[0].name} fits.\n</think>\n\n" if thinking else ""
    messages = (user(uses[0].ask), assistant(thought + uses[0].call))
    return Example("tools", messages, listed(uses, random), thinking)


def result_text(random: Random) -> str:
    """What a tool may return: words, a quantity, or a small JSON object."""
    roll = random.random()
    if roll < 0.3:
        return f"{words.number(random)} {words.word(random)}, {words.word(random)}"
    if roll < 0.6:
        values = [words.number(random) if random.random() < 0.5 else words.word(random) for _ in "ab"]
        keys = random.sample(PARAMETERS, random.choice((1, 2, 2)))
        return json.dumps(dict(zip(keys, values, strict=False)), ensure_ascii=False)
    if roll < 0.8:
        return words.sentence(random)
    return random.choice((words.path, words.title, words.clock, words.email, words.date))(random)


def result_example(random: Random) -> Example:
    uses = draw_uses(random)
    content = result_text(random)
    said = f"The result of {uses[0].name} is: {content}."
    messages: tuple[Message, ...] = (
        user(uses[0].ask),
        assistant(uses[0].call),
        {"role": "tool", "content": content},
        assistant(said),
    )
    if random.random() < 0.15:
        messages += (user("thanks"), assistant("You are welcome!"))
    return Example("tool results", messages, listed(uses, random))


def no_fit_example(random: Random, other: tuple[str, str]) -> Example:
    """Tools are there, but the question is another one: the answer is the same as without tools."""
    uses = draw_uses(random)[:2]
    if random.random() < 0.3:
        other = plain(random)
    return Example("tools", (user(other[0]), assistant(other[1])), listed(uses, random))


def plain(random: Random) -> tuple[str, str]:
    if random.random() < 0.5:
        return talk.plain_greeting(random)
    return talk.named_greeting(random)[1:]
