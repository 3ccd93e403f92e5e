"""A part of a list, as the dialects' lists are read: so many, after or before an id."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from mlx_manager.core.errors import ApiError, ErrorCode

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page:
    """What of a list is wanted.

    Attributes:
        limit: the most items, or None for all.
        after: the id of the item before the first wanted one.
        before: the id of the item after the last wanted one.
    """

    limit: int | None = None
    after: str | None = None
    before: str | None = None


@dataclass(frozen=True, slots=True)
class Part(Generic[T]):
    """A part of a list, and whether there is more in the direction that was read."""

    items: list[T]
    has_more: bool


def page_of(items: Sequence[T], id_of: Callable[[T], str], page: Page) -> Part[T]:
    """The part of the list that is wanted.

    Raises:
        ApiError: an id is none of the list's.
    """
    ids = [id_of(item) for item in items]
    start = 0 if page.after is None else _index(ids, page.after, "after_id") + 1
    end = len(items) if page.before is None else _index(ids, page.before, "before_id")
    wanted = list(items[start:end])
    if page.limit is None or len(wanted) <= page.limit:
        return Part(wanted, False)
    # Read backwards from an id, the part next to it is wanted.
    is_backwards = page.before is not None and page.after is None
    return Part(wanted[-page.limit :] if is_backwards else wanted[: page.limit], True)


def _index(ids: Sequence[str], wanted: str, param: str) -> int:
    try:
        return ids.index(wanted)
    except ValueError:
        raise ApiError(ErrorCode.INVALID_REQUEST, f"{param}: nothing has this id", param=param) from None
