"""From a request's prompts to tokens, and from each to the choices that answer it."""

import asyncio
from collections.abc import Sequence
from typing import Final

from mlx_manager.core.errors import ApiError
from mlx_manager.mlx_server.backends.base import TokenStream
from mlx_manager.mlx_server.choice import Choice
from mlx_manager.mlx_server.domain.request import (
    ChatPrompt,
    GenerationRequest,
    InfillPrompt,
    Prompt,
    TextPrompt,
    TokenPrompt,
)
from mlx_manager.mlx_server.text.output import OutputText
from mlx_manager.mlx_server.text.reasoning import DEFAULT_FORMAT, splitter_after, splitter_within
from mlx_manager.mlx_server.text.reasoning_formats.base import ReasoningSplitter
from mlx_manager.mlx_server.text.tokenizer import EncodedPrompt, Tokenizer

_CONTEXT_TOKENS: Final = 5
_SEEDS: Final = 2**64


async def encode(
    request: GenerationRequest, tokenizer: Tokenizer, *, is_read: bool = True
) -> list[EncodedPrompt]:
    """The prompts in tokens.

    Args:
        is_read: whether a model is to read them, or they are only counted or looked at.

    Raises:
        ApiError: a conversation cannot be rendered, or the model cannot fill gaps.
    """

    def encode_all() -> list[EncodedPrompt]:
        return [
            tokenizer.encode(prompt, all_boundaries=request.explain_cache, is_read=is_read)
            for prompt in request.prompts
        ]

    try:
        # Templates and long prompts take milliseconds that other streams should not wait for.
        return await asyncio.to_thread(encode_all)
    except ApiError as error:
        if error.param == "messages":
            error.param = request.prompt_field
        raise


def choice_seed(seed: int, number: int) -> int:
    """The seed of a prompt's choice of this number; the first is the request's own."""
    return (seed + number + _SEEDS // 2) % _SEEDS - _SEEDS // 2


def make_choice(
    request: GenerationRequest,
    prompts: Sequence[EncodedPrompt],
    index: int,
    stream: TokenStream,
    tokenizer: Tokenizer,
) -> Choice:
    """The choice of this number, with what turns its tokens into text."""
    prompt_index = index // request.num_choices
    source, prompt = request.prompts[prompt_index], prompts[prompt_index]
    context_ids = prompt.token_ids[-_CONTEXT_TOKENS:] if _goes_on(source) else ()
    calls = None
    shown: tuple[str, ...] = ()
    if isinstance(source, ChatPrompt):
        shown = (prompt.reasoning_format or DEFAULT_FORMAT).marks
        if (tool_format := prompt.tool_format) is not None:
            calls = tool_format.splitter(source.tools, parallel=request.parallel_calls, choice=index)
            shown += tool_format.marks
    output = OutputText(
        tokenizer.detokenizer(context_ids, shown),
        request.stop,
        _reasoning(source, prompt),
        calls,
        index,
    )
    echo = (prompt.text or tokenizer.show(prompt.token_ids)) if request.echo else ""
    return Choice(index, prompt_index, stream, output, echo)


def _goes_on(prompt: Prompt) -> bool:
    """Whether the answer's text goes on with the prompt's; else it is a text of its own."""
    match prompt:
        case ChatPrompt(continues_last=continues_last):
            return continues_last
        case InfillPrompt():
            return False
        case TextPrompt() | TokenPrompt():
            return True


def _reasoning(source: Prompt, prompt: EncodedPrompt) -> ReasoningSplitter | None:
    """What tells reasoning from answer, where there may be any."""
    if not isinstance(source, ChatPrompt):
        return None
    tools = prompt.tool_format
    call_marks = () if tools is None else tools.marks
    if source.continues_last:
        return splitter_within(prompt.reasoning_format, source.messages[-1].content, prompt.text, call_marks)
    return splitter_after(prompt.reasoning_format, prompt.text, call_marks)
