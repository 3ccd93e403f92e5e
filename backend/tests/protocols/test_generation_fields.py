"""Fields that both dialects take: what they become, and what is refused with the field's name."""

import math
from collections.abc import Callable
from typing import Any

import pytest

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.mlx_server.domain.request import GenerationRequest, Priority, SamplingOverrides
from mlx_manager.mlx_server.engine import wire
from mlx_manager.mlx_server.protocols.fields import ignored_paths
from mlx_manager.mlx_server.protocols.openai_chat.parse import parse_chat
from mlx_manager.mlx_server.protocols.openai_chat.schema import UNSUPPORTED as CHAT_UNSUPPORTED
from mlx_manager.mlx_server.protocols.openai_chat.schema import ChatCompletionRequest
from mlx_manager.mlx_server.protocols.openai_completions.parse import parse_completion
from mlx_manager.mlx_server.protocols.openai_completions.schema import UNSUPPORTED as TEXT_UNSUPPORTED
from mlx_manager.mlx_server.protocols.openai_completions.schema import CompletionRequest
from mlx_manager.mlx_server.protocols.openapi import body_schema

Parse = Callable[..., GenerationRequest]


def chat(**fields: Any) -> GenerationRequest:
    messages = [{"role": "user", "content": "hi"}]
    return parse_chat({"model": "m", "messages": messages, **fields}, "req_1", "tenant")[0]


def text(**fields: Any) -> GenerationRequest:
    return parse_completion({"model": "m", "prompt": "hi", **fields}, "req_1", "tenant")[0]


@pytest.fixture(params=[chat, text])
def parse(request: pytest.FixtureRequest) -> Parse:
    """The parser of either dialect."""
    found: Parse = request.param
    return found


def test_silence(parse: Parse) -> None:
    request = parse()
    assert request.sampling == SamplingOverrides()
    assert (request.tenant, request.priority, request.cache_salt) == ("tenant", Priority.INTERACTIVE, "")
    assert (request.top_logprobs, request.timeout_s) == (None, None)
    assert (request.ignore_eos, request.explain_cache) == (False, False)


NAMES = [
    "presence_penalty",
    "frequency_penalty",
    "repetition_penalty",
    "repeat_penalty",
    "logit_bias",
    "logprobs",
    "ignore_eos",
    "priority",
    "cache_salt",
    "cache_debug",
    "timeout",
]


@pytest.mark.parametrize("name", NAMES)
def test_null_is_absence(parse: Parse, name: str) -> None:
    assert parse(**{name: None}) == parse()


@pytest.mark.parametrize(
    ("fields", "wanted"),
    [
        ({"presence_penalty": -2}, SamplingOverrides(presence_penalty=-2)),
        ({"presence_penalty": 0}, SamplingOverrides(presence_penalty=0)),
        ({"frequency_penalty": 2.0}, SamplingOverrides(frequency_penalty=2)),
        ({"repetition_penalty": 1.1}, SamplingOverrides(repetition_penalty=1.1)),
        ({"repetition_penalty": 0.01}, SamplingOverrides(repetition_penalty=0.01)),
        ({"repeat_penalty": 10}, SamplingOverrides(repetition_penalty=10)),
        ({"repeat_penalty": 1.5, "repetition_penalty": None}, SamplingOverrides(repetition_penalty=1.5)),
        ({"repeat_penalty": 1.5, "repetition_penalty": 1.5}, SamplingOverrides(repetition_penalty=1.5)),
        ({"logit_bias": {}}, SamplingOverrides(logit_bias={})),
        ({"logit_bias": {"0": -100, "50256": 1.5}}, SamplingOverrides(logit_bias={0: -100.0, 50256: 1.5})),
        (
            {"logit_bias": {str(n): 1 for n in range(1024)}},
            SamplingOverrides(logit_bias=dict.fromkeys(range(1024), 1.0)),
        ),
    ],
)
def test_sampling(parse: Parse, fields: dict[str, Any], wanted: SamplingOverrides) -> None:
    sampling = parse(**fields).sampling
    assert sampling == wanted
    assert all(type(bias) is float for bias in (sampling.logit_bias or {}).values())


@pytest.mark.parametrize(
    ("fields", "attribute", "wanted"),
    [
        ({"ignore_eos": True}, "ignore_eos", True),
        ({"ignore_eos": False}, "ignore_eos", False),
        ({"priority": "background"}, "priority", Priority.BACKGROUND),
        ({"priority": "interactive"}, "priority", Priority.INTERACTIVE),
        ({"cache_salt": "x" * 256}, "cache_salt", "x" * 256),
        ({"cache_salt": ""}, "cache_salt", ""),
        ({"cache_debug": True}, "explain_cache", True),
        ({"timeout": 0.5}, "timeout_s", 0.5),
        ({"timeout": 30}, "timeout_s", 30),
    ],
)
def test_the_others(parse: Parse, fields: dict[str, Any], attribute: str, wanted: Any) -> None:
    assert getattr(parse(**fields), attribute) == wanted


@pytest.mark.parametrize("seconds", [10**9, 1e300, 2**64])
def test_a_time_beyond_clocks_is_bounded(parse: Parse, seconds: float) -> None:
    bounded = parse(timeout=seconds).timeout_s
    assert bounded is not None
    assert 86_400 <= bounded < 2**31


NO_NUMBERS: tuple[Any, ...] = (math.nan, math.inf, -math.inf, 10**9, 10**400, True, False, "1", [1], {"a": 1})
REFUSED: dict[str, tuple[Any, ...]] = {
    "presence_penalty": (*NO_NUMBERS, 2.01, -2.01),
    "frequency_penalty": (*NO_NUMBERS, 2.01, -2.01),
    "repetition_penalty": (*NO_NUMBERS, 0, -1, 0.009, 10.1),
    "repeat_penalty": (*NO_NUMBERS, 0, -1, 0.009, 10.1),
    "timeout": (math.nan, math.inf, -math.inf, True, "1", [1], 0, -1, 10**400),
    "ignore_eos": (0, 1, "true", [], {}),
    "cache_debug": (0, 1, "true", [], {}),
    "cache_salt": ("x" * 257, 1, True, ["x"], {}),
    "priority": (0, 1, -1, 10**9, True, "", "high", "Background", ["background"]),
    "logit_bias": (
        [],
        "x",
        1,
        True,
        [[1, 2]],
        {"x": 1},
        {"": 1},
        {"-1": 1},
        {"+1": 1},
        {"1.0": 1},
        {" 1": 1},
        {"01": 1},
        {"1_0": 1},
        {"٣": 1},
        {"²": 1},
        {"9" * 5000: 1},
        {"1": 100.1},
        {"1": -101},
        {"1": True},
        {"1": None},
        {"1": "1"},
        {"1": [1]},
        {"1": math.nan},
        {"1": math.inf},
        {"1": 10**400},
        {str(n): 1 for n in range(1025)},
    ),
}


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, some in REFUSED.items() for value in some]
)
def test_refused(parse: Parse, name: str, value: Any) -> None:
    with pytest.raises(ApiError) as caught:
        parse(**{name: value})
    assert (caught.value.code, caught.value.param) == (ErrorCode.INVALID_REQUEST, name)
    assert caught.value.message.startswith(name)
    assert len(caught.value.message) < 200


def test_two_names_for_one_penalty_must_agree(parse: Parse) -> None:
    with pytest.raises(ApiError) as caught:
        parse(repetition_penalty=1.1, repeat_penalty=1.2)
    assert (caught.value.code, caught.value.param) == (ErrorCode.INVALID_REQUEST, "repeat_penalty")


@pytest.mark.parametrize(
    ("fields", "wanted"),
    [
        ({"logprobs": False}, None),
        ({"logprobs": False, "top_logprobs": 0}, None),
        ({"top_logprobs": 0}, None),
        ({"logprobs": True}, 0),
        ({"logprobs": True, "top_logprobs": None}, 0),
        ({"logprobs": True, "top_logprobs": 0}, 0),
        ({"logprobs": True, "top_logprobs": 20}, 20),
    ],
)
def test_chat_logprobs(fields: dict[str, Any], wanted: int | None) -> None:
    assert chat(**fields).top_logprobs == wanted


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"top_logprobs": 1}, "top_logprobs"),
        ({"top_logprobs": 5, "logprobs": False}, "top_logprobs"),
        ({"top_logprobs": 5, "logprobs": None}, "top_logprobs"),
        ({"top_logprobs": 21, "logprobs": True}, "top_logprobs"),
        ({"top_logprobs": 10**9, "logprobs": True}, "top_logprobs"),
        ({"top_logprobs": -1, "logprobs": True}, "top_logprobs"),
        ({"top_logprobs": True, "logprobs": True}, "top_logprobs"),
        ({"top_logprobs": 1.0, "logprobs": True}, "top_logprobs"),
        ({"top_logprobs": "1", "logprobs": True}, "top_logprobs"),
        ({"logprobs": 1}, "logprobs"),
        ({"logprobs": "true"}, "logprobs"),
    ],
)
def test_refused_chat_logprobs(fields: dict[str, Any], param: str) -> None:
    with pytest.raises(ApiError) as caught:
        chat(**fields)
    assert (caught.value.code, caught.value.param) == (ErrorCode.INVALID_REQUEST, param)


@pytest.mark.parametrize("count", [0, 5, 20])
def test_completion_logprobs(count: int) -> None:
    assert text(logprobs=count).top_logprobs == count


@pytest.mark.parametrize("value", [-1, 21, 10**9, True, False, 1.0, "1", [], math.nan])
def test_refused_completion_logprobs(value: Any) -> None:
    with pytest.raises(ApiError) as caught:
        text(logprobs=value)
    assert (caught.value.code, caught.value.param) == (ErrorCode.INVALID_REQUEST, "logprobs")


def test_nothing_honoured_is_named_as_ignored_or_unsupported() -> None:
    honoured = dict.fromkeys(NAMES)
    _, chat_wire = parse_chat({"model": "m", "messages": [{"role": "user", "content": "x"}], **honoured}, "r")
    _, text_wire = parse_completion({"model": "m", "prompt": "x", **honoured}, "r")
    assert list(ignored_paths(chat_wire, CHAT_UNSUPPORTED)) == []
    assert list(ignored_paths(text_wire, TEXT_UNSUPPORTED)) == []
    assert not set(NAMES) & {*CHAT_UNSUPPORTED, *TEXT_UNSUPPORTED}


@pytest.mark.parametrize("schema", [ChatCompletionRequest, CompletionRequest])
def test_the_fields_are_documented(schema: type[ChatCompletionRequest] | type[CompletionRequest]) -> None:
    properties = body_schema(schema)["requestBody"]["content"]["application/json"]["schema"]["properties"]
    assert set(NAMES) <= set(properties)


def test_what_is_taken_reaches_the_worker(parse: Parse) -> None:
    request = parse(
        logit_bias={"7": -100, "3": 0.5}, frequency_penalty=2, cache_salt="ü\x00", repeat_penalty=10
    )
    sampling = request.sampling
    submit = wire.Submit(
        1,
        [1],
        1,
        [],
        1.0,
        0,
        1.0,
        0.0,
        0,
        repetition_penalty=sampling.repetition_penalty or 1.0,
        frequency_penalty=sampling.frequency_penalty or 0.0,
        logit_bias=dict(sampling.logit_bias or {}),
        cache_salt=request.cache_salt,
    )
    assert wire.decode_command(wire.encode_frame(submit)[wire.HEADER_BYTES :]) == submit
