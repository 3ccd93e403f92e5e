"""Request schemas for the OpenAPI document; the bodies themselves are read by `body.read_object`."""

from typing import Any

from mlx_manager.mlx_server.protocols.fields import WireModel


def body_schema(schema: type[WireModel]) -> dict[str, Any]:
    """`openapi_extra` of a route that takes this body."""
    document = schema.model_json_schema()
    definitions = document.pop("$defs", {})
    content = {"application/json": {"schema": _inlined(document, definitions)}}
    return {"requestBody": {"required": True, "content": content}}


def _inlined(node: Any, definitions: dict[str, Any]) -> Any:
    """The schema with its references replaced by what they name: a route's extras share no components."""
    if isinstance(node, list):
        return [_inlined(item, definitions) for item in node]
    if not isinstance(node, dict):
        return node
    if (reference := node.get("$ref")) is not None:
        return _inlined(definitions[reference.removeprefix("#/$defs/")], definitions)
    return {key: _inlined(value, definitions) for key, value in node.items()}
