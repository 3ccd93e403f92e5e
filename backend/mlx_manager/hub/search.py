"""The hub's models, searched: what the hub can filter it filters, the rest is done here.

A page of ours may take several of the hub's. Its cursor is the hub's own and how many of that page's
models were told already.
"""

import base64
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.hub.about import HubModel, model_of
from mlx_manager.hub.site import Params, Site, read_json

_EXPANDED: Final = (
    "author",
    "config",
    "createdAt",
    "downloads",
    "gated",
    "lastModified",
    "library_name",
    "likes",
    "pipeline_tag",
    "private",
    "safetensors",
    "tags",
)
_FILTERED_PAGE: Final = 100
_MOST_PAGES: Final = 5
MOST_BY_NAME: Final = 500
MAX_CURSOR_CHARS: Final = 2048


class Sort(StrEnum):
    """What comes first."""

    DOWNLOADS = "downloads"
    LIKES = "likes"
    UPDATED = "updated"
    CREATED = "created"
    NAME = "name"
    """By name among the 500 of the most downloads: the hub has no such order."""


_HUB_SORTS: Final = {
    Sort.DOWNLOADS: "downloads",
    Sort.LIKES: "likes",
    Sort.UPDATED: "lastModified",
    Sort.CREATED: "createdAt",
    Sort.NAME: "downloads",
}


@dataclass(frozen=True, slots=True)
class Query:
    """What is looked for.

    Attributes:
        task: such as `text-generation`, as the hub calls it.
        family: a `model_type`, such as `qwen3`.
        quantization: as `HubModel` has it.
        min_size_bytes: of the weights; with either bound, models of unknown size are left out.
    """

    search: str = ""
    task: str | None = None
    family: str | None = None
    quantization: str | None = None
    min_size_bytes: int | None = None
    max_size_bytes: int | None = None
    sort: Sort = Sort.DOWNLOADS
    mlx_only: bool = True
    limit: int = 30

    @property
    def is_filtered_here(self) -> bool:
        """Whether the hub lists more than is meant."""
        return any(
            bound is not None
            for bound in (self.family, self.quantization, self.min_size_bytes, self.max_size_bytes)
        )

    def is_met_by(self, model: HubModel) -> bool:
        """By what the hub does not filter."""
        if self.family is not None and self.family.lower() != (model.family or "").lower():
            return False
        if self.quantization is not None and self.quantization.lower() != model.quantization:
            return False
        if self.min_size_bytes is None and self.max_size_bytes is None:
            return True
        if (size := model.size_bytes) is None or size < (self.min_size_bytes or 0):
            return False
        return self.max_size_bytes is None or size <= self.max_size_bytes


@dataclass(frozen=True, slots=True)
class _Cursor:
    hub: str | None = None
    num_told: int = 0

    def __str__(self) -> str:
        return base64.urlsafe_b64encode(json.dumps([self.hub, self.num_told]).encode()).decode()


def search(site: Site, query: Query, cursor: str | None = None) -> tuple[Sequence[HubModel], str | None]:
    """A page of models and the cursor of the next one. Blocks.

    A page may hold fewer than `limit` models, even none, and have a next one: where filters leave little,
    no more than five pages of the hub's are read for one of ours.

    Raises:
        ApiError: the hub fails, or the cursor is not one of ours.
    """
    start = _parse(cursor)
    if query.sort is Sort.NAME:
        return _by_name(site, query, start)
    found: list[HubModel] = []
    for page, models, following in _pages(site, query, start.hub):
        skipped = start.num_told if page == start.hub else 0
        for position, model in enumerate(models):
            if position < skipped or not query.is_met_by(model):
                continue
            if len(found) == query.limit:
                return found, str(_Cursor(page, position))
            found.append(model)
        start = _Cursor(following, 0)
        if following is None or len(found) == query.limit:
            break
    return found, None if start.hub is None else str(start)


def _by_name(site: Site, query: Query, start: _Cursor) -> tuple[Sequence[HubModel], str | None]:
    found = [
        model for _, models, _ in _pages(site, query, None) for model in models if query.is_met_by(model)
    ]
    found.sort(key=lambda model: (model.repo_id.partition("/")[2].lower(), model.repo_id))
    end = start.num_told + query.limit
    return found[start.num_told : end], str(_Cursor(None, end)) if end < len(found) else None


def _pages(
    site: Site, query: Query, cursor: str | None
) -> Iterator[tuple[str | None, Sequence[HubModel], str | None]]:
    """Pages of the hub's: by which cursor it was asked for, what was on it, the next cursor."""
    size = _FILTERED_PAGE if query.is_filtered_here or query.sort is Sort.NAME else query.limit
    params = _params(query, size)
    for _ in range(_MOST_PAGES):
        answer, following = read_json(
            site, "/api/models", params if cursor is None else {**params, "cursor": cursor}
        )
        entries = answer if isinstance(answer, list) else []
        # Each keeps its place, so that a cursor means the same to the next who asks.
        yield cursor, [model for entry in entries if (model := model_of(entry)) is not None], following
        if following is None:
            return
        cursor = following


def _params(query: Query, size: int) -> Params:
    params: dict[str, str | int | list[str]] = {
        "sort": _HUB_SORTS[query.sort],
        "direction": -1,
        "limit": size,
        "expand": list(_EXPANDED),
    }
    # The hub tags a model with its `model_type`, and knows more of them than their configuration tells.
    filters = [tag for tag in ("mlx" if query.mlx_only else None, query.family) if tag]
    optional: list[tuple[str, str | list[str] | None]] = [
        ("filter", filters),
        ("search", query.search),
        ("pipeline_tag", query.task),
    ]
    return params | {name: value for name, value in optional if value}


def _parse(cursor: str | None) -> _Cursor:
    if cursor is None:
        return _Cursor()
    try:
        hub, num_told = json.loads(base64.urlsafe_b64decode(cursor))
    except (ValueError, TypeError):
        hub, num_told = 0, 0
    if not (hub is None or isinstance(hub, str)) or not isinstance(num_told, int) or num_told < 0:
        raise ApiError(ErrorCode.INVALID_REQUEST, "cursor: not one that this list has given", param="cursor")
    return _Cursor(hub, num_told)
