"""In which format a model writes calls is told by its template, whatever that is."""

import json
from typing import Any

import pytest
from test_tool_round_trip import EVERY_KIND, FORMATS, needs
from tool_turns import calls_of, chat_template, read_calls, real_template, split, text_of, tool_for, turn_of

from mlx_manager.mlx_server.domain.request import ChatMessage, ChatPrompt
from mlx_manager.mlx_server.domain.tools import ToolCall, ToolDefinition
from mlx_manager.mlx_server.pool.sources import DEMO_PATH
from mlx_manager.mlx_server.text.template_guard import TemplateBounds, TemplateGuard, TemplateOverrun
from mlx_manager.mlx_server.text.tokenizer import Tokenizer
from mlx_manager.mlx_server.text.tool_formats.json_calls import JsonCalls
from mlx_manager.mlx_server.text.tool_formats.registry import DEEPSEEK_R1, JSON_IN_TAGS

# Templates that offer tools and never write a call: their text speaks of the format.
TOLD = {"LFM2-8B-A1B": "lfm2", "ibm-granite-granite-3.3-2B-Instruct": "granite"}
NONE = ["HuggingFaceTB-SmolLM3-3B", "google-gemma-2-2b-it", "microsoft-Phi-3.5-mini-instruct"]
HEAD = (
    "{%- if tools %}{{ '<|sys|>' + (tools | tojson) + '<|end|>' }}{% endif %}{%- for m in messages %}"
    "{{ '<|' + m.role + '|>' }}{{ m.content }}{% if m.tool_calls %}"
)
FOOT = (
    "{% endif %}{{ '<|end|>' }}{%- endfor %}{%- if add_generation_prompt %}{{ '<|assistant|>' }}{%- endif %}"
)
EACH = "{% for c in m.tool_calls %}"
NEXT = "{% if not loop.last %}, {% endif %}{% endfor %}"
ARGUMENTS = "{{ c.function.arguments | tojson }}"
NAME = "{{ c.function.name }}"
# Formats that nobody declared.
UNSEEN = {
    "json": (f'{EACH}[CALL]{{"tool": "{NAME}", "with": {ARGUMENTS}}}[/CALL]{{% endfor %}}', "learned_json"),
    "json_two_tags": (
        f'{EACH}<|act|><|plugin|>\n{{"name": "{NAME}", "parameters": {ARGUMENTS}}}<|done|>\n{{% endfor %}}',
        "learned_json",
    ),
    "json_list": (
        f'<calls>[{EACH}{{"name": "{NAME}", "arguments": {ARGUMENTS}}}{NEXT}]</calls>',
        "learned_json",
    ),
    "json_nested": (f"{EACH}<tc>{{{{ c | tojson }}}}</tc>{{% endfor %}}", "learned_json"),
    "json_text": (
        EACH
        + """{{ '<t>{"fn": "' + c.function.name + '", "args": ' + c.function.arguments }}"""
        + "}</t>{% endfor %}",
        "learned_json",
    ),
    "name_as_key": (f'<|pre|>[{EACH}{{"{NAME}": {ARGUMENTS}}}{NEXT}]<|post|>', "learned_named"),
    "name_between": (f"{EACH}@@{NAME} with {ARGUMENTS} @@end\n{{% endfor %}}", "learned_named"),
    "fenced": (
        f"<calls>\n{EACH}<one>{NAME}\n```json\n{ARGUMENTS}\n```</one>\n{{% endfor %}}</calls>",
        "learned_named",
    ),
    "invoke": (
        f'<x:calls>\n{EACH}<invoke name="{NAME}">\n{{% for k, v in c.function.arguments.items() %}}'
        '<parameter name="{{ k }}">{{ v if v is string else v | tojson }}</parameter>\n'
        "{% endfor %}</invoke>\n{% endfor %}</x:calls>",
        "learned_xml",
    ),
    "padded": (
        f'{EACH}\n<use tool="{NAME}">\n{{% for k, v in c.function.arguments.items() %}}'
        "<arg><key>{{ k }}</key>\n<val>\n{{ v if v is string else v | tojson }}\n</val></arg>\n"
        "{% endfor %}</use>{% endfor %}",
        "learned_xml",
    ),
    "python": (
        f"<py>[{EACH}{NAME}({{% for k, v in c.function.arguments.items() %}}{{{{ k }}}}={{{{ "
        "v | string if v is number else v | tojson }}{% if not loop.last %}, {% endif %}{% endfor %})"
        f"{NEXT}]</py>",
        "learned_python",
    ),
}


@pytest.mark.parametrize("name", FORMATS)
def test_a_known_format_is_told(name: str) -> None:
    needs(name)
    detection = real_template(name)._detection
    assert detection is not None
    assert detection.tool_format.name == FORMATS[name]
    assert not detection.takes_text


@pytest.mark.parametrize("name", TOLD)
def test_a_format_that_is_only_spoken_of_is_told(name: str) -> None:
    needs(name)
    found = real_template(name).tool_format
    assert found is not None
    assert found.name == TOLD[name]


@pytest.mark.parametrize("name", NONE)
def test_without_tools_there_is_no_format(name: str) -> None:
    needs(name)
    assert real_template(name).tool_format is None


@pytest.mark.parametrize("name", UNSEEN)
def test_an_unseen_format_is_learnt(name: str) -> None:
    body, wanted = UNSEEN[name]
    template = chat_template(HEAD + body + FOOT)
    found = template.tool_format
    assert found is not None
    assert found.name == wanted
    tools = [tool_for(*call) for call in EVERY_KIND]
    turn = turn_of(template, EVERY_KIND)
    for cuts in ([], list(range(len(turn)))):
        parts = split(found, "Well: " + turn, tools, cuts)
        assert read_calls(parts) == EVERY_KIND
        assert text_of(parts).removesuffix("<|end|>").rstrip() == "Well:"


def test_arguments_are_text_where_the_template_joins_texts() -> None:
    template = chat_template(HEAD + UNSEEN["json_text"][0] + FOOT)
    assert template._detection is not None
    assert template._detection.takes_text
    turn = turn_of(template, [("f", {"x": "ü"})])
    assert '"args": {"x": "ü"}' in turn


def test_the_keys_of_a_known_format_are_the_templates() -> None:
    body = f'{EACH}<tool_call>{{"name": "{NAME}", "parameters": {ARGUMENTS}}}</tool_call>{{% endfor %}}'
    found = chat_template(HEAD + body + FOOT).tool_format
    assert isinstance(found, JsonCalls)
    assert (found.name, found.arguments_key) == ("json_in_tags", "parameters")


WEATHER = ToolDefinition(
    "get_weather", "Tells.", {"type": "object", "properties": {"city": {"type": "string"}}}
)
CALL = '{"name": "get_weather", "arguments": {"city": "Paris"}}'


@pytest.mark.parametrize(
    ("text", "is_call"),
    [
        (f"<tool_call>{CALL}</tool_call>", True),
        (CALL, True),
        (f"  \n{CALL}", True),
        (f"```json\n{CALL}\n```", True),
        (f"[{CALL}]", True),
        ('{"function": "get_weather", "parameters": {"city": "Paris"}}', True),
        ('{"type": "function", "function": ' + CALL + "}", True),
        (f"Look: {CALL}", False),
        ('{"name": "Zoe", "arguments": {"city": "Paris"}}', False),
        ('{"name": "get_weather", "age": 3}', False),
        ('{"city": "Paris"}', False),
        ('["get_weather"]', False),
        ("```json\n{}\n```", False),
        ('{"name": "get_weather", "arg', False),
    ],
)
def test_where_nothing_is_known_what_is_usual_is_read(text: str, is_call: bool) -> None:
    body = f"{EACH}Please run {NAME} for me.{{% endfor %}}"
    found = chat_template(HEAD + body + FOOT).tool_format
    assert found is not None
    assert found.name == "generic_json"
    for cuts in ([], list(range(100))):
        parts = split(found, text, [WEATHER], cuts)
        if is_call:
            assert read_calls(parts) == [("get_weather", {"city": "Paris"})]
            assert not [part for part in parts if isinstance(part, str)]
        else:
            assert not calls_of(parts)
            assert "".join(map(str, parts)) == text


@pytest.mark.parametrize(
    "body",
    [
        "{{ raise_exception('no calls') }}",
        "{{ m.tool_calls[0].function.nothing.here }}",
        "{% for c in m.tool_calls %}{{ c.function.arguments + 1 }}{% endfor %}",
    ],
)
def test_a_template_that_refuses_calls_has_a_format_still(body: str) -> None:
    found = chat_template(HEAD + body + FOOT).tool_format
    assert found is not None
    assert found.name == "generic_json"


def test_a_template_that_does_not_end_is_stopped() -> None:
    template = chat_template(
        HEAD + "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}" + FOOT
    )
    with pytest.raises(TemplateOverrun):
        TemplateGuard(TemplateBounds(timeout_s=0.2)).run(lambda: template.tool_format)


def test_a_template_may_keep_a_list() -> None:
    """Which transformers' sandbox refuses; what it is given stays as it was."""
    body = "{% set _ = m.tool_calls.append({}) %}{% set _ = m.tool_calls.pop() %}"
    body += f'{EACH}<tool_call>{{"name": "{NAME}", '
    body += f'"arguments": {ARGUMENTS}}}</tool_call>{{% endfor %}}'
    template = chat_template(HEAD + body + FOOT)
    assert template.tool_format == JSON_IN_TAGS
    call = ToolCall("call00001", "f", '{"x": [1]}')
    messages = (ChatMessage("user", "Hi"), ChatMessage("assistant", "", tool_calls=(call,)))
    written = template.render(ChatPrompt(messages, tools=(WEATHER,)), messages, for_answer=True)
    assert written.endswith(
        '<tool_call>{"name": "f", "arguments": {"x": [1]}}</tool_call><|end|><|assistant|>'
    )


def test_a_prompt_knows_the_format_of_its_answer() -> None:
    tokenizer = Tokenizer.load(DEMO_PATH)
    prompt: Any = tokenizer.encode(ChatPrompt((ChatMessage("user", "Hi"),), tools=(WEATHER,)))
    assert prompt.tool_format == JSON_IN_TAGS
    assert tokenizer.encode(ChatPrompt((ChatMessage("user", "Hi"),))).tool_format is None


def test_deepseeks_marks_are_spelt_as_the_model_does() -> None:
    assert json.dumps(DEEPSEEK_R1.section[0]) == '"<\\uff5ctool\\u2581calls\\u2581begin\\uff5c>"'
