"""The formats that are known by name. Where a source is named, the marks come from there."""

from typing import Final

from mlx_manager.mlx_server.text.reasoning_formats.base import ReasoningFormat

# Of OpenAI's harmony, as openai/gpt-oss's template and its description of the format have them.
HARMONY_MARKS: Final = (
    *("<|start|>", "<|channel|>", "<|constrain|>", "<|message|>"),
    *("<|end|>", "<|call|>", "<|return|>"),
)

# DeepSeek, Qwen, GLM, Nemotron, SmolLM and most others.
THINK: Final = ReasoningFormat("think", "<think>", "</think>")
HARMONY: Final = ReasoningFormat(
    "harmony",
    "<|channel|>analysis<|message|>",
    # The header of the next message begins with it: what is held to a grammar comes after that.
    "<|end|><|start|>assistant",
    answer_opening="<|channel|>final<|message|>",
    inner_marks=HARMONY_MARKS,
    has_channels=True,
)
# The most particular first: a template may name the marks of several.
KNOWN: Final = (
    HARMONY,
    # ByteDance's Seed-OSS; it counts its tokens while it thinks, which is part of what it thinks.
    ReasoningFormat(
        "seed_think",
        "<seed:think>",
        "</seed:think>",
        inner_marks=("<seed:cot_budget_reflect>", "</seed:cot_budget_reflect>"),
    ),
    # Cohere's Command R7B and Command A.
    ReasoningFormat("start_thinking", "<|START_THINKING|>", "<|END_THINKING|>"),
    # Google's Gemma 4.
    ReasoningFormat("channel_thought", "<|channel>thought\n", "<channel|>"),
    # Mistral's Magistral.
    ReasoningFormat("bracket_think", "[THINK]", "[/THINK]"),
    # Moonshot's Kimi-VL-Thinking.
    ReasoningFormat("diamond_think", "◁think▷", "◁/think▷"),
    # IBM's Granite 3.2 is asked for these words; 3.3 and Baidu's ERNIE 4.5 put tags around the answer, too.
    ReasoningFormat("thought_process", "Here is my thought process:", "Here is my response:"),
    ReasoningFormat("think_response", "<think>", "</think>", answer_tags=("<response>", "</response>")),
    # Tencent's Hunyuan-A13B.
    ReasoningFormat("think_answer", "<think>", "</think>", answer_tags=("<answer>", "</answer>")),
    THINK,
    ReasoningFormat("thinking", "<thinking>", "</thinking>"),
    ReasoningFormat("reasoning", "<reasoning>", "</reasoning>"),
    ReasoningFormat("thought", "<thought>", "</thought>"),
)
