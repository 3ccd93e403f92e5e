"""The manager's OpenAPI document; it is made as the inference server's is."""

from typing import Literal

from pydantic import BaseModel

from mlx_manager.core.openapi import ErrorBody, ErrorDetail, add_document, operation_id

__all__ = ["ErrorBody", "ErrorDetail", "Health", "add_document", "operation_id"]


class Health(BaseModel):
    """The program lives."""

    status: Literal["healthy"]
    version: str
