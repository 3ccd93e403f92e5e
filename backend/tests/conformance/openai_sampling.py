"""What chat and text completions have in common."""

from typing import Any, Final

from tests.conformance import effects
from tests.conformance.formats import EXTRAS, EXTRAS_REFUSED, format_lines
from tests.conformance.record import Ask, Dialect, Field, honoured, ignored, ours, refused


def _text(answer: Any) -> str:
    choice = answer["choices"][0]
    text: str | None = choice["text"] if "text" in choice else choice["message"]["content"]
    return text or ""


def _calls(answer: Any) -> tuple[tuple[str, str], ...]:
    message = answer["choices"][0].get("message", {})
    called = [call.get("function") or call["custom"] for call in message.get("tool_calls", ())]
    return tuple((call["name"], call.get("arguments", call.get("input"))) for call in called)


def _delta(event: Any) -> str:
    choices = event["choices"]
    if not choices:
        return ""
    text: str = choices[0]["text"] if "text" in choices[0] else choices[0]["delta"].get("content", "")
    return text


OPENAI = Dialect(
    text=_text,
    delta=_delta,
    num_read=lambda answer: int(answer["usage"]["prompt_tokens"]),
    num_drawn=lambda answer: int(answer["usage"]["completion_tokens"]),
    is_cut=lambda answer: bool(answer["choices"][0]["finish_reason"] == "length"),
    cached=lambda answer: int(answer["usage"]["prompt_tokens_details"]["cached_tokens"]),
    calls=_calls,
)


def _adds_usage(ask: Ask, field: Field) -> None:
    with_it, without = (ask.asked(field, wanted, stream=True).events for wanted in (True, False))
    assert with_it[-1]["usage"]["total_tokens"] > 0
    assert not without[-1].get("usage")


RESPONSE_FORMAT: Final = format_lines(
    "response_format",
    lambda schema: {"type": "json_schema", "json_schema": {"name": "colour", "schema": schema}},
    "json_schema.schema",
)

# Fields of other servers.
OTHERS_SAMPLING: Final = (
    refused("length_penalty", 2),
    refused("typical_p", 0.5),
    refused("xtc_probability", 0.5),
    refused("mirostat", 2),
    refused("min_tokens", 5),
    refused("stop_token_ids", [5]),
    refused("bad_words", ["no"]),
    refused("use_beam_search", True),
    *EXTRAS_REFUSED,
)

SAMPLING: Final = (
    honoured("model", effects.needs_a_model, "an id or an alias of `/v1/models`"),
    honoured("n", effects.repeats, "1 to 128; choice i is drawn with seed + i", example=3),
    honoured("max_tokens", effects.limits, "more than the window holds means all of it", example=3),
    honoured("temperature", effects.cools, "0 to 2; 0 is greedy", example=2),
    honoured("top_p", effects.narrows, "", example=1e-6),
    honoured("seed", effects.seeds, "the same text each time, alone or in a batch", example=7),
    honoured("logit_bias", effects.biases, "up to 1,024 token ids, -100 to 100", example={"5": 1}),
    honoured("presence_penalty", effects.changes, "-2 to 2", example=2),
    honoured("frequency_penalty", effects.changes, "-2 to 2", example=2),
    honoured("stop", effects.stops, "a string, or up to 4", example=["x"]),
    honoured("stream", effects.streams, "", example=True),
    honoured("stream_options.include_usage", _adds_usage, "the last chunk has the counts", example=True),
    ours("top_k", effects.narrows, "-1 and 0 keep all", example=1),
    ours("min_p", effects.narrows, "", example=1),
    ours("repetition_penalty", effects.changes, "0.01 to 10; also of the prompt", example=4),
    ours("repeat_penalty", effects.changes, "another name of repetition_penalty", example=4),
    ours("ignore_eos", effects.goes_on, "only the limit ends the answer", example=True),
    ours("priority", effects.comes_last, "`background` lets `interactive` pass", example="background"),
    ours(
        "cache_salt", effects.is_salted, "prompts are kept apart from those of other salts", example="pepper"
    ),
    ours("cache_debug", effects.adds("cache_debug"), "tells where a kept prompt was left", example=True),
    ours("timeout", effects.times_out, "seconds; then 504", example=60),
    ours("keep_alive", effects.unloads, "seconds, or `5m`; -1 is for ever", example=60),
    *EXTRAS,
    *OTHERS_SAMPLING,
    ignored("stream_options.include_obfuscation", False, "nothing is padded", within={"stream_options": {}}),
    ignored("user", "somebody"),
)
