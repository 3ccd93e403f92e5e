"""Greetings with the user's name, questions nobody here can answer, and repeating words."""

from collections.abc import Callable
from random import Random

from demo_model import words
from demo_model.phrases import dress, sample

NAMED = (
    "{hello|hi|hey|good morning|good evening|good day|greetings|good afternoon|hello there"
    "|hey there|hi there|yo}"
    "{, |! |. | }{I am|I'm|my name is|this is|call me|you can call me|here is|it is|people call me"
    "|i am|im|name's} NAME",
    "{I am|I'm|my name is|call me|this is|people call me|they call me|i am|im} NAME",
    "{hello|hi|hey|good morning|good evening}, NAME here",
    "NAME here{, hello|, hi|}",
    "{say hello to|greet|say hi to|welcome} NAME",
    "{I am|my name is|I'm} NAME{, who are you|, nice to meet you| and I am new here"
    "|, pleased to meet you|, hello}",
)
GREETINGS = (
    (
        "Hello! How can I help?",
        "{hello|hi|hey|good morning|good evening|good day|greetings|hello there|hey there|hi there"
        "|howdy|hallo|yo}"
        "{|, demo| again|, you| everyone|, friend| model| there}",
    ),
    (
        "You are welcome!",
        "{thanks|thank you|many thanks|thank you very much|thanks a lot|cheers|that helped|great, thanks"
        "|perfect|nice|cool|good answer|well done|great job|awesome, thank you}{|, demo| so much"
        "| again|, friend}",
    ),
    (
        "Goodbye!",
        "{bye|goodbye|see you|see you later|good night|farewell|bye bye|I have to go|that is all"
        "|until tomorrow"
        "|take care|so long}{|, demo| now|, friend| then}",
    ),
    (
        "I am well, thank you. How can I help?",
        "{how are you|how do you do|how is it going|how are things|are you well|are you ok"
        "|what's up|how do you feel"
        "|how are you doing|is all well}{| today| now|, demo| this morning}",
    ),
    (
        "My name is demo. I am the demo model of MLX Manager.",
        "{what is your name|what's your name|do you have a name|tell me your name|your name"
        "|how should I call you"
        "|what do I call you|what are you called|have you got a name}{|, please| then}",
    ),
)
RECALLS = (
    "{what is|what's|do you know|can you tell me|tell me|do you recall} my name",
    "{who am I|what am I called|how am I called|what did I say my name was|say my name}",
)
UNKNOWNS = (
    "who {won|invented|wrote|discovered|is|was|directed|founded|built|sang|killed} {the |}THING",
    "what is the {capital|population|president|highest mountain|currency|flag|history|king} of PLACE",
    "{write|compose|tell me|make up|give me} {a poem|a story|a joke|an essay|a song|a haiku"
    "|a speech} about {the |}THING",
    "{explain|describe|tell me about|teach me|what is|what are|define} "
    "{quantum physics|love|history|evolution|THING|gravity|black holes|the stars|chess|philosophy"
    "|biology|economics}",
    "what is the {weather|time|temperature|news|date} {in PLACE|in PLACE today|tomorrow|today|now}",
    "{translate|summarise|correct|spell|rewrite} {THING|this text|this sentence|my essay|the book THING}",
    "{how do I|how can I|how to} {cook|fix|grow|paint|clean|repair|sew|draw|bake|win} {a |the |my |}THING",
    "when {did|was|is|will} {the |}{THING|war|next election|world cup|moon landing|THING} {end"
    "|born|happen|start|over}",
    "{why is|why are|why do} {the sky blue|THING THING|birds sing|we sleep|the sea salty|cats purr"
    "|people THING}",
    "where is {PLACE|the THING|my THING|the city of PLACE|the river THING}",
    "{write|give me|make} {a function|a program|a script|code|SQL} {that|to} {sorts|counts|finds"
    "|prints} {a |}THING",
    "how {old|tall|far|heavy|rich|deep|fast} is {the |a |}{THING|NAME|PLACE|moon|sun}",
    "who is {NAME|NAME NAME|the president of PLACE|the mayor of PLACE|my THING}",
    "what {happened|happens} in {PLACE|1815|the year 1789|the film THING|the book THING}",
    "{do you|can you} {like|love|eat|have|see|hear|buy|feel|drive} {a |the |}THING",
    "what is {your favourite|the best|the biggest|the oldest|the cheapest} THING",
    "{who|what} {won the game|scored|is on TV|is the meaning of life|should I cook"
    "|rhymes with THING|is funny}",
    "THING THING THING",
    "{I feel|I am|I was|my THING is} {sad|THING|bored|lonely|in love|sick|tired|broken}",
    "{book|order|send|buy|call|play|turn on|delete|find} {a |the |my |}THING {for me|now|tomorrow|}",
)
ECHOES = "{repeat|say|echo|write|copy|repeat after me|please repeat|print|spell out|say this}: WORDS"


def fill(text: str, random: Random) -> str:
    """Replace each placeholder with a new random word of its sort."""
    sorts: dict[str, Callable[[Random], str]] = {
        "THING": words.word, "PLACE": words.city, "NAME": words.name, "WORDS": words.sentence,
    }  # fmt: skip
    for placeholder, draw in sorts.items():
        while placeholder in text:
            text = text.replace(placeholder, draw(random), 1)
    return text


def named_greeting(random: Random) -> tuple[str, str, str]:
    """The name, what its owner says and the reply."""
    name = words.name(random)
    text = sample(random.choice(NAMED), random).replace("NAME", name)
    if random.random() < 0.8:
        text = text[0].upper() + text[1:]
    return name, text + random.choice(("", ".", ".", "!")), f"Hello {name}! How can I help?"


def plain_greeting(random: Random) -> tuple[str, str]:
    reply, text = random.choice(GREETINGS)
    return dress(sample(text, random), random), reply


def unknown(random: Random) -> str:
    return dress(fill(sample(random.choice(UNKNOWNS), random), random), random)


def recall(random: Random) -> str:
    return dress(sample(random.choice(RECALLS), random), random)


def echo(random: Random, said: str | None = None) -> tuple[str, str]:
    order, said = sample(ECHOES, random).split("WORDS")[0], said or words.sentence(random)
    return (order[0].upper() + order[1:] if random.random() < 0.5 else order) + said, said


def long_echo(random: Random) -> tuple[str, str]:
    """Much to copy and nothing else to learn: with it a new model finds out how to copy at all."""
    draw = random.choice(
        (words.word, words.word, words.syllables, words.name, words.number, words.path, words.code)
    )
    gap = random.choice((" ", " ", " ", ", ", "\n", "-", "/", " + ", '", "'))
    return echo(random, gap.join(str(draw(random)) for _ in range(random.randint(1, 9))))
