"""`POST /v1/completions`."""

from dataclasses import replace
from typing import Any, Final

from tests.conformance.openai_sampling import OPENAI, RESPONSE_FORMAT, SAMPLING
from tests.conformance.record import Ask, Endpoint, Field, honoured, not_applicable, refused

BASE: Final[dict[str, Any]] = {
    "model": "demo",
    "prompt": "MLX Manager is",
    "max_tokens": 16,
    "temperature": 0,
}


def _continues(ask: Ask, field: Field) -> None:
    text = ask.asked(field, "A key is").text
    assert text != ask.plain().text
    ids = ask.post("/tokenize", {"model": "demo", "prompt": "A key is"})["tokens"]
    assert ask.asked(field, ids).text == text
    several = ask.asked(field, ["A key is", ids]).body["choices"]
    assert [choice["text"] for choice in several] == [text, text]


def _begins_with_the_prompt(ask: Ask, field: Field) -> None:
    assert ask.asked(field).text == BASE["prompt"] + ask.plain().text


def _tells_logprobs(ask: Ask, field: Field) -> None:
    told = ask.asked(field, 2).body["choices"][0]["logprobs"]
    assert "".join(told["tokens"]) == ask.plain().text
    assert {len(likeliest) for likeliest in told["top_logprobs"]} == {2}
    assert ask.plain().body["choices"][0].get("logprobs") is None


def _equals_n(ask: Ask, field: Field) -> None:
    assert ask.asked(field, 2, n=2).status == 200
    assert ask.asked(field, 3, n=2).body["error"]["param"] == "best_of"


COMPLETIONS = Endpoint(
    path="/v1/completions",
    base=BASE,
    dialect=OPENAI,
    fields=(
        *SAMPLING,
        honoured("prompt", _continues, "text, token ids, or a list of these", example="A key is"),
        honoured("echo", _begins_with_the_prompt, "", example=True),
        honoured("logprobs", _tells_logprobs, "up to 20; not with echo", example=2),
        honoured("best_of", _equals_n, "must equal n: every choice is given back", example=1),
        *(replace(entry, is_ours=True) for entry in RESPONSE_FORMAT),
        not_applicable(
            "response_format.type=text",
            "what is answered in any case",
            example={"type": "text"},
            at="response_format",
            is_ours=True,
        ),
        refused("suffix", "the end", "honoured by models that have tokens for a gap"),
        refused("top_logprobs", 2, "the count is `logprobs` here"),
    ),
)
