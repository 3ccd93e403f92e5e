"""What requests are told that cannot have their model, with the numbers that decided it."""

from math import ceil

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.mlx_server.config import MLXServerSettings
from mlx_manager.mlx_server.pool.entry import ModelEntry
from mlx_manager.mlx_server.pool.estimate import Need
from mlx_manager.mlx_server.pool.residents import Residents
from mlx_manager.mlx_server.pool.runtime import size


def stopping() -> ApiError:
    """The server takes no more work."""
    return ApiError(ErrorCode.SHUTTING_DOWN, "the server is stopping")


def too_large(entry: ModelEntry, need: Need, budget_bytes: int) -> ApiError:
    """A model that does not fit even alone."""
    model_id = entry.description.model_id
    message = f"{model_id} needs {size(need.least.total)} and the budget is {size(budget_bytes)}"
    return ApiError(ErrorCode.INSUFFICIENT_MEMORY, message)


def waited_too_long(entry: ModelEntry, residents: Residents, settings: MLXServerSettings) -> ApiError:
    """No room has become free within `load_wait_s`."""
    return ApiError(
        ErrorCode.INSUFFICIENT_MEMORY,
        f"{entry.description.model_id} has waited {settings.load_wait_s:g} s for room. "
        + situation(entry, residents, settings),
        retry_after_s=ceil(settings.load_wait_s / 4),
    )


def situation(entry: ModelEntry, residents: Residents, settings: MLXServerSettings) -> str:
    """What a model needs, what is free, and who has the rest."""
    ledger = residents.ledger
    held = ", ".join(
        f"{one.description.model_id} {size(ledger.reservations[key].total)} ({one.leases} in use"
        f"{', pinned' if one.is_pinned else ''})"
        for key, one in residents.entries.items()
        if key in ledger.reservations
    )
    needed, free = residents.need(entry).least.total, max(ledger.free_bytes, 0)
    return (
        f"{entry.description.model_id} needs {size(needed)}; {size(free)} of {size(ledger.budget_bytes)} are "
        f"free, and {residents.num_places_taken} of {settings.max_models} places are taken: "
        f"{held or 'nothing is loaded'}"
    )
