"""OpenAPI documents of both programs, from which clients are generated."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute
from pydantic import BaseModel, Field

_REFERENCE = "#/components/schemas/{model}"


class ErrorDetail(BaseModel):
    """What went wrong."""

    message: str = Field(description="one sentence for a person")
    type: str
    param: str | None = Field(description="path of the field at fault")
    code: str = Field(description="see docs/errors.md")


class ErrorBody(BaseModel):
    """Every answer that is no success."""

    error: ErrorDetail


def operation_id(route: APIRoute) -> str:
    """Such as `users_approve`: a room's name and a function's in it, so that neither is said twice."""
    tag = str(route.tags[0]) if route.tags else "program"
    return f"{tag}_{route.name}"


Schema = type[BaseModel] | Mapping[str, Any]


def add_document(
    app: FastAPI,
    root_path: str = "",
    *,
    prefix: str = "",
    schemas: Mapping[str, Callable[[], Schema]] = MappingProxyType({}),
    models: Sequence[type[BaseModel]] = (),
) -> None:
    """Let the app's document be true: errors as they are, and how one proves who one is.

    Args:
        prefix: of the paths whose errors are an `ErrorBody`; those of others are left as they are.
        schemas: further components by name, made when the document is asked for. What they refer to becomes
            a component, too.
        models: the same, of models that are there already: data of server-sent events, which no path names.
    """
    plain = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = plain()
            if root_path:
                document["servers"] = [{"url": root_path}]
            found = document.setdefault("components", {}).setdefault("schemas", {})
            _add_errors(document, prefix)
            _add_schema(found, "ErrorBody", ErrorBody)
            for name, make in schemas.items():
                _add_schema(found, name, make())
            for model in models:
                _add_schema(found, model.__name__, model)
            app.openapi_schema = document
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def _add_errors(document: dict[str, Any], prefix: str) -> None:
    reference = {"schema": {"$ref": _REFERENCE.format(model="ErrorBody")}}
    is_all = True
    for path, operations in document["paths"].items():
        if not path.startswith(prefix):
            is_all = False
            continue
        for operation in operations.values():
            # FastAPI documents a 422 of its own; what is wrong is told as everything else is.
            operation["responses"].pop("422", None)
            operation["responses"]["default"] = {
                "description": "an error",
                "content": {"application/json": reference},
            }
    if is_all:
        for name in ("HTTPValidationError", "ValidationError"):
            document["components"]["schemas"].pop(name, None)
    document["components"]["securitySchemes"] = {
        "session": {"type": "apiKey", "in": "cookie", "name": "mlx_session"},
        "bearer": {"type": "http", "scheme": "bearer"},
        "key": {"type": "apiKey", "in": "header", "name": "x-api-key"},
    }
    document["security"] = [{"session": []}, {"bearer": []}, {"key": []}]


def _add_schema(schemas: dict[str, Any], name: str, made: Schema) -> None:
    if isinstance(made, Mapping):
        schema = dict(made)
    else:
        schema = made.model_json_schema(ref_template=_REFERENCE, mode="serialization")
    # What FastAPI found by itself stays: it is the same.
    for found, definition in schema.pop("$defs", {}).items():
        schemas.setdefault(found, definition)
    schemas.setdefault(name, schema)
