"""What a template writes of calls is read as these calls, whatever they are and however the text is cut."""

from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from tool_turns import DATA, Call, calls_of, read_calls, real_template, split, text_of, tool_for, turn_of

# The templates that write calls, and the format in which they do.
FORMATS = {
    "ByteDance-Seed-OSS": "seed_oss",
    "CohereForAI-c4ai-command-r7b-12-2024-tool_use": "command_r7b",
    "GLM-4.6": "glm",
    "Kimi-K2-Instruct": "kimi_k2",
    "Mistral-Small-3.2-24B-Instruct-2506": "mistral",
    "NVIDIA-Nemotron-3-Nano-30B-A3B-BF16": "qwen3_coder_xml",
    "NousResearch-Hermes-3-Llama-3.1-8B-tool_use": "json_in_tags",
    "Qwen-QwQ-32B": "json_in_tags",
    "Qwen-Qwen2.5-7B-Instruct": "json_in_tags",
    "Qwen-Qwen3-0.6B": "json_in_tags",
    "Qwen3-Coder": "qwen3_coder_xml",
    "Qwen3.5-4B": "qwen3_coder_xml",
    "StepFun3.5-Flash": "qwen3_coder_xml",
    "deepseek-ai-DeepSeek-R1-Distill-Qwen-32B": "deepseek_r1",
    "deepseek-ai-DeepSeek-V3.1": "deepseek",
    "google-gemma-4-31B-it": "gemma",
    "meetkai-functionary-medium-v3.1": "functionary",
    "meta-llama-Llama-3.1-8B-Instruct": "llama3_json",
    "meta-llama-Llama-3.2-3B-Instruct": "llama3_json",
    "mistralai-Mistral-Nemo-Instruct-2407": "mistral_list",
}
SINGLE = {"llama3_json"}

NAMES = st.from_regex(r"f_[a-z][a-z0-9_]{0,8}", fullmatch=True)
KEYS = st.from_regex(r"[a-z][a-z0-9_]{0,6}", fullmatch=True)
TEXTS = st.text(max_size=12) | st.text(alphabet="\"'\\{}[]<>/|,:=()\n\té日😀 aparmet_", max_size=20)
NUMBERS = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)
CALLS = st.lists(st.tuples(NAMES, st.dictionaries(KEYS, VALUES, max_size=4)), min_size=1, max_size=2)
CUTS = st.lists(st.integers(0, 600), max_size=40)


def round_trip(name: str, calls: list[Call], cuts: list[int], before: str) -> None:
    template = real_template(name)
    detection = template._detection
    assert detection is not None
    if detection.tool_format.name in SINGLE:
        calls = calls[:1]
    assume(len({call_name for call_name, _ in calls}) == len(calls))
    tools = [tool_for(*call) for call in calls]
    turn = turn_of(template, calls)
    assert read_calls(split(detection.tool_format, turn, tools, cuts)) == calls
    if before and detection.tool_format.name not in SINGLE:
        opening = min(position for mark in detection.tool_format.marks if (position := turn.find(mark)) >= 0)
        parts = split(detection.tool_format, before + turn[opening:], tools, cuts)
        assert parts[0] == before.rstrip() or text_of(parts).startswith(before.rstrip())
        assert read_calls(parts) == calls


def needs(name: str) -> None:
    if not (DATA / "templates" / f"{name}.jinja").exists():
        pytest.skip(f"no template {name} in {DATA}")


BEFORE = st.sampled_from(["", "Let me see.\n\n", "a < b, [1] and {x}: "])
SETTINGS: dict[str, Any] = {
    "derandomize": True,
    "deadline": None,
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large],
}


@pytest.mark.sample(6)
@pytest.mark.parametrize("name", FORMATS)
def test_any_calls_come_back(name: str) -> None:
    needs(name)
    settings(max_examples=15, **SETTINGS)(given(st.just(name), CALLS, CUTS, BEFORE)(round_trip))()


@pytest.mark.full
@pytest.mark.parametrize("name", FORMATS)
def test_very_many_calls_come_back(name: str) -> None:
    needs(name)
    settings(max_examples=400, **SETTINGS)(given(st.just(name), CALLS, CUTS, BEFORE)(round_trip))()


EVERY_KIND: list[Call] = [
    (
        "f_first",
        {
            "text": "Zeile 1\n\"zwei\" \\ <b> & {c} [d] </x> 'e' 日本 😀",
            "empty": "",
            "padded": "  two \n",
            "digits": "12",
            "word": "null",
            "count": 12,
            "ratio": -1.5e-7,
            "yes": True,
            "none": None,
            "list": [1, "a, b", [None, {"k": "v\n"}]],
            "object": {"a": {"b": {"c": "}"}}, "n": [], "o": {}},
        },
    ),
    ("f_second", {}),
]


@pytest.mark.sample(8)
@pytest.mark.parametrize("name", FORMATS)
def test_every_kind_of_argument_comes_back(name: str) -> None:
    needs(name)
    template = real_template(name)
    detection = template._detection
    assert detection is not None
    assert detection.tool_format.name == FORMATS[name]
    tools = [tool_for(*call) for call in EVERY_KIND]
    together = [EVERY_KIND[:1], EVERY_KIND[1:]] if FORMATS[name] in SINGLE else [EVERY_KIND]
    for calls in together:
        turn = turn_of(template, calls)
        for cuts in ([], list(range(len(turn)))):
            assert read_calls(split(detection.tool_format, turn, tools, cuts)) == calls
        # Whatever is cut off: what came of a call is a beginning of it, and never text.
        whole = calls_of(split(detection.tool_format, turn, tools))
        for end in range(1, len(turn), 7):
            parts = split(detection.tool_format, turn[:end], tools, [end // 2])
            for (cut_name, cut), (whole_name, all_of_it) in zip(calls_of(parts), whole, strict=False):
                assert cut_name == whole_name
                assert all_of_it.startswith(cut)
            assert calls[0][0] not in text_of(parts) or FORMATS[name] in SINGLE
