"""`POST /apply-template`, `POST /tokenize` and `POST /detokenize`."""

from typing import Final

from tests.conformance import effects
from tests.conformance.openai_chat import BASE, OF_THE_ANSWER, TOLD
from tests.conformance.openai_messages import MESSAGES
from tests.conformance.openai_sampling import SAMPLING
from tests.conformance.openai_tools import TOLD_TOOLS, UNCALLED
from tests.conformance.reasoning import BUDGETS_TOLD
from tests.conformance.record import (
    Ask,
    Dialect,
    Endpoint,
    Field,
    Treatment,
    honoured,
    unanswered,
)

_TEXT: Final = "What is MLX Manager?"


def _dialect(key: str) -> Dialect:
    """Of an endpoint that generates nothing; what it answers is under the key."""
    return Dialect(
        text=lambda answer: str(answer[key]),
        delta=lambda event: "",
        num_read=lambda answer: int(answer.get("count", 0)),
        num_drawn=lambda answer: 0,
        is_cut=lambda answer: False,
        cached=lambda answer: 0,
    )


def _of_the_answer(entry: Field) -> Field:
    """What a chat completion honours changes no prompt."""
    if entry.treatment is not Treatment.HONOURED:
        return entry
    return unanswered(entry)


def _goes_on(ask: Ask, field: Field) -> None:
    """The prompt ends in the last message."""
    messages = [*BASE["messages"], {"role": "assistant", "content": "It is"}]
    assert ask.asked(field, messages=messages).text.endswith("It is")
    assert not ask.plain(messages=messages).text.endswith("It is")


def _may_be_told(ask: Ask, field: Field) -> None:
    assert ask.asked(field, True).status == 200
    assert ask.asked(field, False).status == 400


def _is_tokenized(ask: Ask, field: Field) -> None:
    tokens = ask.asked(field).body["tokens"]
    assert ask.post("/detokenize", {"model": "demo", "tokens": tokens})["prompt"] == field.example


def _shows_strings(ask: Ask, field: Field) -> None:
    assert "".join(ask.asked(field, True).body["token_strs"]) == _TEXT
    assert "token_strs" not in ask.plain().body


def _shows_pieces(ask: Ask, field: Field) -> None:
    assert "".join(token["piece"] for token in ask.asked(field, True).body["tokens"]) == _TEXT
    assert all(isinstance(token, int) for token in ask.plain().body["tokens"])


def _bares(ask: Ask, field: Field) -> None:
    """The text alone, where a tokenizer puts a token before it."""
    assert ask.told(ask.body(field, False)).num_read == ask.told(ask.plain_body()).num_read - 1


def _is_rendered(ask: Ask, field: Field) -> None:
    chat = {"model": "demo", "messages": field.example}
    assert ask.asked(field).body["count"] == ask.post("/apply-template", chat)["count"]


def _is_text(ask: Ask, field: Field) -> None:
    assert ask.asked(field).body == {"prompt": "A key is", "content": "A key is"}


_MODEL: Final = honoured("model", effects.needs_a_model, "an id or an alias of `/v1/models`")
_CONTINUE: Final = ("continue_final_message", "add_generation_prompt")

APPLY_TEMPLATE: Final = Endpoint(
    path="/apply-template",
    base=BASE,
    dialect=_dialect("prompt"),
    prompt_route="/apply-template",
    can_stream=False,
    fields=(
        _MODEL,
        *MESSAGES,
        *TOLD_TOOLS,
        *UNCALLED,
        *TOLD,
        *BUDGETS_TOLD,
        honoured("continue_final_message", _goes_on, "the prompt ends in the last message", example=True),
        honoured("add_generation_prompt", _may_be_told, "the opposite of it", example=True),
        *(_of_the_answer(entry) for entry in SAMPLING if entry.path != "model"),
        *(_of_the_answer(entry) for entry in OF_THE_ANSWER if entry.path not in _CONTINUE),
    ),
)
TOKENIZE: Final = Endpoint(
    path="/tokenize",
    base={"model": "demo", "prompt": _TEXT},
    dialect=_dialect("tokens"),
    prompt_route="/tokenize",
    can_stream=False,
    fields=(
        _MODEL,
        honoured("prompt", _is_tokenized, "a text", example="A key is"),
        honoured(
            "content", _is_tokenized, "another name of prompt", example="A key is", within={"prompt": None}
        ),
        honoured(
            "messages",
            _is_rendered,
            "in place of a prompt: a whole body of `/apply-template`",
            example=BASE["messages"],
            within={"prompt": None},
        ),
        honoured("return_token_strs", _shows_strings, "", example=True),
        honoured("with_pieces", _shows_pieces, "tokens are objects with `id` and `piece`", example=True),
        honoured("add_special_tokens", _bares, "", example=False),
        honoured("add_special", _bares, "another name of add_special_tokens", example=False),
    ),
)
DETOKENIZE: Final = Endpoint(
    path="/detokenize",
    base={"model": "demo", "tokens": [5, 6, 7]},
    dialect=_dialect("prompt"),
    can_stream=False,
    fields=(
        _MODEL,
        honoured("tokens", _is_text, "special tokens are shown by name", example=[35, 223, 533, 223, 300]),
    ),
)
