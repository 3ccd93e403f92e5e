"""Schemas for the OpenAPI document; the requests' bodies themselves are read by `body.read_object`."""

from collections.abc import Callable
from typing import Any

import msgspec

from mlx_manager.mlx_server.protocols.fields import WireModel

_COMPONENTS = "#/components/schemas/"


class BodySchema(dict[str, Any]):
    """`openapi_extra` of a route that takes a body of this schema.

    It is made when the document is asked for, because that takes as long as importing half of the server.
    """

    def __init__(self, schema: type[WireModel]) -> None:
        super().__init__()
        self._schema = schema

    def items(self) -> Any:
        """What FastAPI copies into the document."""
        if not self:
            self.update(body_schema(self._schema))
        return super().items()


def body_schema(schema: type[WireModel]) -> dict[str, Any]:
    """What the document says of a body of this schema."""
    document = schema.model_json_schema()
    definitions = document.pop("$defs", {})
    content = {"application/json": {"schema": _inlined(document, definitions)}}
    return {"requestBody": {"required": True, "content": content}}


def answer_schema(struct: type[msgspec.Struct]) -> Callable[[], dict[str, Any]]:
    """Gives the schema of an answer, with what it refers to; it is made when it is asked for."""
    return lambda: msgspec.json.schema(struct, ref_template=f"{_COMPONENTS}{{name}}")


def answers(*structs: type[msgspec.Struct]) -> dict[int | str, dict[str, Any]]:
    """`responses` of a route that answers with one of these; `answer_schema` puts them into the document."""
    schemas = [{"$ref": f"{_COMPONENTS}{struct.__name__}"} for struct in structs]
    schema = schemas[0] if len(schemas) == 1 else {"anyOf": schemas}
    return {200: {"content": {"application/json": {"schema": schema}}}}


def _inlined(node: Any, definitions: dict[str, Any]) -> Any:
    """The schema with its references replaced by what they name: a route's extras share no components."""
    if isinstance(node, list):
        return [_inlined(item, definitions) for item in node]
    if not isinstance(node, dict):
        return node
    if (reference := node.get("$ref")) is not None:
        return _inlined(definitions[reference.removeprefix("#/$defs/")], definitions)
    return {key: _inlined(value, definitions) for key, value in node.items()}
