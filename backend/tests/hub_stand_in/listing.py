"""The hub's list of models: filtered, sorted, page by page."""

import base64
from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import urlencode

from tests.hub_stand_in.repositories import Repository

_SORTS: Final = {
    "downloads": lambda repo: repo.downloads,
    "likes": lambda repo: repo.likes,
    "lastModified": lambda repo: repo.last_modified,
    "createdAt": lambda repo: repo.created_at,
    "trendingScore": lambda repo: repo.likes,
}
# What the hub says without being asked for more.
_PLAIN: Final = ("_id", "id", "modelId", "likes", "private", "downloads", "tags", "pipeline_tag")
_ALWAYS: Final = ("_id", "id")


class BadQuery(Exception):
    """The hub answers with 400."""


def models_page(
    repositories: Iterable[Repository], query: dict[str, list[str]], base_url: str
) -> tuple[list[dict[str, Any]], str | None]:
    """A page, and the header `Link` where there are more."""
    found = [repo for repo in repositories if _matches(repo, query)]
    sort = query.get("sort", ["trendingScore"])[0]
    if sort not in _SORTS:
        raise BadQuery(f"sort={sort}")
    found.sort(key=lambda repo: (_SORTS[sort](repo), repo.repo_id), reverse=True)
    limit = min(int(query.get("limit", ["1000"])[0]), 1000)
    start = _start_of(query["cursor"][0]) if "cursor" in query else 0
    page = [_shown(repo, query.get("expand", [])) for repo in found[start : start + limit]]
    if start + limit >= len(found):
        return page, None
    cursor = base64.b64encode(f'{{"$skip":{start + limit}}}'.encode()).decode()
    following = urlencode({**query, "cursor": [cursor]}, doseq=True)
    return page, f'<{base_url}/api/models?{following}>; rel="next"'


def _start_of(cursor: str) -> int:
    try:
        return int(base64.b64decode(cursor).decode().partition(":")[2].rstrip("}"))
    except ValueError:
        raise BadQuery("cursor") from None


def _matches(repo: Repository, query: dict[str, list[str]]) -> bool:
    wanted = [tag for value in query.get("filter", []) for tag in value.split(",")]
    search = query.get("search", [""])[0].lower()
    task = query.get("pipeline_tag", [repo.pipeline_tag])[0]
    return (
        not repo.is_private
        and set(wanted) <= {*repo.tags, repo.library_name, repo.pipeline_tag}
        and all(word in repo.repo_id.lower() for word in search.split())
        and task == repo.pipeline_tag
    )


def _shown(repo: Repository, expand: list[str]) -> dict[str, Any]:
    names = (*_ALWAYS, *expand) if expand else _PLAIN
    info = repo.info()
    shown = {name: info[name] for name in names if name in info}
    if "siblings" in expand:
        shown["siblings"] = repo.siblings(with_blobs=False)
    return shown
