"""The manager's OpenAPI document, from which clients are generated."""

from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute
from pydantic import BaseModel, Field


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


def add_document(app: FastAPI, root_path: str) -> None:
    """Let the app's document be true: errors as they are, and how one proves who one is."""
    plain = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _amended(plain(), root_path)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def _amended(document: dict[str, Any], root_path: str) -> dict[str, Any]:
    if root_path:
        document["servers"] = [{"url": root_path}]
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    for model in (ErrorBody, ErrorDetail):
        schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
        schema.pop("$defs", None)
        schemas[model.__name__] = schema
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
