"""`POST /v1/chat/completions`."""

from typing import Any, Final

from tests.conformance import effects
from tests.conformance.openai_messages import MESSAGES
from tests.conformance.openai_sampling import OPENAI, RESPONSE_FORMAT, SAMPLING
from tests.conformance.openai_tools import CALLED, TOLD_TOOLS
from tests.conformance.prompts import reads
from tests.conformance.reasoning import BUDGETS, REASONING
from tests.conformance.record import Ask, Endpoint, Field, honoured, ignored, ours, refused

BASE: Final[dict[str, Any]] = {
    "model": "demo",
    "messages": [{"role": "user", "content": "What is MLX Manager?"}],
    "max_tokens": 16,
    "temperature": 0,
}
_SCHEMA: Final = {"type": "object", "properties": {"x": {"type": "integer"}}}


def _tells_logprobs(ask: Ask, field: Field) -> None:
    told = ask.asked(field).body["choices"][0]["logprobs"]["content"]
    assert "".join(token["token"] for token in told) == ask.plain().text
    assert all(token["logprob"] <= 0 and token["top_logprobs"] == [] for token in told)
    assert ask.plain().body["choices"][0].get("logprobs") is None


def _tells_the_likeliest(ask: Ask, field: Field) -> None:
    told = ask.asked(field, 3).body["choices"][0]["logprobs"]["content"]
    assert {len(token["top_logprobs"]) for token in told} == {3}
    assert all(token["top_logprobs"][0]["token"] == token["token"] for token in told)


def _goes_on(ask: Ask, field: Field) -> None:
    whole = ask.plain(max_tokens=64).text
    begun = "MLX Manager is two"  # it ends where a token does
    assert whole.startswith(begun)
    messages = [*BASE["messages"], {"role": "assistant", "content": begun}]
    assert (begun + ask.asked(field, messages=messages, max_tokens=64).text).startswith(whole)
    assert not (begun + ask.plain(messages=messages, max_tokens=64).text).startswith(whole)


def _is_checked(ask: Ask, field: Field) -> None:
    """Taken where it says what is done in any case, and refused where it contradicts that."""
    assert ask.asked(field, True).status == 200
    assert ask.asked(field, False).status == 400


def _is_text(ask: Ask, field: Field) -> None:
    """Text is what there is in any case; another type would have been refused."""
    reply = ask.asked(field)
    assert (reply.text, reply.ignored) == (ask.plain().text, ())
    assert ask.asked(field, "other").status == 400


# What the chat template is told.
TOLD: Final = (
    *REASONING,
    ours(
        "chat_template_kwargs",
        reads("Think first."),
        "variables for the chat template",
        example={"enable_thinking": True},
    ),
)

OF_THE_ANSWER: Final = (
    honoured("max_completion_tokens", effects.limits, "counts before max_tokens", example=3),
    honoured("logprobs", _tells_logprobs, "", example=True),
    honoured(
        "top_logprobs",
        _tells_the_likeliest,
        "up to 20; needs logprobs",
        example=3,
        within={"logprobs": True},
    ),
    ours("continue_final_message", _goes_on, "the answer goes on with the last message", example=True),
    ours("add_generation_prompt", _is_checked, "the opposite of continue_final_message", example=True),
    honoured("response_format.type=text", _is_text, "", example="text"),
    *RESPONSE_FORMAT,
    refused("functions", [{"name": "look", "parameters": _SCHEMA}], "older than tools"),
    refused("function_call", {"name": "look"}, "older than tool_choice"),
    refused("modalities", ["text", "audio"], '`["text"]` is taken'),
    refused("audio", {"voice": "alloy", "format": "wav"}),
    refused("web_search_options", {}),
    refused("best_of", 2, "1 is taken"),
    ignored("service_tier", "flex"),
    ignored("store", True, "nothing is stored"),
    ignored("metadata", {"a": "b"}),
    ignored("verbosity", "low"),
    ignored("prediction", {"type": "content", "content": "MLX"}),
    ignored("prompt_cache_key", "key", "prompts are found by what they say"),
    ignored("prompt_cache_options", {"mode": "implicit"}),
    ignored("prompt_cache_retention", "24h"),
    ignored("safety_identifier", "somebody"),
    ignored("moderation", {"model": "omni"}),
)

CHAT: Final = Endpoint(
    path="/v1/chat/completions",
    base=BASE,
    dialect=OPENAI,
    prompt_route="/apply-template",
    fields=(*SAMPLING, *MESSAGES, *TOLD_TOOLS, *CALLED, *TOLD, *BUDGETS, *OF_THE_ANSWER),
)
