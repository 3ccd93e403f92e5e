"""The server's state as JSON. Bytes are bytes, times are seconds, and null is what is not known."""

import asyncio
from dataclasses import asdict
from typing import Any

from mlx_manager.mlx_server.domain.models import ModelDescription, UnusableModel
from mlx_manager.mlx_server.pool.catalogue import Listing
from mlx_manager.mlx_server.pool.entry import ModelEntry, ModelState, Resident
from mlx_manager.mlx_server.pool.memory_ledger import Reservation
from mlx_manager.mlx_server.pool.residents import SPARE
from mlx_manager.mlx_server.serving import Serving


def model_views(serving: Serving, listing: Listing) -> list[dict[str, Any]]:
    """Every model there is, those that cannot be used at the end."""
    entries = serving.pool.residents.entries
    views = []
    for model in listing.models.values():
        entry = entries.get(model.key) or ModelEntry(model)
        hidden = [str(path) for path in listing.duplicates.get(model.model_id, ())]
        views.append(_listed(serving, entry, hidden))
    keys = {model.key for model in listing.models.values()}
    for key in serving.pool.residents.ledger.reservations.keys() & entries.keys() - keys:
        # Its folder has gone, and it is in memory all the same.
        views.append(_listed(serving, entries[str(key)], []))
    return views + [_unusable(model) for model in listing.unusable.values()]


def _listed(serving: Serving, entry: ModelEntry, duplicates: list[str]) -> dict[str, Any]:
    view = model_view(serving, entry) | _files(serving, entry.description)
    return view | {"is_usable": True, "duplicates": duplicates}


def model_view(serving: Serving, entry: ModelEntry) -> dict[str, Any]:
    """What a model is doing, and what it holds."""
    pool = serving.pool
    state, resident = entry.state, entry.resident
    reserved = pool.residents.ledger.reservations.get(entry.key)
    view: dict[str, Any] = {
        "id": entry.description.model_id,
        "status": state.value,
        "progress": round(entry.progress, 3) if state is ModelState.LOADING else None,
        "reason": entry.reason or None,
        "pinned": entry.is_pinned,
        "pid": None,
        "leases": entry.leases,
        "waiting": pool.admission.num_waiting(entry),
        "queue": 0,
        "running": 0,
        "tokens_per_second": 0.0,
        "load_s": round(entry.load_s, 3) or None,
        "idle_s": None,
        "unloads_in_s": None,
        "bytes": {
            "estimated": pool.resident_bytes(entry.description),
            "reserved": _reserved(reserved),
            **_held(resident),
        },
    }
    return view if resident is None else view | _resident(entry, resident)


def memory_view(serving: Serving) -> dict[str, Any]:
    """The ledger explained, beside what is really in use."""
    residents, keeper = serving.pool.residents, serving.keeper
    ledger, reading = residents.ledger, keeper.reading
    models = []
    for key, entry in residents.entries.items():
        if (reservation := ledger.reservations.get(key)) is not None:
            models.append(
                {"id": entry.description.model_id, "status": entry.state.value}
                | {"reserved": _reserved(reservation), **_held(entry.resident)}
            )
    spare = ledger.reservations.get(SPARE)
    return {
        "budget": ledger.budget_bytes,
        "reserved": ledger.reserved_bytes,
        "free": max(ledger.free_bytes, 0),
        "max_models": serving.settings.max_models,
        "models": models,
        "spare_worker": None if spare is None else spare.total,
        "pressure": keeper.pressure.value,
        "explanation": None if reading is None else keeper.watermarks.explain(reading),
        "real": None if reading is None else asdict(reading),
    }


def _resident(entry: ModelEntry, resident: Resident) -> dict[str, Any]:
    worker, now = resident.worker, asyncio.get_running_loop().time()
    pong = worker.pong
    return {
        "pid": worker.pid,
        "queue": 0 if pong is None else pong.num_waiting,
        "running": 0 if pong is None else pong.num_running,
        "tokens_per_second": round(worker.tokens_per_second, 2),
        "idle_s": None if resident.leases else round(now - resident.last_used, 1),
        "unloads_in_s": None if entry.expiry is None else round(max(entry.expires_at - now, 0), 1),
    }


def _held(resident: Resident | None) -> dict[str, Any]:
    """Really in use: the process by the system's account, the rest by the engine's."""
    pong = None if resident is None else resident.worker.pong
    return {
        "footprint": None if resident is None else resident.worker.footprint_bytes,
        "active": None if pong is None else pong.active_bytes,
        "kv": None if pong is None else pong.kv_bytes,
        "prefixes": None if pong is None else pong.cache_bytes,
    }


def _reserved(reservation: Reservation | None) -> dict[str, int] | None:
    return None if reservation is None else {**asdict(reservation), "total": reservation.total}


def _files(serving: Serving, model: ModelDescription) -> dict[str, Any]:
    runtime = serving.pool.runtime(model)
    return {
        "path": str(model.path),
        "adapter_path": None if model.adapter_path is None else str(model.adapter_path),
        "aliases": list(serving.pool.catalogue.aliases_of(model.model_id)),
        "family": model.family,
        "parameters": model.num_parameters,
        "quantization": None if model.quantization is None else asdict(model.quantization),
        "size_bytes": model.disk_bytes,
        "context_length": model.context_length,
        "capabilities": [capability.value for capability in model.capabilities],
        "license": model.licence,
        "runtime": None if runtime is None else asdict(runtime),
    }


def _unusable(model: UnusableModel) -> dict[str, Any]:
    status = "incomplete" if model.is_incomplete else ModelState.FAILED.value
    return {
        "id": model.model_id,
        "is_usable": False,
        "status": status,
        "reason": model.reason,
        "path": str(model.path),
    }
