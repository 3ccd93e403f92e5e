"""What the engine asks of the prefix cache; without one every answer is: nothing kept."""

import logging
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from mlx_lm.models.cache import make_prompt_cache

from mlx_manager.mlx_server.engine import device
from mlx_manager.mlx_server.engine.fingerprint import fingerprint
from mlx_manager.mlx_server.engine.prefix_cache.disk import DiskTier
from mlx_manager.mlx_server.engine.prefix_cache.prefix_cache import PrefixCache
from mlx_manager.mlx_server.engine.sequence import Sequence
from mlx_manager.mlx_server.engine.wire import Load, Restored

logger = logging.getLogger(__name__)


class Prefixes:
    """Takes up prompts where earlier ones left off, and keeps what later ones may take up.

    A fault of the cache costs a hit and never a request.
    """

    def __init__(self, cache: PrefixCache | None) -> None:
        self._cache = cache

    @property
    def nbytes(self) -> int:
        """Bytes held in memory."""
        return self._cache.nbytes if self._cache is not None else 0

    def set_budget(self, budget_bytes: int) -> int:
        """Change the bound of what is held in memory. Returns the one that holds, 0 without a cache."""
        if self._cache is None:
            return 0
        try:
            return self._cache.set_budget(budget_bytes)
        except Exception:
            logger.exception("prefix cache: its budget could not be set to %d", budget_bytes)
            return self._cache.nbytes

    def fault(self) -> str:
        """What the integrity check found wrong, or nothing."""
        return self._cache.check() if self._cache is not None else ""

    def restore(self, sequence: Sequence) -> Restored | None:
        """Give the sequence what is kept of its prompt, or mark it as waiting for the disk."""
        sequence.begun = True
        request = sequence.request
        if self._cache is None or len(request.prompt_ids) < 2:
            return Restored(request.sequence_id, 0, 0, [])
        try:
            hit = self._cache.lookup(request.cache_salt, request.prompt_ids)
        except Exception:
            logger.exception("prefix cache: lookup failed")
            return Restored(request.sequence_id, 0, 0, [])
        if hit is None:
            sequence.is_restoring, sequence.begun = True, False
            return None
        if hit.cache is not None:
            sequence.cache, sequence.prefilled = hit.cache, hit.num_tokens
        return Restored(request.sequence_id, hit.num_tokens, hit.matched_tokens, hit.stored_ids)

    def stops(self, sequence: Sequence) -> list[int]:
        """Where reading must pause so that what is computed can be kept."""
        if self._cache is None:
            return []
        return [boundary.position for boundary in sequence.request.boundaries]

    def keep_prompt(self, sequence: Sequence, cache: Callable[[], list[Any]]) -> None:
        """Keep what has been read, if that is the end of a message or of the prompt."""
        if self._cache is None:
            return
        role = next(
            (end.role for end in sequence.request.boundaries if end.position == sequence.prefilled), None
        )
        if role is None and sequence.unread:
            return
        self._keep(sequence, sequence.request.prompt_ids[: sequence.prefilled], cache, role or "user")

    def keep_answer(self, sequence: Sequence, cache: Callable[[], list[Any]]) -> None:
        """Keep a conversation with its answer: the next turn begins with it."""
        if self._cache is not None and sequence.request.boundaries:
            self._keep(sequence, sequence.fed_ids, cache, "assistant")

    def _keep(
        self, sequence: Sequence, token_ids: list[int], cache: Callable[[], list[Any]], role: str
    ) -> None:
        assert self._cache is not None
        try:
            self._cache.insert(sequence.request.cache_salt, token_ids, cache(), role)
        except Exception:
            logger.exception("prefix cache: %d tokens could not be kept", len(token_ids))


def open_prefix_cache(
    model: Any, command: Load, on_ready: Callable[[], None]
) -> tuple[PrefixCache | None, DiskTier | None, str]:
    """The model's prefix cache and its disk tier, or None and the reason why it has none.

    Args:
        on_ready: called, on the disk tier's thread, when something has been read for the engine.
    """
    if not command.cache_budget_bytes:
        return None, None, "off"
    if (reason := PrefixCache.supports(make_prompt_cache(model))) is not None:
        return None, None, reason
    key = fingerprint(
        Path(command.path),
        Path(command.adapter_path) if command.adapter_path else None,
        kv_bits=command.kv_bits,
        mlx=version("mlx"),
        mlx_lm=version("mlx-lm"),
        device=device.device_name(),
    )
    disk = None
    if command.cache_dir and command.cache_disk_budget_bytes:
        disk = DiskTier(
            Path(command.cache_dir),
            budget_bytes=command.cache_disk_budget_bytes,
            floor_bytes=command.cache_disk_floor_bytes,
            on_ready=on_ready,
        )
    cache = PrefixCache(
        lambda: make_prompt_cache(model),
        budget_bytes=command.cache_budget_bytes,
        fingerprint=key,
        disk=disk,
    )
    return cache, disk, ""
