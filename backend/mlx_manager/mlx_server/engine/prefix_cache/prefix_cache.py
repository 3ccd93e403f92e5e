"""The prefix cache: what was computed for prompts, found again by their tokens."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from mlx_manager.mlx_server.engine.prefix_cache import insertion, layers
from mlx_manager.mlx_server.engine.prefix_cache.arrays import signature
from mlx_manager.mlx_server.engine.prefix_cache.disk import DiskTier
from mlx_manager.mlx_server.engine.prefix_cache.entry_file import text_digest
from mlx_manager.mlx_server.engine.prefix_cache.eviction import make_room, shrink
from mlx_manager.mlx_server.engine.prefix_cache.folder import Counters
from mlx_manager.mlx_server.engine.prefix_cache.held import RANKS, CacheNode, Held
from mlx_manager.mlx_server.engine.prefix_cache.mirror import Mirror, segment_bytes_on_disk
from mlx_manager.mlx_server.engine.prefix_cache.plan import Plan, longest
from mlx_manager.mlx_server.engine.prefix_cache.store import Store
from mlx_manager.mlx_server.engine.prefix_cache.trie import Match, token_array

logger = logging.getLogger(__name__)

# How often segments are read back without a hit before a lookup goes on with what is in memory.
MAX_READS: Final = 2
MAX_STORED_IDS: Final = 16


@dataclass(frozen=True, slots=True)
class Hit:
    """What is known of a prompt.

    Attributes:
        num_tokens: length of the prefix that need not be computed.
        cache: caches that hold exactly this prefix, the caller's own; None where `num_tokens` is 0.
        matched_tokens: longest agreement with anything stored in this namespace; more than `num_tokens` where
            the model's state could not be taken up there.
        stored_ids: up to 16 tokens that follow the agreement in what is stored.
        source: `disk` where a part was read back for this hit, else `ram`; `none` without a hit.
    """

    num_tokens: int
    cache: list[Any] | None
    matched_tokens: int
    stored_ids: list[int]
    source: str


@dataclass(frozen=True, slots=True)
class Stats:
    """Counts since the start, and what there is now.

    Attributes:
        num_refused: inserts that did not fit, or whose cache was not what it should be.
        num_nodes: edges known, on disk or in memory.
        disk: of the disk tier.
    """

    num_lookups: int
    num_hits: int
    num_hit_tokens: int
    num_inserts: int
    num_refused: int
    num_evicted: int
    num_nodes: int
    num_tokens: int
    nbytes: int
    disk_nbytes: int
    disk_files: int
    disk: Counters


class PrefixCache:
    """Prefixes of one model. All methods are for the one thread that owns MLX.

    Args:
        make_cache: fresh per-layer caches, as `make_prompt_cache(model)` makes them.
        budget_bytes: bound of what is held in memory, writes under way included.
        fingerprint: names all that decides what a cache contains.
        disk: a tier that nobody else uses; started and closed here.

    Raises:
        layers.Unsupported: this model's caches cannot be kept; see `supports`.
    """

    def __init__(
        self,
        make_cache: Callable[[], list[Any]],
        *,
        budget_bytes: int,
        fingerprint: str,
        disk: DiskTier | None = None,
    ) -> None:
        self._make_cache = make_cache
        self._layout = layers.layout_of(make_cache())
        self._store = Store(self._layout, budget_bytes)
        self._wanted_bytes = budget_bytes
        self._disk = disk
        self._mirror = Mirror(self._store, disk, fingerprint) if disk is not None else None
        self._counts = dict.fromkeys(("lookups", "hits", "hit_tokens", "inserts", "refused"), 0)

    @staticmethod
    def supports(cache: list[Any]) -> str | None:
        """Why caches like this cannot be kept; None where they can."""
        try:
            layers.layout_of(cache)
        except layers.Unsupported as error:
            return str(error)
        return None

    @property
    def nbytes(self) -> int:
        """Bytes in memory that count against the budget."""
        return self._store.nbytes

    @property
    def num_tokens(self) -> int:
        """Tokens whose content is in memory."""
        return sum(len(node.tokens) for node in self._store.trie.nodes() if node.held.segments is not None)

    def set_budget(self, budget_bytes: int) -> int:
        """Change the bound of what is held in memory, and evict down to it at once; 0 keeps nothing.

        Returns:
            The bound that holds. It is more than was asked for while the disk tier reads or writes what
            would have to go; later calls, whichever they are, lower it.
        """
        self._wanted_bytes = budget_bytes
        self._store.budget_bytes = max(self._store.budget_bytes, budget_bytes)
        self._settle()
        return self._store.budget_bytes

    def lookup(self, salt: str, prompt_ids: list[int]) -> Hit | None:
        """The longest restorable prefix of at most `len(prompt_ids) - 1` tokens.

        None while a part of it, or the index, is being read from disk: ask again after `on_ready`.
        """
        if not self._settle():
            return None
        key = text_digest(salt, "salt")
        match = self._store.trie.match(key, token_array(prompt_ids))
        limit = len(prompt_ids) - 1
        plan = longest(match, limit, self._layout, with_disk=False)
        further = longest(match, limit, self._layout, with_disk=True)
        if further.length > plan.length:
            if self._fetch(further):
                return None
            # Room may have been made in vain, at the cost of the plan's checkpoint.
            plan = longest(match, limit, self._layout, with_disk=False)
        self._counts["lookups"] += 1
        return self._restore(key, match, plan)

    def _missing(self, plan: Plan) -> list[CacheNode]:
        """Nodes of which something is on disk only."""
        missing = [node for node in plan.nodes if node.held.segments is None]
        if plan.donor is not None and plan.donor.held.checkpoint is None and plan.donor not in missing:
            missing.append(plan.donor)
        return missing

    def _fetch(self, plan: Plan) -> bool:
        """See to it that what is on disk only is read. False where it is better to go on without."""
        assert self._mirror is not None
        missing = self._missing(plan)
        segments = [
            node for node in plan.nodes if segment_bytes_on_disk(node) and not node.held.reserved_segments
        ]
        donor = plan.donor if plan.donor is not None and plan.donor.held.checkpoint is None else None
        if donor is not None and donor.held.reserved_checkpoint:
            donor = None
        if not segments and donor is None:
            return True
        if any(node.held.num_reads >= MAX_READS for node in missing):
            for node in missing:
                node.held.num_reads = 0
            return False
        needed = sum(segment_bytes_on_disk(node) for node in segments)
        if donor is not None and donor.held.checkpoint_file is not None:
            needed += donor.held.checkpoint_file.nbytes
        if not make_room(self._store, needed, set(plan.nodes), plan.donor):
            return False
        for node in missing:
            node.held.num_reads += 1
        self._mirror.request(segments, donor)
        return True

    def _restore(self, key: str, match: Match[Held], plan: Plan) -> Hit:
        source, cache = "none", None
        if plan.length:
            parts = [node.held.segments for node in plan.nodes if node.held.segments is not None]
            assert len(parts) == len(plan.nodes)
            cache = self._make_cache()
            kept = plan.donor.held.checkpoint if plan.donor is not None else None
            layers.restore(self._layout, cache, parts, kept, plan.length)
            source = self._used(plan)
            self._counts["hits"] += 1
            self._counts["hit_tokens"] += plan.length
        return Hit(
            num_tokens=plan.length,
            cache=cache,
            matched_tokens=match.length,
            stored_ids=self._store.trie.following(key, match, MAX_STORED_IDS),
            source=source,
        )

    def _used(self, plan: Plan) -> str:
        """Refresh what a hit has used. Returns where it came from."""
        tick = self._store.trie.touch(plan.nodes[-1])
        used = plan.nodes if plan.donor is None else [*plan.nodes, plan.donor]
        if plan.donor is not None:
            plan.donor.held.checkpoint_tick = tick
            self._store.trie.touch(plan.donor)
        source = "disk" if any(node.held.came_from_disk for node in used) else "ram"
        for node in used:
            node.held.came_from_disk, node.held.num_reads = False, 0
        return source

    def insert(self, salt: str, token_ids: list[int], cache: list[Any], role: str) -> None:
        """Keep what is not there yet of a cache that holds exactly `token_ids`; nothing if that does not fit.

        Args:
            cache: the sequence's own caches at batch 1. They are copied, and may be written to afterwards.
            role: `system`, `user` or `assistant`, of the message that ends here.
        """
        if role not in RANKS:
            raise ValueError(f"{role!r} is no role")
        self._settle()
        if not token_ids:
            return
        self._counts["inserts"] += 1
        if fault := layers.mismatch(self._layout, cache, len(token_ids)):
            self._refuse(f"a cache is not kept: {fault}")
            return
        shapes = signature(layers.segments(self._layout, cache, 0, 1))
        if self._store.signature not in (None, shapes):
            logger.warning("prefix cache: the shapes of the model's caches have changed; all is dropped")
            self.clear()
        self._store.signature = shapes
        key = text_digest(salt, "salt")
        path = insertion.insert(self._store, key, token_array(token_ids), cache, role)
        if path is None:
            self._counts["refused"] += 1
        elif self._mirror is not None:
            self._mirror.persist(key, path)

    def _refuse(self, reason: str) -> None:
        level = logging.DEBUG if self._counts["refused"] else logging.WARNING
        logger.log(level, "prefix cache: %s", reason)
        self._counts["refused"] += 1

    def clear(self) -> None:
        """Drop everything, in memory and on disk."""
        self._settle()
        for root in list(self._store.trie.roots.values()):
            for child in list(root.children.values()):
                self._store.forget(child)
        self._store.signature = None
        if self._mirror is not None:
            self._mirror.skip_index()

    def flush(self, timeout_s: float) -> bool:
        """Wait until the disk tier has done all it was asked for, and take that in. False past the time."""
        is_idle = self._disk is None or self._disk.wait_idle(timeout_s)
        self._settle()
        return is_idle

    def close(self, timeout_s: float = 10.0) -> bool:
        """Write what is queued, for so long at most, and end the disk tier. False where writes were left."""
        return self._mirror is None or self._mirror.close(timeout_s)

    def _settle(self) -> bool:
        is_settled = self._mirror is None or self._mirror.settle()
        if self._store.budget_bytes > self._wanted_bytes:
            shrink(self._store, self._wanted_bytes)
        return is_settled

    def stats(self) -> Stats:
        """Counts, for people and tests."""
        counts, disk = self._counts, self._disk
        return Stats(
            num_lookups=counts["lookups"],
            num_hits=counts["hits"],
            num_hit_tokens=counts["hit_tokens"],
            num_inserts=counts["inserts"],
            num_refused=counts["refused"],
            num_evicted=self._store.num_evicted,
            num_nodes=sum(1 for _ in self._store.trie.nodes()),
            num_tokens=self.num_tokens,
            nbytes=self.nbytes,
            disk_nbytes=disk.nbytes if disk is not None else 0,
            disk_files=disk.num_files if disk is not None else 0,
            disk=disk.counters if disk is not None else Counters(),
        )

    def check(self) -> str:
        """What is wrong inside, or an empty string; recomputes all sums."""
        return self._store.check() or (self._mirror.check() if self._mirror is not None else "")
