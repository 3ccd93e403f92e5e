"""How the OpenAPI document describes what is sent just as it is stored."""

from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema


@dataclass(frozen=True)
class DescribedBy:
    """Annotates JSON of this model's shape, which is neither checked nor filled up on its way out."""

    model: type[BaseModel]

    def __get_pydantic_json_schema__(self, _: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """A reference to the model (pydantic calls this); by its core schema alone it would be repeated."""
        model: Any = self.model.__pydantic_core_schema__
        reference = core_schema.definition_reference_schema(model["ref"])
        return handler(core_schema.definitions_schema(reference, [model]))


class _Stored(BaseModel):
    model_config = ConfigDict(extra="allow")


class CalledFunction(_Stored):
    """What a call calls, with its arguments as the model wrote them: JSON as a rule."""

    name: str
    arguments: str


class CalledCustom(_Stored):
    """The same of a tool that is given text."""

    name: str
    input: str


class ToolCall(_Stored):
    """A tool call, as in OpenAI's chat completions; it has what its type names."""

    id: str
    type: Literal["function", "custom"]
    function: CalledFunction | None = None
    custom: CalledCustom | None = None
