"""Variables for a chat template that a client states as such."""

from typing import Annotated, Any

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

_RESERVED = {
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


def _only_variables(kwargs: dict[str, Any]) -> dict[str, Any]:
    if taken := _RESERVED & set(kwargs):
        raise PydanticCustomError("kwargs", "{name} may not be set", {"name": sorted(taken)[0]})
    return kwargs


TemplateKwargs = Annotated[dict[str, Any], AfterValidator(_only_variables)]
