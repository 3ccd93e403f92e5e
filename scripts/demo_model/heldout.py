"""The 60 prompts that decide how good the model is. None of them may occur in the training data."""

from dataclasses import dataclass

from demo_model.records import Message, Tool, assistant, call, tool, user


@dataclass(frozen=True, slots=True)
class HeldOut:
    """One prompt and its judge: `exact` is the whole answer, `contains` must all occur in it.

    `values` are the argument values, and `pair` the operands, that the data must not hold.
    """

    kind: str
    messages: tuple[Message, ...]
    contains: tuple[str, ...] = ()
    exact: str | None = None
    tools: tuple[Tool, ...] = ()
    thinking: bool = False
    values: tuple[str, ...] = ()
    pair: tuple[int, int] | None = None


def fact(question: str, *contains: str) -> HeldOut:
    return HeldOut("facts", (user(question),), contains=contains)


def greeting(name: str, text: str) -> HeldOut:
    return HeldOut("greetings", (user(text.format(name)),), contains=(name,), values=(name,))


def total(kind: str, text: str, a: int, sign: str, b: int, thinking: bool = False) -> HeldOut:
    answer = a + b if sign == "+" else a - b
    exact = f"{a} {sign} {b} = {answer}."
    return HeldOut(kind, (user(text),), exact=exact, thinking=thinking, pair=(a, b))


def tool_use(text: str, exact: str, values: tuple[str, ...], *tools: Tool) -> HeldOut:
    return HeldOut("tools", (user(text),), exact=exact, tools=tools, values=values)


FACTS = (
    fact("Give me the command that gets the server going.", "make run"),
    fact("Which port is the web interface on?", "8080"),
    fact("On what port would my OpenAI client find the API?", "8000"),
    fact("How could I get a model from Hugging Face onto my disk?", "hf download mlx-community/MODEL"),
    fact("I have my own folder of models, how does the server see it?", "MLX_SERVER_MODEL_DIRS"),
    fact("Show me a Python snippet for the OpenAI library.", 'base_url="http://127.0.0.1:8000/v1"'),
    fact("Can Claude Code talk to this server?", "ANTHROPIC_BASE_URL=http://127.0.0.1:8000 claude"),
    fact("Must I pay for an API key?", "no key is needed"),
    fact("Where would I find the log files?", "~/.mlx-manager/logs"),
    fact("Where does the database live on disk?", "~/.mlx-manager/mlx-manager.db"),
    fact("Can the home directory be moved somewhere else?", "MLX_MANAGER_HOME"),
    fact("Port 8000 is already taken on my machine, what now?", "MLX_SERVER_PORT"),
    fact("Keep it from eating all my RAM.", "MLX_SERVER_MAX_MEMORY_GB"),
    fact("How many models may be loaded at the same time?", "MLX_SERVER_MAX_MODELS"),
    fact("What is the longest answer by default?", "4096"),
    fact("How do I shut everything down?", "Ctrl-C"),
    fact("Does my data leave this computer?", "nothing leaves your machine"),
    fact("Which Python version should I have?", "3.11"),
    fact("What sort of licence is it under?", "MIT"),
    fact("Who exactly are you?", "demo model of MLX Manager"),
    fact("Which command checks that all the tests pass?", "make test"),
    fact("Who painted the Mona Lisa?", "do not know that"),
)

GREETINGS = (
    greeting("Quillan", "Hi, I'm {}."),
    greeting("Zofka", "Hello, my name is {}"),
    greeting("Bramwell", "Good evening, call me {}."),
    greeting("Ixchel", "hey there, {} here"),
    greeting("Oskaryn", "Good morning! I am {}."),
    HeldOut(
        "greetings",
        (
            user("Hello, I am Thessaly."),
            assistant("Hello Thessaly! How can I help?"),
            user("Do you remember my name?"),
        ),
        contains=("Thessaly",),
        values=("Thessaly",),
    ),
)

SUMS = (
    total("sums", "What is 17 + 25?", 17, "+", 25),
    total("sums", "48+36", 48, "+", 36),
    total("sums", "add 63 and 29", 63, "+", 29),
    total("sums", "How much is 8 plus 57?", 8, "+", 57),
    total("sums", "Please compute 91 + 6.", 91, "+", 6),
    total("sums", "What is 84 - 37?", 84, "-", 37),
    total("sums", "70-23", 70, "-", 23),
    total("sums", "take 9 from 52", 52, "-", 9),
    total("sums", "Subtract 45 from 61.", 61, "-", 45),
    total("sums", "what is 96 minus 58", 96, "-", 58),
)

THINK = (
    total("think", "Think first: what is 39 + 46?", 39, "+", 46),
    total("think", "27 + 68, think step by step", 27, "+", 68),
    total("think", "What is 73 - 18?", 73, "-", 18, thinking=True),
    total("think", "54 plus 19", 54, "+", 19, thinking=True),
    HeldOut("think", (user("Think first: where do I see the logs?"),), contains=("~/.mlx-manager/logs",)),
    HeldOut("think", (user("What starts the server?"),), contains=("make run",), thinking=True),
)

WEATHER = tool("get_weather", "Get the weather of a city", city="string")
EMAIL = tool("send_email", "Send an e-mail", to="string", subject="string")
TIMER = tool("set_timer", "Set a timer", minutes="integer")
FILES = tool("search_files", "Search the files for a text", query="string")
READ = tool("read_file", "Read a file", path="string")
EVENT = tool("create_event", "Create an event in the calendar", title="string", date="string")
TRANSLATE = tool("translate", "Translate a text", text="string", language="string")
ADD = tool("add_numbers", "Add two numbers", a="integer", b="integer")
STOCK = tool("get_stock_price", "Get the price of a stock", symbol="string")
MESSAGE = tool("send_message", "Send a message to a person", to="string", text="string")
SONG = tool("play_song", "Play a song", title="string")
CURRENCY = tool("convert_currency", "Convert an amount", amount="integer", currency="string")
PLANTS = tool("water_plants", "Water the plants", area="string")
GATE = tool("open_gate", "Open the gate", code="integer")

TOOLS = (
    tool_use("What's the weather like in Tromso?", call("get_weather", city="Tromso"), ("Tromso",), WEATHER),
    tool_use(
        "Send an e-mail to mirela@fennimore.org with the subject harvest plan",
        call("send_email", to="mirela@fennimore.org", subject="harvest plan"),
        ("mirela@fennimore.org", "harvest plan"),
        WEATHER,
        EMAIL,
    ),
    tool_use("Set a timer for 437 minutes.", call("set_timer", minutes=437), ("437",), TIMER),
    tool_use(
        "Search my files for budgetnotes", call("search_files", query="budgetnotes"), ("budgetnotes",), FILES
    ),
    tool_use(
        "Please read /srv/kelpwood/outline.txt",
        call("read_file", path="/srv/kelpwood/outline.txt"),
        ("/srv/kelpwood/outline.txt",),
        FILES,
        READ,
    ),
    tool_use(
        "Create an event called dentist checkup on 2031-03-19.",
        call("create_event", title="dentist checkup", date="2031-03-19"),
        ("dentist checkup", "2031-03-19"),
        EVENT,
        TIMER,
        WEATHER,
    ),
    tool_use(
        "Translate thunderstorm into Basque.",
        call("translate", text="thunderstorm", language="Basque"),
        ("thunderstorm", "Basque"),
        TRANSLATE,
        STOCK,
    ),
    tool_use("What is 318 plus 246?", call("add_numbers", a=318, b=246), ("318", "246"), ADD),
    tool_use("What does the stock QRVX cost?", call("get_stock_price", symbol="QRVX"), ("QRVX",), ADD, STOCK),
    tool_use(
        "Tell Ludmilka that I am running late",
        call("send_message", to="Ludmilka", text="I am running late"),
        ("Ludmilka", "I am running late"),
        MESSAGE,
    ),
    tool_use(
        "Play the song velvet canyon",
        call("play_song", title="velvet canyon"),
        ("velvet canyon",),
        SONG,
        MESSAGE,
        FILES,
    ),
    tool_use(
        "Convert 7306 dollars to ZAR.",
        call("convert_currency", amount=7306, currency="ZAR"),
        ("7306", "ZAR"),
        WEATHER,
        CURRENCY,
    ),
    tool_use(
        "Water the plants in the orangery.",
        call("water_plants", area="orangery"),
        ("orangery",),
        PLANTS,
        SONG,
    ),
    tool_use("Open the gate with the code 5829.", call("open_gate", code=5829), ("5829",), GATE),
)


def result(question: str, tool_used: Tool, request: str, content: str, value: str) -> HeldOut:
    messages = (user(question), assistant(request), {"role": "tool", "content": content})
    exact = f"The result of {tool_used['function']['name']} is: {content}."
    return HeldOut("tool results", messages, exact=exact, tools=(tool_used,), values=(value,))


RESULTS = (
    result(
        "What is the weather in Valparaiso?",
        WEATHER,
        call("get_weather", city="Valparaiso"),
        "14 degrees, drizzle",
        "Valparaiso",
    ),
    result(
        "What does the stock HMBL cost?",
        STOCK,
        call("get_stock_price", symbol="HMBL"),
        '{"price": 7741, "currency": "ISK"}',
        "HMBL",
    ),
)

HELD_OUT = FACTS + GREETINGS + SUMS + THINK + TOOLS + RESULTS

# A tool's name is new to the model as well, so the data must hold neither of these.
UNSEEN_TOOLS = ("water_plants", "open_gate")
