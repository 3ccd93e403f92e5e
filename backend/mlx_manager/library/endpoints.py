"""`/api/v1/library`: the installed models. Everybody may look; administrators delete and verify."""

import asyncio
from pathlib import Path
from typing import Annotated, Final

from fastapi import APIRouter, Query

from mlx_manager.dependencies import AdminDep, PrincipalDep, RowId
from mlx_manager.library.deletion import Revisions
from mlx_manager.library.dependencies import LibraryDep
from mlx_manager.library.disk_use import ModelFile, model_files
from mlx_manager.library.listing import LibraryModel, Order, Use, Wish, wanted
from mlx_manager.library.memory_schemas import MachineView
from mlx_manager.library.schemas import (
    DeletedModel,
    LibraryModelDetail,
    LibraryModelList,
    LibraryModelView,
)
from mlx_manager.library.verification_schemas import VerificationList, VerificationView
from mlx_manager.mlx_server.domain.models import Capability
from mlx_manager.mlx_server.pool.small_files import read_text

router = APIRouter(prefix="/api/v1/library", tags=["library"])

_CARD_CHARS: Final = 65_536

ContextTokens = Annotated[
    int | None,
    Query(ge=1, le=10_000_000, description="prompt and answer of each request; not given, the server's"),
]
Concurrency = Annotated[
    int | None, Query(ge=1, le=1024, description="requests at once; not given, the server's")
]
Search = Annotated[str, Query(max_length=200, description="a part of an id, a family or an alias")]
Unload = Annotated[bool, Query(description="unload it first where nobody uses it")]
WhichRevisions = Annotated[
    Revisions,
    Query(description="in the Hugging Face cache: all, or the offered one and what it alone needs"),
]


@router.get("/models")
async def list_models(
    _: PrincipalDep,
    library: LibraryDep,
    context_tokens: ContextTokens = None,
    concurrency: Concurrency = None,
    search: Search = "",
    family: Annotated[str | None, Query(max_length=100)] = None,
    capability: Capability | None = None,
    sort: Annotated[Order, Query(description="names from A to Z, all else from most to least")] = Order.NAME,
) -> LibraryModelList:
    """Every installed model, also those that cannot be used, and whether each fits into memory."""
    models, machine = await library.models(_use(library, context_tokens, concurrency))
    found = wanted(models, Wish(search, family, capability, sort))
    return LibraryModelList(
        data=[LibraryModelView.of(model) for model in found], machine=MachineView.of(machine)
    )


@router.get("/models/{model_id:path}")
async def get_model(
    model_id: str,
    _: PrincipalDep,
    library: LibraryDep,
    context_tokens: ContextTokens = None,
    concurrency: Concurrency = None,
) -> LibraryModelDetail:
    """One model with its files and its card."""
    model, machine = await library.model(model_id, _use(library, context_tokens, concurrency))
    files, card = await asyncio.to_thread(_read_folder, model)
    return LibraryModelDetail.with_files(model, files, card, machine)


@router.delete("/models/{model_id:path}")
async def delete_model(
    model_id: str,
    _: AdminDep,
    library: LibraryDep,
    unload: Unload = False,
    revisions: WhichRevisions = Revisions.ALL,
) -> DeletedModel:
    """Delete a model's files for good; 409 while it is in memory or used, 400 where links lead to it."""
    return DeletedModel.of(await library.delete(model_id, unload=unload, which=revisions))


@router.post("/models/{model_id:path}/verify", status_code=202)
async def verify_model(model_id: str, _: AdminDep, library: LibraryDep) -> VerificationView:
    """Begin to compare a model's files with what they should be; one model at a time."""
    return VerificationView.of(await library.verify(model_id))


@router.get("/verifications")
async def list_verifications(_: PrincipalDep, library: LibraryDep) -> VerificationList:
    """Those that run or have ended since the manager started."""
    return VerificationList(data=[VerificationView.of(one) for one in library.verifications.list()])


@router.get("/verifications/{verification_id}")
async def get_verification(verification_id: RowId, _: PrincipalDep, library: LibraryDep) -> VerificationView:
    """How far one is, and what it has found."""
    return VerificationView.of(library.verifications.get(verification_id))


@router.delete("/verifications/{verification_id}")
async def cancel_verification(verification_id: RowId, _: AdminDep, library: LibraryDep) -> VerificationView:
    """End one that runs; one that is over stays as it is."""
    return VerificationView.of(await library.verifications.cancel(verification_id))


def _use(library: LibraryDep, context_tokens: int | None, concurrency: int | None) -> Use:
    usual = library.usual
    return Use(context_tokens or usual.context_tokens, concurrency or usual.num_requests)


def _read_folder(model: LibraryModel) -> tuple[list[ModelFile], tuple[str | None, bool]]:
    """Its files, and its card with whether that is only the beginning."""
    folder: Path = model.installed.place.folder
    card = read_text(folder / "README.md", _CARD_CHARS + 1)
    return model_files(folder), (card[:_CARD_CHARS] or None, len(card) > _CARD_CHARS)
