"""All routes of inference. Each is thin: parse, start, render."""

from fastapi import APIRouter

from mlx_manager.mlx_server.protocols.anthropic_messages.endpoint import router as messages_router
from mlx_manager.mlx_server.protocols.models import router as models_router
from mlx_manager.mlx_server.protocols.openai_chat.endpoint import router as chat_router
from mlx_manager.mlx_server.protocols.openai_completions.endpoint import router as completions_router

router = APIRouter(prefix="/v1")
for part in (models_router, chat_router, completions_router, messages_router):
    router.include_router(part)
