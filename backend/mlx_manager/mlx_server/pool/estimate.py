"""What a model is likely to need, before it is loaded. Pure."""

from dataclasses import dataclass

from mlx_manager.mlx_server.domain.models import ModelDescription
from mlx_manager.mlx_server.pool.memory_ledger import Reservation

# A model that cannot hold even this much text is not worth its place.
_FEWEST_TOKENS = 2048


@dataclass(frozen=True, slots=True)
class Need:
    """How much a model wants, and how little it can do with.

    Attributes:
        wanted: with caches for the context and the requests that the settings speak of.
        least: with a cache for one short request, and no kept prompts.
    """

    wanted: Reservation
    least: Reservation

    def within(self, free_bytes: int) -> Reservation | None:
        """The best of it that so many bytes allow; None where they are too few."""
        if self.least.total > free_bytes:
            return None
        left = free_bytes - self.wanted.weights
        kv = max(min(self.wanted.kv, left), self.least.kv)
        # Of a small rest most belongs to the requests that run.
        prefixes = min(self.wanted.prefixes, left // 4, max(left - self.least.kv, 0))
        return Reservation(self.wanted.weights, min(kv, left - prefixes), prefixes)


def need_of(
    model: ModelDescription,
    *,
    measured_bytes: int,
    process_bytes: int,
    widens_half: bool,
    kv_context_tokens: int,
    kv_concurrency: int,
    prefix_cache_bytes: int,
) -> Need:
    """Reckon from the sizes of its files and its config.

    Args:
        measured_bytes: what its weights and its process took when it was last loaded; 0 before that.
        process_bytes: what a worker takes before it has a model.
        widens_half: whether half-precision weights are held as fp32, as a CPU worker does.
        kv_context_tokens: tokens of a request that the cache is reckoned for, within the context.
        kv_concurrency: requests of that length at once.
    """
    widened = 2 if widens_half and model.has_half_weights else 1
    weights = measured_bytes or model.weight_bytes * widened + process_bytes
    # The estimate is for 16 bits; a worker that widens has caches of 32.
    per_token = model.kv_bytes_per_token * (2 if widens_half else 1)
    context = min(kv_context_tokens, model.context_length or kv_context_tokens)
    return Need(
        wanted=Reservation(weights, per_token * context * kv_concurrency, prefix_cache_bytes),
        least=Reservation(weights, per_token * min(context, _FEWEST_TOKENS)),
    )
