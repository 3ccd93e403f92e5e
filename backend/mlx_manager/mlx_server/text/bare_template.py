"""A chat template without its tokenizer: what it writes can be looked at in milliseconds."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

_SPECIAL: Final = ("bos_token", "eos_token", "unk_token", "pad_token", "sep_token", "cls_token", "mask_token")


class BareTemplate:
    """What `ChatTemplate` asks of a transformers tokenizer.

    Args:
        templates: by name; `default`, and for some models `tool_use` for conversations with tools.
        tokenizer_config: of the model; templates write some of its special tokens.

    Attributes:
        special_tokens_map: those tokens, by what they are for.
    """

    def __init__(self, templates: Mapping[str, str], tokenizer_config: Mapping[str, Any]) -> None:
        self._templates = templates
        self.special_tokens_map: dict[str, str] = {}
        for name in _SPECIAL:
            token = tokenizer_config.get(name)
            content = token.get("content") if isinstance(token, dict) else token
            if isinstance(content, str):
                self.special_tokens_map[name] = content

    def get_chat_template(self, _: None = None, tools: Sequence[Any] | None = None) -> str:
        """The template for conversations with or without tools."""
        named = self._templates.get("tool_use") if tools else None
        return named or self._templates["default"]

    def apply_chat_template(
        self,
        conversation: Sequence[Mapping[str, Any]],
        tools: Sequence[Any] | None = None,
        *,
        tokenize: bool = False,
        add_generation_prompt: bool = False,
        continue_final_message: bool = False,
        **kwargs: Any,
    ) -> str:
        """The conversation as the template writes it. Raises whatever the template does."""
        from transformers.utils.chat_template_utils import render_jinja_template

        assert not tokenize, "there is no tokenizer"
        # It says that it returns a string; it returns the texts and where their answers stand.
        render: Callable[..., tuple[list[str], Any]] = render_jinja_template  # type: ignore[assignment]
        (rendered,), _ = render(
            conversations=[list(conversation)],
            tools=list(tools) if tools else None,
            chat_template=self.get_chat_template(tools=tools),
            add_generation_prompt=add_generation_prompt,
            continue_final_message=continue_final_message,
            **{**self.special_tokens_map, **kwargs},
        )
        return rendered
