"""Every error in the envelope of the dialect that its caller speaks."""

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Scope

from mlx_manager.core.errors import ApiError
from mlx_manager.mlx_server.protocols.anthropic_messages import errors as anthropic_errors
from mlx_manager.mlx_server.protocols.openai import errors as openai_errors

_ANTHROPIC_PATHS = ("/v1/messages", "/v1/complete")
_OPENAI_PATHS = ("/v1/chat", "/v1/completions", "/v1/responses")


def speaks_anthropic(scope: Scope) -> bool:
    """Whether a request is in Anthropic's dialect: by its path, or by the header that its clients send."""
    path: str = scope["path"]
    if any(path == known or path.startswith(f"{known}/") for known in _ANTHROPIC_PATHS):
        return True
    if any(path == known or path.startswith(f"{known}/") for known in _OPENAI_PATHS):
        return False
    return "anthropic-version" in Headers(scope=scope)


def render_error(error: ApiError, scope: Scope) -> Response:
    """The error as the caller of this route expects it."""
    if speaks_anthropic(scope):
        return anthropic_errors.error_response(error, scope.get("state", {}).get("request_id"))
    return openai_errors.error_response(error)
