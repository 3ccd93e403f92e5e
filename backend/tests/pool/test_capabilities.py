"""What a model can be asked for, told by templates and files as they are found in the world."""

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jinja2 import TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from model_folders import CONFIG, write_listed

from mlx_manager.mlx_server.domain.models import Capability, ModelDescription
from mlx_manager.mlx_server.pool.capabilities import capabilities, template_use
from mlx_manager.mlx_server.pool.model_files import ModelFiles, describe

DATA = Path(os.environ.get("MLX_MANAGER_TEST_DATA", Path(__file__).parents[3] / ".." / "shared" / "data"))
CHAT, TOOLS, REASONING = Capability.CHAT, Capability.TOOLS, Capability.REASONING
# Read from the templates: does it write the tools it is given, and does it speak of thinking?
TEMPLATES: dict[str, tuple[Capability, ...]] = {
    "ByteDance-Seed-OSS": (CHAT, TOOLS, REASONING),
    "CohereForAI-c4ai-command-r7b-12-2024-tool_use": (CHAT, TOOLS, REASONING),
    "GLM-4.6": (CHAT, TOOLS, REASONING),
    "HuggingFaceTB-SmolLM3-3B": (CHAT, REASONING),
    "Kimi-K2-Instruct": (CHAT, TOOLS),
    "LFM2-8B-A1B": (CHAT, TOOLS),
    "Mistral-Small-3.2-24B-Instruct-2506": (CHAT, TOOLS),
    "NVIDIA-Nemotron-3-Nano-30B-A3B-BF16": (CHAT, TOOLS, REASONING),
    "NousResearch-Hermes-3-Llama-3.1-8B-tool_use": (CHAT, TOOLS),
    "Qwen-QwQ-32B": (CHAT, TOOLS, REASONING),
    "Qwen-Qwen2.5-7B-Instruct": (CHAT, TOOLS),
    "Qwen-Qwen3-0.6B": (CHAT, TOOLS, REASONING),
    "Qwen3-Coder": (CHAT, TOOLS),
    "Qwen3.5-4B": (CHAT, TOOLS, REASONING),
    "StepFun3.5-Flash": (CHAT, TOOLS, REASONING),
    # These two write calls and their results, but no definitions.
    "deepseek-ai-DeepSeek-R1-Distill-Qwen-32B": (CHAT, REASONING),
    "deepseek-ai-DeepSeek-V3.1": (CHAT, REASONING),
    "google-gemma-2-2b-it": (CHAT,),
    "google-gemma-4-31B-it": (CHAT, TOOLS, REASONING),
    "ibm-granite-granite-3.3-2B-Instruct": (CHAT, TOOLS, REASONING),
    "meetkai-functionary-medium-v3.1": (CHAT, TOOLS),
    "meta-llama-Llama-3.1-8B-Instruct": (CHAT, TOOLS),
    "meta-llama-Llama-3.2-3B-Instruct": (CHAT, TOOLS),
    "microsoft-Phi-3.5-mini-instruct": (CHAT,),
    "mistralai-Mistral-Nemo-Instruct-2407": (CHAT, TOOLS),
    "openai-gpt-oss-120b": (CHAT, TOOLS, REASONING),
}
SCHEMA = {"type": "object", "properties": {"amount": {"type": "integer", "description": "How much."}}}
TOOL = {
    "type": "function",
    "function": {"name": "quadruple", "description": "Times four.", "parameters": SCHEMA},
}


def template_named(name: str) -> str:
    file = DATA / "templates" / f"{name}.jinja"
    if not file.is_file():
        pytest.skip(f"no {file}; set MLX_MANAGER_TEST_DATA")
    return file.read_text()


def files_with(
    path: Path,
    *templates: str,
    config: dict[str, Any] | None = None,
    tokenizer_config: dict[str, Any] | None = None,
) -> ModelFiles:
    return ModelFiles(path, config or {}, config or {}, tokenizer_config or {}, templates)


@cache
def environment() -> ImmutableSandboxedEnvironment:
    """As transformers sets it up."""
    made = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"]
    )
    made.filters["tojson"] = lambda value, **options: json.dumps(value, **{"ensure_ascii": False} | options)
    return made


def refuse(message: str) -> None:
    raise TemplateError(message)


def rendered(template: str, **variables: Any) -> str:
    return (
        environment()
        .from_string(template)
        .render(
            messages=[{"role": "user", "content": "Hi"}],
            add_generation_prompt=True,
            raise_exception=refuse,
            strftime_now=lambda form: "26 July 2026",
            bos_token="<s>",
            eos_token="</s>",
            **variables,
        )
    )


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_of_the_world(tmp_path: Path, name: str) -> None:
    template = template_named(name)
    assert capabilities(files_with(tmp_path, template)) == TEMPLATES[name]


@pytest.mark.parametrize("name", TEMPLATES)
def test_tools_are_written_by_those_that_are_said_to_take_them(name: str) -> None:
    template = template_named(name)
    takes_tools = TOOLS in TEMPLATES[name]
    assert ("quadruple" in rendered(template, tools=[TOOL])) == takes_tools


@pytest.mark.parametrize("name", [name for name, found in TEMPLATES.items() if REASONING in found])
def test_thinking_shows_in_those_that_are_said_to_think(name: str) -> None:
    """A switch changes the prompt, or the prompt itself opens the thinking."""
    template = template_named(name)
    plain = rendered(template)
    switches: list[dict[str, Any]] = [
        {"enable_thinking": False},
        {"enable_thinking": True},
        {"thinking": True},
        {"thinking_budget": 0},
        {"reasoning_effort": "high"},
    ]
    switched = any(rendered(template, **switch) != plain for switch in switches)
    assert switched or plain.rstrip().endswith("<think>")


@pytest.mark.parametrize(
    ("template", "wanted"),
    [
        ("{% for m in messages %}{{ m.content }}{% endfor %}", (CHAT,)),
        ("{# tools, <think>, reasoning_content #}{{ messages[0].content }}", (CHAT,)),
        ("{% set tools = [] %}{{ tools }}", (CHAT,)),
        ("{% if not tools is defined %}{% set tools = none %}{% endif %}{{ tools }}", (CHAT, TOOLS)),
        ("{% generation %}{{ tools }}{%- endgeneration -%}", (CHAT, TOOLS)),
        ("{% for m in messages %}{% continue %}{% endfor %}{{ tools }}", (CHAT, TOOLS)),
        ("{{ messages[0]['reasoning_content'] }}", (CHAT, REASONING)),
        ("{{ messages[0].reasoning_content }}", (CHAT, REASONING)),
        ("[THINK]", (CHAT, REASONING)),
        ("{% if enable_thinking %}{% endif %}", (CHAT, REASONING)),
        ("{% if", (CHAT,)),
        ("{{ '" + "(" * 5000 + "' }}", (CHAT,)),
        ("{{ " + "(" * 5000 + " }}", (CHAT,)),
    ],
)
def test_a_template(tmp_path: Path, template: str, wanted: tuple[Capability, ...]) -> None:
    assert capabilities(files_with(tmp_path, template)) == wanted


def test_a_variable_of_one_template_is_not_hidden_by_another(tmp_path: Path) -> None:
    templates = ("{% set tools = 1 %}", "{{ tools }}")
    assert capabilities(files_with(tmp_path, *templates)) == (CHAT, TOOLS)
    assert capabilities(files_with(tmp_path)) == ()
    assert set(template_use("{{ a }}{% for b in c %}{{ b }}{% endfor %}").variables) == {"a", "c"}


@pytest.mark.parametrize(
    ("config", "tensors", "wanted"),
    [
        ({"vision_config": {"depth": 2}}, (), (Capability.VISION,)),
        ({"vision_config": {}}, ("vision_tower.patch.weight", "lm_head.weight"), (Capability.VISION,)),
        ({"vision_config": {}}, ("visual.patch.weight",), (Capability.VISION,)),
        ({"vision_config": {}}, ("model.layers.0.weight",), ()),
        ({"vision_config": None}, (), ()),
        ({"mm_vision_tower": "clip"}, (), (Capability.VISION,)),
        ({"audio_config": {}}, ("audio_tower.weight",), (Capability.AUDIO,)),
        ({"audio_config": {}, "vision_config": {}}, (), (Capability.VISION, Capability.AUDIO)),
        ({"audio_config": {}, "vision_config": {}}, ("vision.x",), (Capability.VISION,)),
        ({}, ("vision_tower.patch.weight",), ()),
    ],
)
def test_eyes_and_ears(
    tmp_path: Path, config: dict[str, Any], tensors: tuple[str, ...], wanted: tuple[Capability, ...]
) -> None:
    assert capabilities(files_with(tmp_path, config=config), tensors) == wanted


@pytest.mark.parametrize("name", ["modules.json", "config_sentence_transformers.json"])
def test_sentence_transformers_layout(tmp_path: Path, name: str) -> None:
    assert capabilities(files_with(tmp_path)) == ()
    (tmp_path / name).write_text("{}")
    assert capabilities(files_with(tmp_path)) == (Capability.EMBEDDINGS,)
    (tmp_path / name).unlink()
    (tmp_path / "1_Pooling").mkdir()
    assert capabilities(files_with(tmp_path)) == (Capability.EMBEDDINGS,)


def added(*tokens: str) -> list[dict[str, Any]]:
    return [{"id": index, "content": token, "special": True} for index, token in enumerate(tokens)]


@pytest.mark.parametrize(
    ("tokens", "wanted"),
    [
        (("<|fim_prefix|>", "<|fim_middle|>", "<|fim_suffix|>"), (Capability.INFILL,)),
        (("▁<PRE>", "▁<SUF>", "▁<MID>"), (Capability.INFILL,)),
        (
            ("<\uff5cfim▁begin\uff5c>", "<\uff5cfim▁hole\uff5c>", "<\uff5cfim▁end\uff5c>"),
            (Capability.INFILL,),
        ),
        (("<|fim_prefix|>", "<fim_suffix>"), ()),
        (("<|im_start|>",), ()),
        ((), ()),
    ],
)
@pytest.mark.parametrize("escaped", [True, False])
def test_infill_by_tokens(
    tmp_path: Path, tokens: tuple[str, ...], wanted: tuple[Capability, ...], escaped: bool
) -> None:
    listed = {str(entry["id"]): entry for entry in added(*tokens)}
    files = files_with(tmp_path, tokenizer_config={"added_tokens_decoder": listed})
    assert capabilities(files) == wanted
    whole = {"version": "1.0", "added_tokens": added(*tokens), "model": {"vocab": {"<fim_prefix>": 0}}}
    (tmp_path / "tokenizer.json").write_text(json.dumps(whole, indent=2, ensure_ascii=escaped))
    assert capabilities(files_with(tmp_path)) == wanted


@pytest.mark.parametrize(
    "text",
    ['{"added_tokens": [', '{"added_tokens": {}}', '{"added_tokens": [1, null, {"id": 1}]}', "\xff", ""],
)
def test_a_strange_tokenizer_file(tmp_path: Path, text: str) -> None:
    (tmp_path / "tokenizer.json").write_bytes(text.encode("latin-1"))
    assert capabilities(files_with(tmp_path)) == ()
    listed: Any = {"added_tokens_decoder": [1]}
    assert capabilities(files_with(tmp_path, tokenizer_config=listed)) == ()


PLAIN, WITH_TOOLS = "{{ messages[0].content }}", "{{ tools }}"


@pytest.mark.parametrize(
    ("files", "tokenizer_config", "wanted"),
    [
        ({}, {}, ()),
        ({"chat_template.jinja": WITH_TOOLS}, {"chat_template": PLAIN}, (CHAT, TOOLS)),
        ({"chat_template.jinja": PLAIN}, {"chat_template": WITH_TOOLS}, (CHAT,)),
        ({}, {"chat_template": WITH_TOOLS}, (CHAT, TOOLS)),
        ({}, {"chat_template": [{"name": "default", "template": PLAIN}]}, (CHAT,)),
        (
            {},
            {
                "chat_template": [
                    {"name": "default", "template": PLAIN},
                    {"name": "tool_use", "template": WITH_TOOLS},
                ]
            },
            (CHAT, TOOLS),
        ),
        (
            {"chat_template.jinja": PLAIN, "additional_chat_templates/tool_use.jinja": WITH_TOOLS},
            {},
            (CHAT, TOOLS),
        ),
        ({}, {"chat_template": [1, {"name": "x"}]}, ()),
        ({}, {"chat_template": 5}, ()),
        ({"chat_template.jinja": ""}, {}, ()),
    ],
)
def test_where_templates_are_found(
    tmp_path: Path, files: dict[str, str], tokenizer_config: dict[str, Any], wanted: tuple[Capability, ...]
) -> None:
    folder = write_listed(tmp_path / "m", CONFIG)
    (folder / "additional_chat_templates").mkdir()
    for name, text in files.items():
        (folder / name).write_text(text)
    (folder / "tokenizer_config.json").write_text(json.dumps(tokenizer_config))
    model = describe("m", folder)
    assert isinstance(model, ModelDescription)
    assert model.capabilities == wanted
    assert model.has_chat_template == (CHAT in wanted)
