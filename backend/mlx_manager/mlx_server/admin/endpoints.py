"""`/admin`: look at the models, load and unload them, change settings. Looking never loads anything."""

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any, Final

import msgspec
from fastapi import APIRouter, Depends, Query
from sse_starlette import EventSourceResponse
from starlette.requests import Request
from starlette.responses import Response

from mlx_manager.core.errors import ApiError
from mlx_manager.core.openapi import operation_id
from mlx_manager.mlx_server.admin.events import changes
from mlx_manager.mlx_server.admin.live_settings import (
    change_settings,
    every_setting,
    reload_stored,
    settings_view,
)
from mlx_manager.mlx_server.admin.request_endpoints import router as requests_router
from mlx_manager.mlx_server.admin.schemas import (
    MemoryView,
    ModelView,
    ModelViews,
    ReloadedSettings,
    SettingsView,
    SettingViews,
)
from mlx_manager.mlx_server.admin.views import memory_view, model_view, model_views
from mlx_manager.mlx_server.domain.models import ModelDescription
from mlx_manager.mlx_server.pool.entry import ModelEntry
from mlx_manager.mlx_server.protocols.body import read_object
from mlx_manager.mlx_server.protocols.dependencies import ServingDep

router = APIRouter(prefix="/admin", tags=["admin"], generate_unique_id_function=operation_id)
router.include_router(requests_router)

_SETTINGS_CHANGE: Final = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/SettingsChange"}}},
    }
}
_EVENTS: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "server-sent events",
        "content": {
            "text/event-stream": {
                "schema": {
                    "anyOf": [
                        {"$ref": f"#/components/schemas/{name}"}
                        for name in ("StateEvent", "ModelView", "RequestView", "MemoryView")
                    ]
                }
            }
        },
    }
}

Force = Annotated[bool, Query(description="end running requests with an error instead of waiting for them")]

Restated = Annotated[
    Sequence[str],
    Query(description="settings that were just stored or reset: what was changed in the server gives way"),
]


async def _named(model_id: str, serving: ServingDep) -> ModelDescription:
    return await asyncio.to_thread(serving.pool.describe, model_id)


async def _entry(model_id: str, serving: ServingDep) -> ModelEntry:
    """Also of a model that is in memory and whose folder has gone."""
    try:
        return serving.pool.residents.entry(await _named(model_id, serving))
    except ApiError:
        if (entry := serving.pool.resident_entry(model_id)) is None:
            raise
        return entry


ModelDep = Annotated[ModelDescription, Depends(_named)]
EntryDep = Annotated[ModelEntry, Depends(_entry)]


@router.get("/models", responses={200: {"model": ModelViews}})
async def list_models(serving: ServingDep) -> Response:
    """Every model, what it is doing and what it holds; also those that cannot be used, and why."""
    listing = await asyncio.to_thread(serving.pool.catalogue.scan)
    return _json({"data": model_views(serving, listing)})


@router.post("/models/{model_id:path}/load", responses={200: {"model": ModelView}})
async def load_model(model: ModelDep, serving: ServingDep) -> Response:
    """Load a model and answer when it is there; what it has failed of before is forgotten."""
    await serving.pool.load(model)
    return _json(model_view(serving, serving.pool.residents.entry(model)))


@router.post("/models/{model_id:path}/unload", responses={200: {"model": ModelView}})
async def unload_model(entry: EntryDep, serving: ServingDep, force: Force = False) -> Response:
    """Unload a model and answer when its memory is back; its running requests end first."""
    await serving.pool.unload(entry, force=force)
    return _json(model_view(serving, entry))


@router.post("/models/{model_id:path}/pin", responses={200: {"model": ModelView}})
async def pin_model(entry: EntryDep, serving: ServingDep) -> Response:
    """Let a model stay in memory whoever needs its room."""
    serving.pool.pin(entry, is_pinned=True)
    return _json(model_view(serving, entry))


@router.post("/models/{model_id:path}/unpin", responses={200: {"model": ModelView}})
async def unpin_model(entry: EntryDep, serving: ServingDep) -> Response:
    """Let a model go again when its room is needed."""
    serving.pool.pin(entry, is_pinned=False)
    return _json(model_view(serving, entry))


@router.get("/memory", responses={200: {"model": MemoryView}})
async def read_memory(serving: ServingDep) -> Response:
    """What is promised to whom, and what is really in use."""
    return _json(memory_view(serving))


@router.get("/events", response_class=EventSourceResponse, responses=_EVENTS)
async def watch(request: Request, serving: ServingDep) -> Response:
    """Server-sent events: all that is known first, then what changes.

    `state` tells of each change of a model's state (`StateEvent`), `model` of a model (`ModelView`),
    `request` of a request (`RequestView`), `memory` of what is promised and held (`MemoryView`). The
    latter three come whole, each when anything of it has changed, at most four times a second.

    It ends when the server stops, and when the caller would not be let in any more.
    """
    return EventSourceResponse(changes(serving, request.state.may_go_on), sep="\n")


@router.get("/settings", responses={200: {"model": SettingsView}})
async def read_settings(serving: ServingDep) -> Response:
    """The settings that can be changed while the server runs."""
    return _json(settings_view(serving.settings))


@router.patch("/settings", responses={200: {"model": SettingsView}}, openapi_extra=_SETTINGS_CHANGE)
async def update_settings(request: Request, serving: ServingDep) -> Response:
    """Change some of them, until the server ends."""
    body = await read_object(request, serving.settings.max_request_body_bytes)
    change_settings(serving, body)
    return _json(settings_view(serving.settings))


@router.get("/settings/all", responses={200: {"model": SettingViews}})
async def read_every_setting(serving: ServingDep) -> Response:
    """Every setting that is no secret: its value, where that comes from, whether it can be changed now."""
    return _json({"data": every_setting(serving.settings)})


@router.post("/settings/reload", responses={200: {"model": ReloadedSettings}})
async def reload_settings(serving: ServingDep, restated: Restated = ()) -> Response:
    """Take what is stored in the database now; what needs a start of the server stays as it is."""
    faults = await reload_stored(serving, frozenset(restated))
    return _json({"data": every_setting(serving.settings), "faults": faults})


def _json(value: Any) -> Response:
    return Response(msgspec.json.encode(value), media_type="application/json")
