"""Formats of an answer, as the dialects' own fields ask for them."""

import re
from collections.abc import Iterable
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag
from pydantic_core import PydanticCustomError

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.mlx_server.domain.formats import (
    AnswerFormat,
    ChoiceFormat,
    JsonFormat,
    LarkFormat,
    RegexFormat,
)
from mlx_manager.mlx_server.domain.tools import ToolChoice
from mlx_manager.mlx_server.protocols.fields import WireModel

ANY_OBJECT: Final = {"type": "object"}
_MAX_CHOICES: Final = 4096
# How GBNF (llama.cpp) and EBNF (xgrammar) begin a rule; Lark has no such sign.
_GBNF_RULE: Final = re.compile(r"^\s*[\w-]+\s*::=", re.MULTILINE)


def as_schema(value: Any) -> Any:
    """The value, where it can be a JSON schema; whether it can be enforced is not looked at here."""
    if value is not None and not isinstance(value, dict | bool):
        raise PydanticCustomError("schema", "must be a JSON schema: an object or a boolean")
    return value


def _lark(grammar: str) -> str:
    if _GBNF_RULE.search(grammar):
        message = "is GBNF or EBNF, which is not supported: write the grammar in Lark, with the rule start"
        raise PydanticCustomError("grammar", message)
    return grammar


SchemaField = Annotated[Any, BeforeValidator(as_schema)]
Pattern = Annotated[str, Field(min_length=1)]
Choices = Annotated[list[str], Field(min_length=1, max_length=_MAX_CHOICES)]
Grammar = Annotated[str, Field(min_length=1), AfterValidator(_lark)]


class TextBody(WireModel):
    """Any text."""

    type: Literal["text"]

    def answer_format(self, path: str) -> AnswerFormat | None:
        return None


class JsonObjectBody(WireModel):
    """A JSON object; some servers' clients add its schema here."""

    type: Literal["json_object"]
    schema_: SchemaField = Field(default=None, alias="schema")

    def answer_format(self, path: str) -> AnswerFormat | None:
        if self.schema_ is None:
            return JsonFormat(ANY_OBJECT, path)
        return JsonFormat(self.schema_, f"{path}.schema")


class RegexBody(WireModel):
    """Ours: text that a regular expression matches."""

    type: Literal["regex"]
    pattern: Pattern

    def answer_format(self, path: str) -> AnswerFormat | None:
        return RegexFormat(self.pattern, f"{path}.pattern")


class ChoiceBody(WireModel):
    """Ours: one of some texts."""

    type: Literal["choice"]
    choices: Choices

    def answer_format(self, path: str) -> AnswerFormat | None:
        return ChoiceFormat(tuple(self.choices), f"{path}.choices")


class GrammarBody(WireModel):
    """Ours: text by a Lark grammar."""

    type: Literal["grammar", "lark"]
    grammar: Grammar

    def answer_format(self, path: str) -> AnswerFormat | None:
        return LarkFormat(self.grammar, f"{path}.grammar")


def format_kind(value: Any) -> str:
    """The tag of a format's type. Pydantic puts it into paths, so it must look like no field."""
    kind = value.get("type") if isinstance(value, dict) else None
    return "<grammar>" if kind == "lark" else f"<{kind}>"


FORMAT_KINDS: Final = Discriminator(
    format_kind,
    custom_error_type="format",
    custom_error_message="must be an object of one of these types: "
    "text, json_object, json_schema, regex, choice, grammar",
)

# What is the same wherever a dialect has the field of a format; its `json_schema` differs.
PlainBody = (
    Annotated[TextBody, Tag("<text>")]
    | Annotated[JsonObjectBody, Tag("<json_object>")]
    | Annotated[RegexBody, Tag("<regex>")]
    | Annotated[ChoiceBody, Tag("<choice>")]
    | Annotated[GrammarBody, Tag("<grammar>")]
)


class FlatJsonSchemaBody(WireModel):
    """JSON that fits a schema, which stands beside the type. It is held to it, strict or not.

    Attributes:
        name: a label of the client's; Anthropic has none.
    """

    type: Literal["json_schema"]
    schema_: Annotated[dict[str, Any] | bool, BeforeValidator(as_schema)] = Field(alias="schema")
    name: str | None = None
    strict: bool | None = None

    def answer_format(self, path: str) -> AnswerFormat | None:
        return JsonFormat(self.schema_, f"{path}.schema")


FlatBody = Annotated[PlainBody | Annotated[FlatJsonSchemaBody, Tag("<json_schema>")], FORMAT_KINDS]


class JsonSchema(WireModel):
    """What `response_format` says of its schema; without one any JSON will do."""

    name: str | None = None
    schema_: SchemaField = Field(default=None, alias="schema")
    strict: bool | None = None


class JsonSchemaBody(WireModel):
    """JSON that fits a schema, in a chat completion's words. It is held to it, strict or not."""

    type: Literal["json_schema"]
    json_schema: JsonSchema

    def answer_format(self, path: str) -> AnswerFormat | None:
        schema = self.json_schema.schema_
        return JsonFormat(True if schema is None else schema, f"{path}.json_schema.schema")


ResponseFormat = Annotated[PlainBody | Annotated[JsonSchemaBody, Tag("<json_schema>")], FORMAT_KINDS]


def format_of(body: PlainBody | JsonSchemaBody | FlatJsonSchemaBody | None, path: str) -> AnswerFormat | None:
    """What the field at this path asks for, if anything."""
    return None if body is None else body.answer_format(path)


def one_format(
    stated: Iterable[AnswerFormat | None],
    choice: ToolChoice | None = None,
    *,
    continues_last: bool = False,
) -> AnswerFormat | None:
    """The one format that a request asks for, if it asks for any.

    Args:
        choice: a call that is required leaves no room for a format.
        continues_last: whether the answer goes on with text that the client wrote, which no format knows.

    Raises:
        ApiError: there are two, or it contradicts the rest of the request; names the field.
    """
    formats = [one for one in stated if one is not None]
    if not formats:
        return None
    first, *others = formats
    if others:
        path = others[0].path
        raise _contradiction(path, f"{path}: the format is already stated by {first.path}; send one of them")
    if choice is not None and choice.is_required:
        message = (
            f"tool_choice: a call is required, and {first.path} asks for an answer; leave one of them out"
        )
        raise _contradiction("tool_choice", message)
    if continues_last:
        message = (
            f"{first.path}: the answer goes on with the last message, so that no format can hold the whole"
        )
        raise _contradiction(first.path, message)
    return first


def _contradiction(param: str, message: str) -> ApiError:
    return ApiError(ErrorCode.INVALID_REQUEST, message, param=param)
