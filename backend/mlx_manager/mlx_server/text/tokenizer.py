"""A model's own tokenizer and chat template, as transformers reads them."""

import json
import os
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.mlx_server.domain.request import (
    Boundary,
    ChatMessage,
    ChatPrompt,
    InfillPrompt,
    Prompt,
    TextPrompt,
    TokenPrompt,
)
from mlx_manager.mlx_server.text.boundaries import find_ends, find_marks, to_boundaries
from mlx_manager.mlx_server.text.chat_template import ChatTemplate
from mlx_manager.mlx_server.text.detokenizer import Detokenizer, Vocabulary
from mlx_manager.mlx_server.text.grammars import Literals
from mlx_manager.mlx_server.text.infill import arrange
from mlx_manager.mlx_server.text.infill import find_marks as find_infill_marks
from mlx_manager.mlx_server.text.reasoning_formats.base import ReasoningFormat
from mlx_manager.mlx_server.text.template_guard import TemplateBounds, TemplateGuard, TemplateOverrun
from mlx_manager.mlx_server.text.tool_formats.base import ToolFormat

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
        ignored: paths of the request's fields that have no effect on this model.
        tool_format: how the model writes calls, where it may make some and they can be read.
        reasoning_format: how the model writes its reasoning, where anything tells that.
    """

    token_ids: list[int]
    text: str
    boundaries: tuple[Boundary, ...] = ()
    ignored: tuple[str, ...] = ()
    tool_format: ToolFormat | None = None
    reasoning_format: ReasoningFormat | None = None


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
        self._template = ChatTemplate(tokenizer) if tokenizer.chat_template else None
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

    def render(self, prompt: ChatPrompt) -> str:
        """The conversation as the model's template writes it, ready for the assistant's turn.

        Raises:
            ApiError: there is no template, it refuses these messages, or it takes too much.
        """
        template = self._chat_template()
        text, _, _ = self._render(template, prompt, TemplateGuard(self.template_bounds))
        return text

    def _render(
        self, template: ChatTemplate, stated: ChatPrompt, guard: TemplateGuard
    ) -> tuple[str, ChatPrompt, list[str]]:
        """The text, the conversation as the template takes it, and paths of what it has no use for."""

        def render() -> tuple[str, ChatPrompt, list[str]]:
            prompt, ignored = template.adapted(stated)
            return template.render(prompt, prompt.messages, for_answer=True), prompt, ignored

        try:
            return guard.run(render)
        except TemplateOverrun as overrun:
            raise _too_much(overrun, guard) from None
        except ApiError:
            raise
        except Exception as error:  # templates are programs: they raise what they like
            reason = str(error) or type(error).__name__
            raise ApiError(ErrorCode.CHAT_TEMPLATE_FAILED, reason, param="messages") from error

    def encode(
        self,
        prompt: Prompt,
        *,
        all_boundaries: bool = False,
        add_special_tokens: bool = True,
        is_read: bool = True,
    ) -> EncodedPrompt:
        """A prompt in tokens.

        A rendered template holds its own special tokens; plain text gets the ones that the
        tokenizer adds, such as a beginning-of-sequence token.

        Args:
            all_boundaries: tell the end of every message, not only of those that a later prompt is
                likely to begin with.
            add_special_tokens: whether plain text gets them.
            is_read: whether a model is to read it; for one that is only counted or looked at, the
                conversation's boundaries are not looked for, which takes several renderings.

        Raises:
            ApiError: a conversation cannot be rendered.
        """
        match prompt:
            case ChatPrompt():
                return self._encode_chat(prompt, all_boundaries=all_boundaries, is_read=is_read)
            case TextPrompt(text=text):
                return EncodedPrompt(self._rust.encode(text, add_special_tokens=add_special_tokens).ids, text)
            case TokenPrompt(token_ids=token_ids):
                return EncodedPrompt(list(token_ids), "")
            case InfillPrompt(prefix=prefix, suffix=suffix):
                return EncodedPrompt(self._encode_gap(prefix, suffix), "")

    @cached_property
    def literals(self) -> Literals:
        """Writes texts for grammars."""
        added = self._rust.get_added_tokens_decoder()
        return Literals({token.content: token_id for token_id, token in added.items() if _is_special(token)})

    def serialised(self) -> str:
        """The tokenizer as JSON of the tokenizers library. Takes a while."""
        text: str = self._rust.to_str()
        return text

    def show(self, token_ids: Iterable[int]) -> str:
        """A run of tokens as text for people, special tokens by name."""
        return self._vocabulary.show(token_ids)

    def decode(self, token_ids: Sequence[int]) -> str:
        """The tokens' text, special tokens by name.

        Raises:
            ApiError: an id is no token's.
        """
        size = self._rust.get_vocab_size(with_added_tokens=True)
        if (largest := max(token_ids, default=0)) >= size:
            message = f"token id {largest} is outside the tokenizer's vocabulary of {size}"
            raise ApiError(ErrorCode.INVALID_REQUEST, message, param="tokens")
        text: str = self._rust.decode(list(token_ids), skip_special_tokens=False)
        return text

    def _chat_template(self) -> ChatTemplate:
        if self._template is None:
            message = "this model has no chat template; it continues text: POST /v1/completions"
            raise ApiError(ErrorCode.CHAT_TEMPLATE_MISSING, message, param="messages")
        return self._template

    def _encode_chat(self, stated: ChatPrompt, *, all_boundaries: bool, is_read: bool) -> EncodedPrompt:
        template = self._chat_template()
        guard = TemplateGuard(self.template_bounds)
        text, prompt, ignored = self._render(template, stated, guard)
        encoding = self._rust.encode(text, add_special_tokens=False)
        if not is_read:
            return EncodedPrompt(encoding.ids, text, ignored=tuple(ignored))

        def render(messages: Sequence[ChatMessage]) -> str:
            return guard.run(lambda: template.render(prompt, messages, for_answer=False))

        eos: str | None = self._tokenizer.eos_token
        messages = prompt.messages[:-1] if prompt.continues_last else prompt.messages
        try:
            tool_format = guard.run(lambda: template.tool_format) if prompt.tools else None
            reasoning_format = guard.run(lambda: template.reasoning_format)
            ends = find_ends(messages, text, render, eos=eos, all_messages=all_boundaries)
        except TemplateOverrun as overrun:
            raise _too_much(overrun, guard) from None
        ends |= find_marks(messages, text)
        boundaries = to_boundaries(dict(sorted(ends.items())), messages, encoding.offsets)
        return EncodedPrompt(encoding.ids, text, boundaries, tuple(ignored), tool_format, reasoning_format)

    def _encode_gap(self, prefix: str, suffix: str) -> list[int]:
        """A text with a gap, after what the tokenizer puts before any text."""
        token_id = self._rust.token_to_id
        if (marks := find_infill_marks(token_id)) is None:
            message = "this model has no tokens that mark a gap to fill; leave suffix out"
            raise ApiError(ErrorCode.UNSUPPORTED_FIELD, message, param="suffix")
        before, after = (self._rust.encode(part, add_special_tokens=False).ids for part in (prefix, suffix))
        start: list[int] = self._rust.encode("", add_special_tokens=True).ids
        if start and start[-1] in self.stop_ids:
            start = start[:-1]  # some tokenizers end every text, too
        return start + arrange(marks, before, after, token_id)

    def detokenizer(self, context_ids: Sequence[int] = (), shown: Iterable[str] = ()) -> Detokenizer:
        """For one answer; `context_ids` stand before it, where it continues their text.

        Args:
            shown: names of special tokens that are text here, because they structure it.
        """
        return Detokenizer(self._vocabulary, context_ids, shown)


def _is_special(token: Any) -> bool:
    """Whether llguidance takes an added token for one that no text spells."""
    return bool(token.special or (token.content.startswith("<") and token.content.endswith(">")))


def _too_much(overrun: TemplateOverrun, guard: TemplateGuard) -> ApiError:
    return ApiError(ErrorCode.CHAT_TEMPLATE_FAILED, guard.bounds.explain(overrun.excess), param="messages")
