"""Formats of an answer in the words of vLLM's and llama.cpp's clients, which every dialect takes."""

from collections.abc import Iterator
from typing import Annotated, Any, Final

import msgspec
from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.mlx_server.domain.formats import (
    AnswerFormat,
    ChoiceFormat,
    JsonFormat,
    LarkFormat,
    RegexFormat,
)
from mlx_manager.mlx_server.protocols.fields import WireModel
from mlx_manager.mlx_server.protocols.formats import (
    ANY_OBJECT,
    Choices,
    Grammar,
    Pattern,
    SchemaField,
    as_schema,
)


def _schema_or_text(value: Any) -> Any:
    """vLLM also takes a schema as JSON in a string."""
    if isinstance(value, str):
        try:
            value = msgspec.json.decode(value)
        except (msgspec.DecodeError, RecursionError):
            raise PydanticCustomError("schema", "is a string that is not JSON") from None
    return as_schema(value)


class StructuredOutputs(WireModel):
    """vLLM's `structured_outputs`: one of these. What else would change the answer is refused."""

    json_: Annotated[Any, BeforeValidator(_schema_or_text)] = Field(default=None, alias="json")
    regex: Pattern | None = None
    choice: Choices | None = None
    grammar: Grammar | None = None
    json_object: bool | None = None


_NOT_HELD: Final = (
    "structural_tag",
    "whitespace_pattern",
    "disable_any_whitespace",
    "disable_additional_properties",
)


class FormatFields(WireModel):
    """Names of vLLM's, and of llama.cpp's (`grammar`, `json_schema`)."""

    guided_json: Annotated[Any, BeforeValidator(_schema_or_text)] = None
    guided_regex: Pattern | None = None
    guided_choice: Choices | None = None
    guided_grammar: Grammar | None = None
    structured_outputs: StructuredOutputs | None = None
    grammar: Grammar | None = None
    json_schema: SchemaField = None

    def stated_formats(self) -> Iterator[AnswerFormat]:
        """Each format that these fields ask for. Raises ApiError for what cannot be held."""
        if self.guided_json is not None:
            yield JsonFormat(self.guided_json, "guided_json")
        if self.guided_regex is not None:
            yield RegexFormat(self.guided_regex, "guided_regex")
        if self.guided_choice is not None:
            yield ChoiceFormat(tuple(self.guided_choice), "guided_choice")
        if self.guided_grammar is not None:
            yield LarkFormat(self.guided_grammar, "guided_grammar")
        if self.structured_outputs is not None:
            yield from _structured(self.structured_outputs, "structured_outputs")
        if self.grammar is not None:
            yield LarkFormat(self.grammar, "grammar")
        if self.json_schema is not None:
            yield JsonFormat(self.json_schema, "json_schema")


def _structured(stated: StructuredOutputs, path: str) -> Iterator[AnswerFormat]:
    for name in _NOT_HELD:
        if (stated.model_extra or {}).get(name) not in (None, False):
            message = f"{path}.{name} is not supported; leave it out"
            raise ApiError(ErrorCode.UNSUPPORTED_FIELD, message, param=f"{path}.{name}")
    if stated.json_ is not None:
        yield JsonFormat(stated.json_, f"{path}.json")
    if stated.regex is not None:
        yield RegexFormat(stated.regex, f"{path}.regex")
    if stated.choice is not None:
        yield ChoiceFormat(tuple(stated.choice), f"{path}.choice")
    if stated.grammar is not None:
        yield LarkFormat(stated.grammar, f"{path}.grammar")
    if stated.json_object:
        yield JsonFormat(ANY_OBJECT, f"{path}.json_object")
