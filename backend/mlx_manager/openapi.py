"""The manager's OpenAPI document; it is made as the inference server's is."""

from mlx_manager.core.openapi import ErrorBody, ErrorDetail, add_document, operation_id

__all__ = ["ErrorBody", "ErrorDetail", "add_document", "operation_id"]
