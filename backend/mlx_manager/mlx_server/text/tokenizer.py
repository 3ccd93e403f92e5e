"""A model's own tokenizer and chat template, as transformers reads them."""

import json
import os
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.mlx_server.domain.request import (
    Boundary,
    ChatMessage,
    ChatPrompt,
    Prompt,
    TextPrompt,
    TokenPrompt,
)
from mlx_manager.mlx_server.text.boundaries import find_ends, to_boundaries
from mlx_manager.mlx_server.text.detokenizer import Detokenizer, Vocabulary
from mlx_manager.mlx_server.text.template_guard import TemplateBounds, TemplateGuard, TemplateOverrun

# A server never fetches anything: models come from folders. Set before transformers is imported.
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
# PyTorch is not missing: nothing here needs it.
os.environ.setdefault("TRANSFORMERS_NO_ADVISORY_WARNINGS", "1")
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")

_importing = threading.Lock()


def _auto_tokenizer() -> Any:
    with _importing:  # two threads that import it at once get half of it
        from transformers import AutoTokenizer
    return AutoTokenizer


def warm_up() -> None:
    """Import what reading a tokenizer needs, which takes seconds, before somebody waits for it."""
    _auto_tokenizer()


@dataclass(frozen=True, slots=True)
class EncodedPrompt:
    """A prompt in tokens.

    Attributes:
        text: what the tokens came from; empty for a prompt of token ids.
        boundaries: ends of a conversation's messages, ascending; those that could be told.
    """

    token_ids: list[int]
    text: str
    boundaries: tuple[Boundary, ...] = ()


class Tokenizer:
    """Wraps a transformers tokenizer; safe to use from several threads.

    Attributes:
        stop_ids: token ids that end a sequence.
        template_bounds: what the chat template may take for one prompt.
    """

    def __init__(self, tokenizer: Any, stop_ids: frozenset[int]) -> None:
        self._tokenizer = tokenizer
        # The Rust tokenizer underneath, asked directly: transformers sets truncation and padding
        # on it at each call, which fails when two threads meet there.
        self._rust = tokenizer.backend_tokenizer
        # A tokenizer.json may switch these on; a prompt is never cut.
        self._rust.no_truncation()
        self._rust.no_padding()
        self._vocabulary = Vocabulary(self._rust)
        self.stop_ids = stop_ids
        self.template_bounds = TemplateBounds()

    @classmethod
    def load(cls, path: Path) -> "Tokenizer":
        """Read a model folder. Takes seconds the first time: transformers is imported here.

        Raises:
            Exception: whatever transformers says of a folder that it cannot read. Code inside
                the folder is never run.
            ValueError: the tokenizer has no Rust implementation.
        """
        tokenizer = _auto_tokenizer().from_pretrained(
            str(path), local_files_only=True, trust_remote_code=False
        )
        if not tokenizer.is_fast:
            raise ValueError(f"{type(tokenizer).__name__} has no fast implementation, which is needed here")
        stop_ids = {tokenizer.eos_token_id}
        for file in (path / "generation_config.json", path / "config.json"):
            if file.is_file():
                configured = json.loads(file.read_bytes()).get("eos_token_id")
                stop_ids |= set(configured if isinstance(configured, list) else [configured])
        return cls(tokenizer, frozenset(stop_ids - {None}))

    @property
    def has_chat_template(self) -> bool:
        """Whether conversations can be rendered."""
        return bool(self._tokenizer.chat_template)

    def render(self, prompt: ChatPrompt) -> str:
        """The conversation as the model's template writes it, ready for the assistant's turn.

        Raises:
            ApiError: there is no template, it refuses these messages, or it takes too much.
        """
        return self._render(prompt, TemplateGuard(self.template_bounds))

    def _render(self, prompt: ChatPrompt, guard: TemplateGuard) -> str:
        if not self.has_chat_template:
            raise ApiError(
                ErrorCode.CHAT_TEMPLATE_MISSING, "this model has no chat template", param="messages"
            )
        try:
            return self._apply_template(prompt.messages, prompt.template_kwargs, guard, for_answer=True)
        except TemplateOverrun as overrun:
            raise _too_much(overrun, guard) from None
        except Exception as error:  # templates are programs: they raise what they like
            reason = str(error) or type(error).__name__
            raise ApiError(ErrorCode.CHAT_TEMPLATE_FAILED, reason, param="messages") from error

    def encode(self, prompt: Prompt, *, all_boundaries: bool = False) -> EncodedPrompt:
        """A prompt in tokens.

        A rendered template holds its own special tokens; plain text gets the ones that the
        tokenizer adds, such as a beginning-of-sequence token.

        Args:
            all_boundaries: tell the end of every message, not only of those that a later prompt is
                likely to begin with.

        Raises:
            ApiError: a conversation cannot be rendered.
        """
        match prompt:
            case ChatPrompt():
                return self._encode_chat(prompt, all_boundaries=all_boundaries)
            case TextPrompt(text=text):
                return EncodedPrompt(self._rust.encode(text, add_special_tokens=True).ids, text)
            case TokenPrompt(token_ids=token_ids):
                return EncodedPrompt(list(token_ids), "")

    def show(self, token_ids: Iterable[int]) -> str:
        """A run of tokens as text for people, special tokens by name."""
        return self._vocabulary.show(token_ids)

    def _encode_chat(self, prompt: ChatPrompt, *, all_boundaries: bool) -> EncodedPrompt:
        guard = TemplateGuard(self.template_bounds)
        text = self._render(prompt, guard)
        encoding = self._rust.encode(text, add_special_tokens=False)

        def render(messages: Sequence[ChatMessage]) -> str:
            return self._apply_template(messages, prompt.template_kwargs, guard, for_answer=False)

        eos: str | None = self._tokenizer.eos_token
        try:
            ends = find_ends(prompt.messages, text, render, eos=eos, all_messages=all_boundaries)
        except TemplateOverrun as overrun:
            raise _too_much(overrun, guard) from None
        return EncodedPrompt(encoding.ids, text, to_boundaries(ends, prompt.messages, encoding.offsets))

    def _apply_template(
        self,
        messages: Sequence[ChatMessage],
        kwargs: Mapping[str, Any],
        guard: TemplateGuard,
        *,
        for_answer: bool,
    ) -> str:
        """The messages as the template writes them; it raises what it likes."""
        rendered: str = guard.run(
            lambda: self._tokenizer.apply_chat_template(
                [_for_template(message) for message in messages],
                tokenize=False,
                add_generation_prompt=for_answer,
                **kwargs,
            )
        )
        return rendered

    def detokenizer(self, context_ids: Sequence[int] = ()) -> Detokenizer:
        """For one answer; `context_ids` stand before it, where it continues their text."""
        return Detokenizer(self._vocabulary, context_ids)


def _too_much(overrun: TemplateOverrun, guard: TemplateGuard) -> ApiError:
    return ApiError(ErrorCode.CHAT_TEMPLATE_FAILED, guard.bounds.explain(overrun.excess), param="messages")


def _for_template(message: ChatMessage) -> dict[str, Any]:
    """The message as chat templates expect it: optional keys are absent, not null."""
    turn: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.name is not None:
        turn["name"] = message.name
    if message.tool_call_id is not None:
        turn["tool_call_id"] = message.tool_call_id
    if message.tool_calls:
        turn["tool_calls"] = [dict(call) for call in message.tool_calls]
    return turn
