"""Requests to the hub, by huggingface_hub's own session, headers and reading of errors.

Everything here blocks: call it in a thread. Answers are read up to a limit, since whoever answers may be
any mirror; `HfApi` would read them whole, wait for ever (its session has no timeout), and hide the cursor
that the next page is asked for with.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final
from urllib.parse import parse_qs, quote, urlsplit

from mlx_manager import __version__
from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.hub.faults import reading_faults
from mlx_manager.hub.plain_json import parse_plain

Params = Mapping[str, str | int | list[str]]

_TIMEOUT_S: Final = 15.0
_MAX_JSON_BYTES: Final = 32 * 2**20


@dataclass(frozen=True, slots=True)
class Site:
    """Where to ask, and as whom.

    Attributes:
        endpoint: such as `https://huggingface.co`.
        token: sent to this endpoint alone, never to where it redirects; None sends none.
    """

    endpoint: str
    token: str | None = field(default=None, repr=False)

    def headers(self) -> dict[str, str]:
        """What each request says of us, and the token."""
        # Never None, which would send whatever token the machine's user has signed in with.
        token = self.token or False
        headers: dict[str, str] = hugging_face().build_hf_headers(
            token=token, library_name="mlx-manager", library_version=__version__
        )
        return headers

    def file_url(self, repo_id: str, commit_hash: str, path: str) -> str:
        """Where a file's content is asked for."""
        return f"{self.endpoint}/{repo_id}/resolve/{quote(commit_hash, safe='')}/{quote(path)}"


@cache
def hugging_face() -> Any:
    """The library, imported at first need (0.3 s), and told to keep to itself."""
    from huggingface_hub import constants, utils

    # Else its User-Agent says what is installed, and it asks huggingface.co which agents there are.
    constants.HF_HUB_DISABLE_TELEMETRY = True
    # Whoever looks for a model wants the network, even where this process' tokenizers do without.
    constants.HF_HUB_OFFLINE = False
    return utils


@contextmanager
def opened(
    site: Site,
    url: str,
    *,
    params: Params | None = None,
    headers: Mapping[str, str] | None = None,
    timeout_s: float = _TIMEOUT_S,
) -> Iterator[Any]:
    """An answer whose body has not been read. Redirects are followed, without the token.

    Raises:
        ApiError: the hub refuses, fails, or cannot be reached; from reading the body within the block, too.
    """
    library = hugging_face()
    with reading_faults(site.endpoint):
        stream = library.get_session().stream(
            "GET",
            url,
            params=dict(params or {}),
            headers=site.headers() | dict(headers or {}),
            timeout=timeout_s,
        )
        with stream as response:
            library.hf_raise_for_status(response)
            yield response


def read_bytes(site: Site, url: str, limit_bytes: int) -> bytes:
    """The first `limit_bytes` of what is there. Raises ApiError."""
    with opened(site, url) as response:
        return _read(response, limit_bytes)


def read_json(site: Site, path: str, params: Params | None = None) -> tuple[Any, str | None]:
    """A JSON answer of the hub's interface, and the cursor of the page after it. Raises ApiError."""
    with opened(site, site.endpoint + path, params=params) as response:
        body = _read(response, _MAX_JSON_BYTES)
        following = response.links.get("next", {}).get("url", "")
    try:
        return parse_plain(body), (parse_qs(urlsplit(following).query).get("cursor") or [None])[0]
    except ValueError:
        message = f"{site.endpoint} answered {path} with something that is not JSON"
        raise ApiError(ErrorCode.HUB_UNAVAILABLE, message) from None


def _read(response: Any, limit_bytes: int) -> bytes:
    body = bytearray()
    for piece in response.iter_bytes():
        body += piece
        if len(body) >= limit_bytes:
            break
    return bytes(body[:limit_bytes])
