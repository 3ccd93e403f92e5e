"""What is shown of a model on the hub."""

from collections.abc import Set
from typing import Any

from mlx_manager.hub.about import HubModel
from mlx_manager.hub.details import Details
from mlx_manager.hub.files import choose
from mlx_manager.hub.schemas import HubFileView, HubModelDetails, HubModelView, RefusalView
from mlx_manager.library.memory_fit import MemoryFit
from mlx_manager.library.memory_schemas import MemoryView


def model_view(model: HubModel, installed: Set[str] | None) -> HubModelView:
    """As a list shows it.

    Args:
        installed: ids of models that are here, or None where that is not known.
    """
    return HubModelView.model_validate(_shown(model, installed))


def details_view(
    details: Details, revision: str, fit: MemoryFit | None, installed: Set[str] | None
) -> HubModelDetails:
    """As its page shows it."""
    model, card = details.model, details.card
    choice = choose(model.files, details.configs)
    wanted = {file.path for file in choice.wanted}
    files = [
        HubFileView(
            path=file.path,
            size_bytes=file.size_bytes,
            sha256=file.sha256,
            git_sha1=file.git_sha1,
            is_wanted=file.path in wanted,
        )
        for file in model.files
    ]
    more: dict[str, Any] = {
        "family": details.family,
        "quantization": details.quantization,
        "licence": details.licence,
        "revision": revision,
        "commit_hash": details.commit_hash,
        "gated": model.gated,
        "has_access": details.has_access,
        "files": files,
        "download_bytes": sum(file.size_bytes for file in choice.wanted),
        "context_length": details.context_length,
        "config": details.config,
        "card": None if card is None else card.text,
        "card_data": {} if card is None else card.data,
        "is_card_cut": card is not None and card.is_cut,
        "refusal": RefusalView(
            needs_pickle=choice.needs_pickle, needs_code=choice.needs_code, reasons=list(choice.refusals)
        ),
        "memory_fit": None if fit is None else MemoryView.of(fit),
    }
    return HubModelDetails.model_validate(_shown(model, installed) | more)


def _shown(model: HubModel, installed: Set[str] | None) -> dict[str, Any]:
    return {
        "is_installed": None if installed is None else model.repo_id in installed,
        "repo_id": model.repo_id,
        "author": model.author,
        "downloads": model.downloads,
        "likes": model.likes,
        "created_at": model.created_at,
        "updated_at": model.updated_at,
        "tags": list(model.tags),
        "task": model.task,
        "family": model.family,
        "quantization": model.quantization,
        "size_bytes": model.size_bytes,
        "is_gated": model.gated is not None,
        "is_mlx": model.is_mlx,
        "licence": model.licence,
    }
