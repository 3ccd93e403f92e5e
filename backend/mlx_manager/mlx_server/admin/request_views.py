"""Requests as JSON, and where their prompts left the prefix cache."""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.mlx_server.protocols.openai.wire import cache_reason
from mlx_manager.mlx_server.request_log import RequestRecord
from mlx_manager.mlx_server.serving import Serving
from mlx_manager.mlx_server.text.cache_trace import CacheTrace


def newest_first(records: Sequence[RequestRecord]) -> list[RequestRecord]:
    """In the order of their arrival, backwards."""
    return sorted(records, key=lambda record: record.begun_at, reverse=True)


def find(serving: Serving, request_id: str) -> list[RequestRecord]:
    """All requests of this id, newest first; or the one whose `row_id` it is.

    Raises:
        ApiError: there is none, or it is too long ago.
    """
    records = newest_first(serving.generator.log.records())
    found = [record for record in records if record.row_id == request_id]
    found = found or [record for record in records if record.request_id == request_id]
    if not found:
        message = f"no request has the id {request_id[:128]}, or it is not among the last that ran"
        raise ApiError(ErrorCode.NOT_FOUND, message, param="request_id")
    return found


async def detail_view(serving: Serving, record: RequestRecord) -> dict[str, Any]:
    """All that is known of a request; see `RequestDetail`."""
    trace = record.cache
    if trace is not None and trace.restored is not None and trace.needs_tokenizer:
        await _find_message(serving, trace)
    report = None if trace is None else trace.explain()
    view: dict[str, Any] = record.view() | {"cache": None, "cache_unknown": None}
    if trace is None or report is None:
        ended = "it ended before its model's engine began with it"
        why = "its model's engine has not begun with it" if record.outcome is None else ended
        return view | {"cache_unknown": why}
    cache = asdict(report) | {"reason": cache_reason(report), "message_unknown": trace.why_unknown or None}
    if trace.report is None:
        cache |= {"prompt_text": None, "stored_text": None}
    return view | {"cache": cache}


async def _find_message(serving: Serving, trace: CacheTrace) -> None:
    try:
        tokenizer = await serving.pool.tokenizer(trace.model)
        await asyncio.to_thread(trace.find_message, tokenizer)
    except ApiError as error:
        trace.why_unknown = error.message
    finally:
        trace.close()
