"""What the hub refuses or fails at, in the words of our own errors."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from typing import Any, Final

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.core.times import utc_now

MAY_PASS: Final = frozenset({ErrorCode.HUB_UNAVAILABLE, ErrorCode.HUB_RATE_LIMITED})
"""What may be otherwise when it is tried again."""
# huggingface_hub 1 speaks HTTP by the one, 2 by the other; neither is ours to depend on.
_TRANSPORTS: Final = ("httpx", "httpx2", "httpcore", "httpcore2")
_OF_MODEL: Final = re.compile(r"/api/models/|/resolve/")
_BAD_TOKEN: Final = "Invalid credentials in Authorization header"
_DEFAULT_RETRY_S: Final = 10
_MAX_RETRY_S: Final = 3600
# https://www.ietf.org/archive/id/draft-ietf-httpapi-ratelimit-headers-09.html, as the hub sends it
_RATE_LIMIT: Final = re.compile(r"\br=0\b.*?\bt=(\d+)")


@contextmanager
def reading_faults(endpoint: str) -> Iterator[None]:
    """Turns what goes wrong in the block with a request to the hub into ApiError."""
    try:
        yield
    except ApiError:
        raise
    except Exception as error:
        if (fault := _fault_of(error, endpoint)) is None:
            raise
        raise fault from None


def _fault_of(error: Exception, endpoint: str) -> ApiError | None:
    response: Any = getattr(error, "response", None)
    status = getattr(response, "status_code", None)
    if status is not None:
        name = type(error).__name__
        if status == 401 and name == "HfHubHTTPError" and _OF_MODEL.search(response.request.url.path):
            # So the hub answers strangers who ask for names that are not there.
            is_known = response.headers.get("X-Error-Message") == _BAD_TOKEN
            name = name if is_known else "RepositoryNotFoundError"
        return _refusal(name, status, response.headers, endpoint)
    if type(error).__module__.partition(".")[0] in _TRANSPORTS:
        reason = str(error) or type(error).__name__
        return ApiError(ErrorCode.HUB_UNAVAILABLE, f"{endpoint} cannot be reached or broke off: {reason}")
    return None


def _refusal(name: str, status: int, headers: Mapping[str, str], endpoint: str) -> ApiError:
    """The library's class tells what the status alone does not: 401 may mean that nothing is there."""
    said = headers.get("X-Error-Message") or f"it answered with {status}"
    match name:
        case "GatedRepoError":
            message = "the model is gated: accept its terms on the hub, and set a token that may read it"
            return ApiError(ErrorCode.HUB_ACCESS_DENIED, message)
        case "DisabledRepoError":
            return ApiError(ErrorCode.HUB_ACCESS_DENIED, "the hub has disabled this model")
        case "RepositoryNotFoundError":
            return ApiError(
                ErrorCode.HUB_NOT_FOUND, "the hub has no such model, or none that this token may see"
            )
        case "RevisionNotFoundError":
            message = "the model has no such revision"
            return ApiError(ErrorCode.HUB_NOT_FOUND, message, param="revision")
    if status in (401, 403, 451):
        return ApiError(ErrorCode.HUB_ACCESS_DENIED, f"{endpoint} refuses: {said}")
    if status in (404, 410):
        return ApiError(ErrorCode.HUB_NOT_FOUND, f"{endpoint} does not have it: {said}")
    if status == 416:
        return ApiError(ErrorCode.HASH_MISMATCH, f"{endpoint} does not have the part that was asked for")
    if status == 429:
        message = f"{endpoint} wants fewer requests"
        return ApiError(ErrorCode.HUB_RATE_LIMITED, message, retry_after_s=_retry_after_s(headers))
    retry = _retry_after_s(headers) if "Retry-After" in headers else None
    return ApiError(ErrorCode.HUB_UNAVAILABLE, f"{endpoint} failed: {said}", retry_after_s=retry)


def _retry_after_s(headers: Mapping[str, str]) -> int:
    """Seconds or a date of `Retry-After`, or what the hub's `RateLimit` says."""
    stated: Any = headers.get("Retry-After", "").strip()
    if not stated and (limit := _RATE_LIMIT.search(headers.get("RateLimit", ""))):
        stated = limit[1]
    try:
        seconds = int(stated) if stated.isdigit() else _until(stated)
    except (ValueError, TypeError):
        seconds = _DEFAULT_RETRY_S
    return min(max(seconds, 1), _MAX_RETRY_S)


def _until(date: str) -> int:
    return int((parsedate_to_datetime(date) - utc_now()).total_seconds()) + 1
