"""Variables for a chat template, stated by the client as such."""

from typing import Annotated, Any, Final

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

_RESERVED: Final = {
    "messages",
    "conversation",
    "tools",
    "documents",
    "chat_template",
    "add_generation_prompt",
    "continue_final_message",
    "tokenize",
    "padding",
    "truncation",
    "max_length",
    "return_tensors",
    "return_dict",
    "return_assistant_tokens_mask",
    "tokenizer_kwargs",
}


def _only_variables(kwargs: dict[str, Any] | None) -> dict[str, Any] | None:
    if taken := _RESERVED & set(kwargs or {}):
        raise PydanticCustomError("kwargs", "{name} may not be set", {"name": sorted(taken)[0]})
    return kwargs


TemplateKwargs = Annotated[dict[str, Any] | None, AfterValidator(_only_variables)]
