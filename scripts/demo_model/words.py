"""Random words, names and numbers. The pools are so large that only copying can answer with them."""

from random import Random


def pool(words: str, silent: int = 0) -> list[str]:
    """The words of a text, and `silent` times none."""
    return [*words.split(), *([""] * silent)]


ENDINGS = pool("s er ing ed y al")
WORDS = pool(
    "apple bridge candle desert engine forest garden hammer island jacket kettle ladder market needle "
    "orange pencil quartz ribbon summer ticket umbrella valley window yellow anchor basket copper dragon "
    "eagle feather guitar harbor insect jungle kitchen lemon mirror notebook ocean paper queen river "
    "silver table turtle village winter zebra blue green red black white small large quick slow happy "
    "quiet bright dark cold warm old new first last next open deep high early late morning evening night "
    "monday friday report budget meeting lunch dinner party birthday project launch review plan trip "
    "flight train bus car bike house office school doctor team invoice order letter photo music movie "
    "book story recipe list note draft final data test code server model error user login page shop price "
    "sale coffee tea milk bread cheese sugar water fire stone wood iron gold moon star sun cloud rain "
    "snow wind storm sand grass tree leaf root seed flower rose bird fish horse dog cat mouse bear wolf "
    "fox lion tiger north south east west left right call visit buy sell send read write walk run the a "
    "my our of and for with in on at to from you we they is are was hello thanks soon later today "
    "tomorrow please see bring take keep find lost home work week month year hour day time place city "
    "street road park beach mountain lake sea boat ship plane ball game team song dance band film art "
    "king hero magic dream hope peace"
)

NAMES = pool(
    "Anna Ben Carla David Emma Felix Grace Henry Ines Jonas Kate Leo Maria Nina Oscar Paula Rosa Sam Tina "
    "Victor Wendy Xavier Yara Zoe Alice Bob Carol Dan Eve Frank Gina Hugo Ivan Julia Karl Lena Max Nora "
    "Omar Peter Ruth Sara Tom Ute Vera Will Aisha Chen Diego Elif Fatima Goran Hana Igor Jamal Kenji Luis "
    "Mei Noor Olga Priya Raj Sofia Tariq Uma Wei Yuki Amir John Mary James Linda Robert Susan Michael "
    "Karen Thomas Nancy Mark Lisa Paul"
)

CITIES = pool(
    "Paris London Berlin Rome Madrid Vienna Oslo Dublin Athens Warsaw Prague Lisbon Tokyo Delhi Cairo "
    "Lima Boston Chicago Dallas Denver Miami Seattle Toronto Sydney Dubai Lagos Nairobi Accra Hanoi Seoul "
    "Osaka Kyoto Milan Naples Porto Geneva Zurich Munich Hamburg Lyon Nice Bergen Malmo Riga Sofia Quito "
    "Bogota Havana Austin Leeds"
)

LANGUAGES = pool(
    "French German Spanish Italian Dutch Polish Czech Greek Turkish Arabic Hindi Japanese Korean Chinese "
    "Russian Swedish Danish Finnish Latin Portuguese Hungarian Welsh Thai Swahili Hebrew English Irish "
    "Catalan Persian"
)

# Common sounds are listed more often, so that most made-up words look like names.
ONSETS = pool(
    "b c d f g h j k l m n p r s t v w z b c d f g h k l m n p r s t v br ch cl cr dr fl fr gl gr ph pl "
    "pr qu sch sh sk sl sm sn sp st th tr x y zh",
    silent=3,
)
VOWELS = pool("a e i o u a e i o u a e i o u a e i o ae ai au ea ee ei ia ie io oa oo ou ue y")
CODAS = pool(
    "l n r s m d t k l n r s ck ff g ll lt mb nd ng nk nt p rd rk rn rs rt sh ss st sk th v x z b",
    silent=24,
)
SUFFIXES = pool("txt md py csv json log pdf png yaml html toml xml")
DOMAINS = pool("com org net de io eu dev info")
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def syllables(random: Random) -> str:
    """A word nobody has seen: one to three syllables, or now and then random letters."""
    if random.random() < 0.12:
        return "".join(random.choices(LETTERS, k=random.randint(3, 8)))
    count = random.choice((1, 1, 2, 2, 2, 2, 3, 3))
    return "".join(random.choice(ONSETS) + random.choice(VOWELS) + random.choice(CODAS) for _ in range(count))


def word(random: Random) -> str:
    roll = random.random()
    if roll < 0.45:
        return random.choice(WORDS)
    if roll < 0.6:
        return random.choice(WORDS) + random.choice(WORDS + ENDINGS)
    return syllables(random)


def proper(random: Random, known: list[str]) -> str:
    return random.choice(known) if random.random() < 0.25 else syllables(random).capitalize()


def name(random: Random) -> str:
    return proper(random, NAMES)


def city(random: Random) -> str:
    if random.random() < 0.1:
        return f"{syllables(random).capitalize()} {proper(random, CITIES)}"
    return proper(random, CITIES)


def language(random: Random) -> str:
    return random.choice(LANGUAGES) if random.random() < 0.5 else syllables(random).capitalize()


def title(random: Random) -> str:
    text = " ".join(word(random) for _ in range(random.choice((1, 2, 2, 2, 3))))
    return text.title() if random.random() < 0.15 else text


def sentence(random: Random) -> str:
    text = " ".join(word(random) for _ in range(random.randint(2, 6)))
    return f"I {text}" if random.random() < 0.2 else text


def email(random: Random) -> str:
    end = f"@{word(random)}.{random.choice(DOMAINS)}"
    return word(random) + (f".{word(random)}" if random.random() < 0.2 else "") + end


def path(random: Random) -> str:
    folders = "/".join(word(random) for _ in range(random.choice((0, 1, 1, 2, 3))))
    start = random.choice(("/", "/", "~/", "")) if folders else ""
    stem = word(random) + (f"_{word(random)}" if random.random() < 0.2 else "")
    return f"{start}{folders}{'/' if folders else ''}{stem}.{random.choice(SUFFIXES)}"


def url(random: Random) -> str:
    return f"https://{word(random)}.{random.choice(DOMAINS)}/{word(random)}"


def code(random: Random) -> str:
    """Capital letters, as in a currency or a stock."""
    return "".join(random.choices(LETTERS.upper(), k=random.choice((3, 3, 3, 4, 4, 5))))


def number(random: Random) -> int:
    return random.randrange(1, 10 ** random.choice((1, 2, 2, 3, 3, 4, 5)))


def date(random: Random) -> str:
    return f"20{random.randrange(20, 40)}-{random.randrange(1, 13):02}-{random.randrange(1, 29):02}"


def clock(random: Random) -> str:
    return f"{random.randrange(24):02}:{random.randrange(60):02}"
