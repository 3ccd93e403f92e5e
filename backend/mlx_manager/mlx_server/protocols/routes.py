"""All routes of inference. Each is thin: parse, start, render."""

from fastapi import APIRouter

from mlx_manager.mlx_server.protocols.anthropic_messages.endpoint import router as messages_router
from mlx_manager.mlx_server.protocols.models import router as models_router
from mlx_manager.mlx_server.protocols.openai_chat.endpoint import router as chat_router
from mlx_manager.mlx_server.protocols.openai_completions.endpoint import router as completions_router
from mlx_manager.mlx_server.protocols.openai_responses.endpoint import router as responses_router
from mlx_manager.mlx_server.protocols.openai_responses.stored_endpoints import router as stored_router

router = APIRouter(prefix="/v1")
_PARTS = (models_router, chat_router, completions_router, responses_router, stored_router, messages_router)
for part in _PARTS:
    router.include_router(part)
