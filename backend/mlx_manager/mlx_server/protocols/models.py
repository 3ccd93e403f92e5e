"""`GET /v1/models`: every model that the caller may ask for, in the shape of the dialect they speak."""

import asyncio
from typing import Annotated, Any, Final

import msgspec
from fastapi import APIRouter, Query
from msgspec import UNSET
from starlette.requests import Request
from starlette.responses import Response

from mlx_manager.mlx_server.domain.models import ModelDescription
from mlx_manager.mlx_server.protocols.anthropic_messages.models import (
    ModelInfo,
    ModelPage,
    model_info,
    model_page,
)
from mlx_manager.mlx_server.protocols.call import check_model, may_ask, principal_of
from mlx_manager.mlx_server.protocols.dependencies import ServingDep
from mlx_manager.mlx_server.protocols.errors import speaks_anthropic
from mlx_manager.mlx_server.protocols.openai.wire import ModelBody, ModelList, model_body
from mlx_manager.mlx_server.protocols.openapi import answer_schema, answers
from mlx_manager.mlx_server.protocols.paging import Page, page_of
from mlx_manager.mlx_server.serving import Serving

router = APIRouter()

SCHEMAS: Final = {struct.__name__: answer_schema(struct) for struct in (ModelList, ModelPage)}
"""Of the answers, for the document; what is in them comes with them."""

Limit = Annotated[int | None, Query(ge=1, le=1000)]


@router.get("/models", responses=answers(ModelList, ModelPage))
async def list_models(
    request: Request,
    serving: ServingDep,
    limit: Limit = None,
    after_id: str | None = None,
    before_id: str | None = None,
) -> Response:
    """Every model that the caller may ask for, all of them unless a limit is stated.

    `ModelList`, or `ModelPage` for who sends the header `anthropic-version`.
    """
    models = await asyncio.to_thread(serving.pool.catalogue.list)
    principal = principal_of(request)
    offered = [model for model in models if may_ask(serving, principal, model.model_id)]
    page = page_of(offered, lambda model: model.model_id, Page(limit, after_id, before_id))
    if speaks_anthropic(request.scope):
        return _json(model_page(page.items, has_more=page.has_more))
    has_more = UNSET if limit is None else page.has_more
    # Templates that have not been tried yet take a while.
    bodies = await asyncio.to_thread(lambda: [_model(serving, model) for model in page.items])
    return _json(ModelList(bodies, has_more))


@router.get("/models/{model_id:path}", responses=answers(ModelBody, ModelInfo))
async def retrieve_model(model_id: str, request: Request, serving: ServingDep) -> Response:
    """One model: `ModelBody`, or `ModelInfo` for who sends the header `anthropic-version`."""
    check_model(serving, principal_of(request), model_id)
    model = await asyncio.to_thread(serving.pool.describe, model_id)
    if speaks_anthropic(request.scope):
        return _json(model_info(model))
    return _json(await asyncio.to_thread(_model, serving, model))


def _model(serving: Serving, model: ModelDescription) -> ModelBody:
    pool = serving.pool
    return model_body(
        model,
        pool.runtime(model),
        status=pool.status(model).value,
        resident_bytes=pool.resident_bytes(model),
        aliases=pool.catalogue.aliases_of(model.model_id),
        formats=serving.formats.find(model),
    )


def _json(value: Any) -> Response:
    return Response(msgspec.json.encode(value), media_type="application/json")
