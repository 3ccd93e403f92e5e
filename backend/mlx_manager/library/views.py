"""A model of the library as the fields of its view."""

from typing import Any

from mlx_manager.library.listing import LibraryModel


def view_fields(model: LibraryModel) -> dict[str, Any]:
    """The values of `LibraryModelView`, but for `memory` as they are on the wire."""
    one, description, live = model.installed, model.installed.description, model.live or {}
    quantization = None if description is None else description.quantization
    adapter = None if description is None else description.adapter_path
    return {
        "id": one.model_id,
        "path": str(one.found.path),
        "adapter_path": None if adapter is None else str(adapter),
        "source": one.place.source,
        "commit": one.place.commit,
        "status": model.status,
        "progress": live.get("progress"),
        "reason": model.reason,
        "pinned": live.get("pinned"),
        "leases": live.get("leases"),
        "waiting": live.get("waiting"),
        "family": None if description is None else description.family,
        "parameters": (None if description is None else description.num_parameters) or None,
        "quantization": quantization,
        "context_length": None if description is None else description.context_length,
        "capabilities": [] if description is None else list(description.capabilities),
        "license": None if description is None else description.licence,
        "tool_format": one.formats.calls,
        "reasoning_format": one.formats.reasoning,
        "size_bytes": model.size_bytes,
        "aliases": list(one.aliases),
        "duplicates": [str(path) for path in one.duplicates],
        "last_used_at": model.last_used_at,
        "can_delete": model.kept_by is None,
        "kept_by": None if model.kept_by is None else model.kept_by.message,
        "kept_by_code": None if model.kept_by is None else model.kept_by.code.value,
    }
