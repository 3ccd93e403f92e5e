"""The manager's OpenAPI document, from which clients are generated."""

from collections.abc import Sequence
from typing import Any, Literal

from fastapi import FastAPI
from fastapi.routing import APIRoute
from pydantic import BaseModel, Field
from pydantic.json_schema import models_json_schema


class ErrorDetail(BaseModel):
    """What went wrong."""

    message: str = Field(description="one sentence for a person")
    type: str
    param: str | None = Field(description="path of the field at fault")
    code: str = Field(description="see docs/errors.md")


class ErrorBody(BaseModel):
    """Every answer that is no success."""

    error: ErrorDetail


class Health(BaseModel):
    """The program lives."""

    status: Literal["healthy"]
    version: str


def operation_id(route: APIRoute) -> str:
    """Such as `users_approve`: a room's name and a function's in it, so that neither is said twice."""
    tag = str(route.tags[0]) if route.tags else "program"
    return f"{tag}_{route.name}"


def add_document(app: FastAPI, root_path: str, event_models: Sequence[type[BaseModel]] = ()) -> None:
    """Let the app's document be true: errors as they are, and how one proves who one is.

    Args:
        event_models: data of server-sent events, which no path of the document can name.
    """
    plain = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _amended(plain(), root_path, event_models)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def _amended(
    document: dict[str, Any], root_path: str, event_models: Sequence[type[BaseModel]]
) -> dict[str, Any]:
    if root_path:
        document["servers"] = [{"url": root_path}]
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    for name, schema in _schemas_of((ErrorBody, *event_models)).items():
        schemas.setdefault(name, schema)
    reference = {"schema": {"$ref": "#/components/schemas/ErrorBody"}}
    for path in document["paths"].values():
        for operation in path.values():
            # FastAPI documents a 422 of its own; what is wrong is told as everything else is.
            operation["responses"].pop("422", None)
            operation["responses"]["default"] = {
                "description": "an error",
                "content": {"application/json": reference},
            }
    components["securitySchemes"] = {
        "session": {"type": "apiKey", "in": "cookie", "name": "mlx_session"},
        "bearer": {"type": "http", "scheme": "bearer"},
        "key": {"type": "apiKey", "in": "header", "name": "x-api-key"},
    }
    document["security"] = [{"session": []}, {"bearer": []}, {"key": []}]
    return document


def _schemas_of(models: Sequence[type[BaseModel]]) -> dict[str, Any]:
    """Schemas of what is sent, with all that they refer to, by their names."""
    mode: Literal["serialization"] = "serialization"
    asked = [(model, mode) for model in models]
    _, schemas = models_json_schema(asked, ref_template="#/components/schemas/{model}")
    definitions: dict[str, Any] = schemas["$defs"]
    return definitions
