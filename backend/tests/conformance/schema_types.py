"""The fields that our own schemas know."""

from collections.abc import Iterator
from typing import Any, get_args

from mlx_manager.mlx_server.protocols.fields import WireModel
from tests.conformance.sdk_types import Enters, literals


def schema_paths(
    schema: type[WireModel], enters: Enters, prefix: str = "", outer: tuple[Any, ...] = ()
) -> Iterator[str]:
    """Paths of a schema's fields, as the tables write them; see `sdk_paths`."""
    for name, field in schema.model_fields.items():
        path = f"{prefix}{field.alias or name}"
        yield path
        if not enters(path):
            continue
        inside = f"{path}.N." if "list[" in str(field.annotation) else f"{path}."
        for member in _schemas(field.annotation):
            if member not in outer and all(map(enters, _kinds(member, inside))):
                yield from schema_paths(member, enters, inside, (*outer, schema))


def _kinds(member: type[WireModel], prefix: str) -> list[str]:
    kind = member.model_fields.get("type")
    return (
        []
        if kind is None
        else [f"{prefix}type={value}" for value in literals(kind.annotation) if isinstance(value, str)]
    )


def _schemas(annotation: Any) -> Iterator[type[WireModel]]:
    if isinstance(annotation, type) and not get_args(annotation) and issubclass(annotation, WireModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _schemas(argument)
