"""Tokens to events where marks are special tokens: reasoning, text and calls of harmony and of tags."""

import pytest
from text_tokenizers import byte_level_bare
from tokenizers import AddedToken, Tokenizer

from mlx_manager.mlx_server.backends.base import DrawnLogprobs
from mlx_manager.mlx_server.domain.events import (
    Delta,
    ReasoningDelta,
    TextDelta,
    ToolCallDelta,
    ToolCallStarted,
)
from mlx_manager.mlx_server.text.detokenizer import Detokenizer, Vocabulary
from mlx_manager.mlx_server.text.output import OutputText
from mlx_manager.mlx_server.text.reasoning import splitter_after
from mlx_manager.mlx_server.text.reasoning_formats.base import ReasoningFormat
from mlx_manager.mlx_server.text.reasoning_formats.known import HARMONY, HARMONY_MARKS, KNOWN
from mlx_manager.mlx_server.text.tool_formats.harmony import HARMONY as CALLS

PROMPT = "<|start|>assistant"
THOUGHT = "<|channel|>analysis<|message|>Why not.<|end|><|start|>assistant"
PREAMBLE = "<|channel|>commentary<|message|>I look.<|end|><|start|>assistant"
FINAL = "<|channel|>final<|message|>Só."
CALL = "<|channel|>commentary to=functions.f <|constrain|>json<|message|>"


def with_marks(marks: tuple[str, ...]) -> Tokenizer:
    tokenizer = Tokenizer.from_str(byte_level_bare().to_str())
    tokenizer.add_special_tokens([AddedToken(mark, special=True, normalized=False) for mark in marks])
    return tokenizer


def run(reasoning: ReasoningFormat, prompt: str, text: str, *, calls: bool) -> tuple[OutputText, list[Delta]]:
    """Each token by itself, its logprob the negative of its number."""
    tokenizer = with_marks(reasoning.marks)
    detokenizer = Detokenizer(Vocabulary(tokenizer), (), reasoning.marks)
    output = OutputText(
        detokenizer,
        [],
        splitter_after(reasoning, prompt, HARMONY_MARKS if calls else ()),
        CALLS.splitter((), parallel=True, choice=0) if calls else None,
    )
    deltas: list[Delta] = []
    for number, token_id in enumerate(tokenizer.encode(text, add_special_tokens=False).ids):
        deltas += output.push(token_id, DrawnLogprobs(-float(number), ()))
    return output, deltas + output.finish()


def told(deltas: list[Delta]) -> tuple[str, str, str]:
    """Reasoning, text, and calls."""
    thought = "".join(delta.text for delta in deltas if isinstance(delta, ReasoningDelta))
    said = "".join(delta.text for delta in deltas if isinstance(delta, TextDelta))
    calls = ""
    for delta in deltas:
        match delta:
            case ToolCallStarted(name=name):
                calls += f"{name}:"
            case ToolCallDelta(arguments=arguments):
                calls += arguments
    return thought, said, calls


def listed(deltas: list[Delta]) -> list[bytes]:
    """The tokens whose logprobs are told, in their order."""
    texts = [delta for delta in deltas if isinstance(delta, TextDelta)]
    return [entry.token.token_bytes for delta in texts for entry in delta.logprobs]


@pytest.mark.parametrize("calls", [False, True])
@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (THOUGHT + FINAL, ("Why not.", "Só.", "")),
        (THOUGHT + PREAMBLE + FINAL, ("Why not.", "I look.\n\nSó.", "")),
        (THOUGHT + PREAMBLE + THOUGHT + FINAL, ("Why not.Why not.", "I look.Só.", "")),
        (THOUGHT, ("Why not.", "", "")),
        ("<|channel|>analysis<|message|>Why", ("Why", "", "")),
    ],
)
def test_text_and_its_tokens(text: str, wanted: tuple[str, str, str], calls: bool) -> None:
    _, deltas = run(HARMONY, PROMPT, text, calls=calls)
    assert told(deltas) == wanted
    # Tokens of the text are listed, each once; those of headers and reasoning are not.
    assert b"".join(listed(deltas)) == wanted[1].replace("\n\n", "").encode()


def test_tokens_of_thoughts_are_counted() -> None:
    output, _ = run(HARMONY, PROMPT, THOUGHT + PREAMBLE + THOUGHT + FINAL, calls=False)
    # From the mark that begins a thought up to the one that ends it.
    assert output.reasoning_tokens == 2 * len("*Why not.")


def test_calls_after_thoughts_and_text() -> None:
    _, deltas = run(HARMONY, PROMPT, THOUGHT + PREAMBLE + CALL + '{"a": "é"}', calls=True)
    assert told(deltas) == ("Why not.", "I look.", 'f:{"a": "é"}')
    assert b"".join(listed(deltas)) == b"I look."


TAGS = [one for one in KNOWN if not one.has_channels and one.name != "thought_process"]


@pytest.mark.parametrize("reasoning", TAGS, ids=lambda one: one.name)
def test_tags_that_are_special_tokens(reasoning: ReasoningFormat) -> None:
    text = f"{reasoning.opening}Why{reasoning.closing}\n\nSó."
    _, deltas = run(reasoning, "", text, calls=False)
    assert told(deltas) == ("Why", "Só.", "")
    assert b"".join(listed(deltas)) == "Só.".encode()
    _, cut_off = run(reasoning, reasoning.opening, "Why not", calls=False)
    assert told(cut_off) == ("Why not", "", "")
