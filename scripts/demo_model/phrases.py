"""Sentences with alternatives: "{start|run} the server" stands for two of them, `<how>` for a macro."""

import re
from functools import cache
from random import Random

Part = str | tuple["Phrase", ...]
Phrase = tuple[Part, ...]

MACROS = {
    "how": "how do I|how can I|how do you|how to|how would I|tell me how to|show me how to|what do I do to"
    "|what must I do to|I want to|I would like to|I need to|explain how to|can you tell me how to"
    "|what is the way to|help me|how does one|how should I|is there a way to|could you show me how to"
    "|what is the best way to|what do I type to|let me",
    "command": "what is the command to|which command do I use to|give me the command to|the command to"
    "|what command should I run to|is there a command to|what do I run to|what do I type to"
    "|which command lets me",
    "where": "where is|where are|where do I find|where can I find|what is the location of|where does it keep"
    "|where does MLX Manager keep|which folder holds|in which directory are|show me|where do you store"
    "|where does it put|what is the path of|where do I look for|in what folder is|tell me where I find",
    "server": "the server|the inference server|MLX Manager|the program|the API server|this server"
    "|your server",
    "it": "MLX Manager|it|this|this program|the software|this tool|the whole thing|your software",
    "can": "can I|could I|may I|is it possible to|am I able to|do you let me|are we able to"
    "|is there a way to",
    "does": "does it|does MLX Manager|will it|does this|does the server|can it",
}

OPENINGS = [
    "hi, ",
    "hello, ",
    "hey, ",
    "please, ",
    "ok, ",
    "so, ",
    "question: ",
    "quick question: ",
    "sorry, ",
    "well, ",
    "a question, ",
]
CLOSINGS = [
    " please",
    " thanks",
    " then",
    " exactly",
    " now",
    " for me",
    " here",
    " again",
    " on my machine",
    " on my computer",
]


def split_top(text: str) -> list[str]:
    """Split at the bars that are outside braces."""
    parts, depth, start = [], 0, 0
    for index, char in enumerate(text):
        depth += (char == "{") - (char == "}")
        if char == "|" and depth == 0:
            parts.append(text[start:index])
            start = index + 1
    return [*parts, text[start:]]


def closing(text: str, start: int) -> int:
    depth = 0
    for index in range(start, len(text)):
        depth += (text[index] == "{") - (text[index] == "}")
        if depth == 0:
            return index
    raise ValueError(f"unbalanced braces: {text}")


@cache
def parse(text: str) -> Phrase:
    text = re.sub(r"<(\w+)>", lambda found: "{" + MACROS[found[1]] + "}", text)
    parts: list[Part] = []
    while "{" in text:
        start = text.index("{")
        end = closing(text, start)
        parts += [text[:start], tuple(parse(choice) for choice in split_top(text[start + 1 : end]))]
        text = text[end + 1 :]
    return (*parts, text)


def draw(phrase: Phrase, random: Random) -> str:
    return "".join(part if isinstance(part, str) else draw(random.choice(part), random) for part in phrase)


def sample(text: str, random: Random) -> str:
    """One of the sentences that `text` stands for."""
    return draw(parse(text), random)


def typo(text: str, random: Random) -> str:
    """Drop, double or swap one letter."""
    at = random.randrange(1, max(2, len(text) - 2))
    kind = random.randrange(3)
    if kind == 0:
        return text[:at] + text[at + 1 :]
    if kind == 1:
        return text[:at] + text[at - 1] + text[at:]
    return text[:at] + text[at : at + 2][::-1] + text[at + 2 :]


def dress(text: str, random: Random) -> str:
    """The same question as different people type it."""
    if random.random() < 0.12:
        text = random.choice(OPENINGS) + text
    if random.random() < 0.08:
        text += random.choice(CLOSINGS)
    if random.random() < 0.04:
        text = typo(text, random)
    if random.random() < 0.2:
        text = text.lower()
    elif random.random() < 0.85:
        text = text[:1].upper() + text[1:]
    return text + random.choice(("?", "?", "?", "?", "", "", ".", ".", "!"))
