"""Rows that are hard to keep, for every table of every revision, and how to read them back.

The dumps in `dumps/` hold these. What a revision had is never changed; a new one adds its own.
"""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

from sqlalchemy import Connection, MetaData, Table, insert, select, update

from mlx_manager.db.schema_version import VERSION_TABLE
from mlx_manager.db.session import Database
from mlx_manager.db.whole import snapshot

Row = dict[str, Any]

AWKWARD = 'O\'Brien "quoted" \\ back;--\n\t“zwölf” 数据库 🦙 e\u0301 %s :name'
FIRST = datetime(1970, 1, 1, 0, 0, 0, 1, tzinfo=UTC)
EARLY = datetime(2026, 3, 29, 0, 59, 59, 999999, tzinfo=UTC)
LATE = datetime(2026, 10, 25, 3, 30, 0, 120000, tzinfo=timezone(timedelta(hours=2)))
# Not the very last one, which asyncpg takes for infinity.
LAST = datetime(9999, 12, 31, 23, 59, 59, 999998, tzinfo=UTC)
WHOLE_SECOND = datetime(2026, 2, 28, 12, 0, 0, tzinfo=UTC)

_FIRST_REVISION: dict[str, list[Row]] = {
    "users": [
        {
            "id": "user_1",
            "name": AWKWARD,
            "name_folded": AWKWARD.casefold(),
            "password_digest": "$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA",
            "role": "admin",
            "status": "active",
            "is_builtin": False,
            "created_at": FIRST,
            "last_sign_in_at": LAST,
        },
        {
            "id": "user_2",
            "name": "ada",
            "name_folded": "ada",
            "password_digest": None,
            "role": "user",
            "status": "pending",
            "is_builtin": False,
            "created_at": EARLY,
            "last_sign_in_at": None,
        },
    ],
    "one_time_tokens": [
        {
            "id": "otk_1",
            "kind": "invitation",
            "digest": "d'1",
            "user_id": None,
            "role": "user",
            "created_by": "user_1",
            "created_at": EARLY,
            "expires_at": LATE,
            "used_at": None,
        },
        {
            "id": "otk_2",
            "kind": "password_reset",
            "digest": "d2",
            "user_id": "user_2",
            "role": None,
            "created_by": None,
            "created_at": WHOLE_SECOND,
            "expires_at": LAST,
            "used_at": LATE,
        },
    ],
    "sessions": [
        {
            "id": "ses_1",
            "user_id": "user_1",
            "user_agent": AWKWARD,
            "address": "::ffff:127.0.0.1",
            "created_at": FIRST,
            "expires_at": LATE,
            "revoked_at": EARLY,
            "revoked_reason": "reused",
        },
        {
            "id": "ses_2",
            "user_id": "user_2",
            "user_agent": "",
            "address": "",
            "created_at": WHOLE_SECOND,
            "expires_at": LAST,
            "revoked_at": None,
            "revoked_reason": None,
        },
    ],
    "refresh_tokens": [
        {"id": "rft_1", "session_id": "ses_1", "digest": "r1", "created_at": EARLY, "used_at": LATE},
        {"id": "rft_2", "session_id": "ses_2", "digest": "r2", "created_at": FIRST, "used_at": None},
    ],
    "api_keys": [
        {
            "id": "key_1",
            "user_id": "user_1",
            "name": "laptop",
            "digest": "k1",
            "hint": "sk-mlx-ab…",
            "scopes": ["inference", "admin"],
            "models": [AWKWARD, "org/model", ""],
            "requests_per_minute": 0,
            "tokens_per_day": 2_147_483_647,
            "capture_days": 30,
            "created_at": FIRST,
            "expires_at": LAST,
            "last_used_at": EARLY,
            "revoked_at": None,
        },
        {
            # The same name as the one before, which is allowed because it was revoked.
            "id": "key_2",
            "user_id": "user_1",
            "name": "laptop",
            "digest": "k2",
            "hint": "",
            "scopes": [],
            "models": None,
            "requests_per_minute": None,
            "tokens_per_day": None,
            "capture_days": None,
            "created_at": EARLY,
            "expires_at": None,
            "last_used_at": None,
            "revoked_at": LATE,
        },
    ],
    "stored_secrets": [
        {"name": "huggingface", "sealed": "gAAAAA==", "updated_at": LATE},
        {"name": AWKWARD, "sealed": "", "updated_at": WHOLE_SECOND},
    ],
    "auth_state": [{"id": 1, "revision": 41}],
}

_SECOND_REVISION: dict[str, list[Row]] = _FIRST_REVISION | {
    "inference_requests": [
        {
            "id": "inf_1",
            "request_id": AWKWARD,
            "server_id": "srv_1",
            "started_at": EARLY,
            "ended_at": LATE,
            "user_id": "user_1",
            "key_id": "a key that is gone",
            "model": "org/model 数据",
            "backend": "local",
            "dialect": "openai",
            "is_stream": True,
            "outcome": "finished",
            "status": 200,
            "finish_reason": "stop",
            "error_code": None,
            "queue_s": 0.0,
            "prefill_s": 0.1,
            "first_token_s": 1e-9,
            "total_s": 1e9 / 3,
            "tokens_per_second": 5e-324,
            "prompt_tokens": 2_147_483_647,
            "cached_tokens": 1,
            "completion_tokens": 0,
        },
        {
            "id": "inf_2",
            "request_id": "",
            "server_id": "srv_1",
            "started_at": FIRST,
            "ended_at": None,
            "user_id": None,
            "key_id": None,
            "model": None,
            "backend": None,
            "dialect": "anthropic",
            "is_stream": False,
            "outcome": "running",
            "status": None,
            "finish_reason": None,
            "error_code": None,
            "queue_s": None,
            "prefill_s": None,
            "first_token_s": None,
            "total_s": None,
            "tokens_per_second": None,
            "prompt_tokens": 0,
            "cached_tokens": 0,
            "completion_tokens": 0,
        },
    ],
    "captured_texts": [
        {"request_row_id": "inf_1", "prompt": AWKWARD * 3, "answer": "\n", "expires_at": LAST},
        {"request_row_id": "inf_2", "prompt": "", "answer": "", "expires_at": WHOLE_SECOND},
    ],
    "key_usage": [
        {"key_id": "key_1", "day": date(2026, 2, 28), "num_requests": 1, "num_tokens": 2_147_483_647},
        {"key_id": "key_1", "day": date(9999, 12, 30), "num_requests": 0, "num_tokens": 0},
    ],
}

_THIRD_REVISION: dict[str, list[Row]] = _SECOND_REVISION | {
    "stored_responses": [
        {
            "id": "resp_1",
            "user_id": "user_1",
            "key_id": "a key that is gone",
            "model": "org/model 数据",
            "created_at": EARLY,
            "expires_at": LAST,
            "previous_response_id": None,
            "status": "completed",
            "item_ids": " msg_1 rs_1 fc_1 ",
            "input_items": '[{"id":"msg_1","type":"message","content":"\\u0000 \\" 🦙"}]',
            "response": '{"id":"resp_1","output":[]}',
        },
        {
            "id": "resp_2",
            "user_id": "user_2",
            "key_id": None,
            "model": "",
            "created_at": FIRST,
            "expires_at": WHOLE_SECOND,
            "previous_response_id": "a response that is gone",
            "status": AWKWARD,
            "item_ids": "  ",
            "input_items": "[]",
            "response": AWKWARD * 3,
        },
    ],
}

_FOURTH_REVISION: dict[str, list[Row]] = _THIRD_REVISION | {
    "api_keys": [
        row | {"is_internal": number == 0} for number, row in enumerate(_THIRD_REVISION["api_keys"])
    ],
    "stored_settings": [
        {
            "name": "MLX_SERVER_ALIASES",
            "value": {AWKWARD: "数据"},
            "updated_at": EARLY,
            "updated_by": AWKWARD,
        },
        {"name": "MLX_SERVER_MAX_MEMORY_GB", "value": 1.5, "updated_at": LAST, "updated_by": None},
        {"name": "MLX_SERVER_PRELOAD", "value": [], "updated_at": FIRST, "updated_by": "user_1"},
    ],
    "downloads": [
        {
            "id": "dl_1",
            "requested_by": "a user who is gone",
            "repo_id": "org/model 数据",
            "revision": AWKWARD,
            "commit_hash": None,
            "status": "queued",
            "total_bytes": 0,
            "done_bytes": 0,
            "num_attempts": 0,
            "retry_at": None,
            "error_code": None,
            "error": None,
            "allows_pickle": False,
            "allows_code": True,
            "position": -1,
            "created_at": FIRST,
            "updated_at": EARLY,
            "finished_at": None,
        },
        {
            "id": "dl_2",
            "requested_by": "user_1",
            "repo_id": "org/model",
            "revision": "main",
            "commit_hash": "0" * 40,
            "status": "waiting",
            "total_bytes": 9_223_372_036_854_775_807,
            "done_bytes": 4_294_967_296,
            "num_attempts": 2_147_483_647,
            "retry_at": LATE,
            "error_code": "hub_unavailable",
            "error": AWKWARD,
            "allows_pickle": True,
            "allows_code": False,
            "position": 9_007_199_254_740_993,
            "created_at": WHOLE_SECOND,
            "updated_at": LATE,
            "finished_at": LAST,
        },
    ],
    "download_files": [
        {
            "download_id": "dl_2",
            "path": "a folder/模型.safetensors",
            "size_bytes": 9_223_372_036_854_775_807,
            "sha256": "f" * 64,
            "git_sha1": None,
            "is_done": True,
        },
        {
            "download_id": "dl_2",
            "path": AWKWARD,
            "size_bytes": 0,
            "sha256": None,
            "git_sha1": "e" * 40,
            "is_done": False,
        },
    ],
    "chat_folders": [
        {"id": "fold_1", "user_id": "user_1", "name": AWKWARD, "created_at": EARLY},
        {"id": "fold_2", "user_id": "user_2", "name": "", "created_at": LAST},
    ],
    "chats": [
        {
            "id": "chat_1",
            "user_id": "user_1",
            "folder_id": "fold_1",
            "title": AWKWARD,
            "model": "org/model 数据",
            "system_prompt": AWKWARD,
            "parameters": {"temperature": 0.5, "stop": [AWKWARD]},
            "shown_message_id": "msg_2",
            "is_pinned": True,
            "created_at": FIRST,
            "updated_at": LATE,
        },
        {
            "id": "chat_2",
            "user_id": "user_2",
            "folder_id": None,
            "title": "",
            "model": "",
            "system_prompt": "",
            "parameters": {},
            "shown_message_id": None,
            "is_pinned": False,
            "created_at": EARLY,
            "updated_at": LAST,
        },
    ],
    "chat_messages": [
        {
            "id": "msg_1",
            "chat_id": "chat_1",
            "parent_id": None,
            "role": "user",
            "status": "complete",
            "content": AWKWARD,
            "reasoning": "",
            "tool_calls": None,
            "tool_call_id": None,
            "model": None,
            "finish_reason": None,
            "error": None,
            "usage": None,
            "created_at": EARLY,
            "updated_at": EARLY,
        },
        {
            "id": "msg_2",
            "chat_id": "chat_1",
            "parent_id": "msg_1",
            "role": "assistant",
            "status": "writing",
            "content": "",
            "reasoning": AWKWARD,
            "tool_calls": [{"id": "call_1", "function": {"name": "f", "arguments": AWKWARD}}],
            "tool_call_id": "call_1",
            "model": "demo",
            "finish_reason": "tool_calls",
            "error": {"code": "worker_died", "message": AWKWARD},
            "usage": {"prompt_tokens": 9_007_199_254_740_993, "tokens_per_second": 0.1},
            "created_at": FIRST,
            "updated_at": LAST,
        },
    ],
    "chat_pieces": [
        {"message_id": "msg_2", "number": 0, "kind": "reasoning", "text": AWKWARD},
        {"message_id": "msg_2", "number": 2_147_483_647, "kind": "content", "text": ""},
    ],
    "chat_attachments": [
        {
            "id": "att_1",
            "chat_id": "chat_1",
            "message_id": "msg_1",
            "name": "../../数据.txt",
            "media_type": "text/plain",
            "size_bytes": 9_223_372_036_854_775_807,
            "sha256": "f" * 64,
            "text": AWKWARD * 3,
            "created_at": EARLY,
        },
        {
            "id": "att_2",
            "chat_id": "chat_2",
            "message_id": None,
            "name": "",
            "media_type": "text/markdown",
            "size_bytes": 0,
            "sha256": "",
            "text": "",
            "created_at": LAST,
        },
    ],
}

ROWS = {
    "0001": _FIRST_REVISION,
    "0002": _SECOND_REVISION,
    "0003": _THIRD_REVISION,
    "0004": _FOURTH_REVISION,
}
"""By revision and table. Beside these there is what the migrations themselves put in."""


def insert_rows(connection: Connection, revision: str) -> None:
    """Put a revision's rows into a database that is at it."""
    metadata = MetaData()
    metadata.reflect(connection)
    for table in metadata.sorted_tables:
        if table.name == "auth_state":
            connection.execute(update(table).values(revision=ROWS[revision]["auth_state"][0]["revision"]))
        elif table.name != VERSION_TABLE:
            connection.execute(insert(table), [_in_utc(row) for row in ROWS[revision][table.name]])


def _in_utc(row: Row) -> Row:
    return {
        name: value.astimezone(UTC) if isinstance(value, datetime) else value for name, value in row.items()
    }


async def read_all(database: Database) -> dict[str, list[Row]]:
    """Every row of every table, as the database itself describes them; times in UTC."""
    async with snapshot(database) as connection:
        return await connection.run_sync(_read_all)


def _read_all(connection: Connection) -> dict[str, list[Row]]:
    metadata = MetaData()
    metadata.reflect(connection)
    return {name: _read(connection, table) for name, table in sorted(metadata.tables.items())}


def _read(connection: Connection, table: Table) -> list[Row]:
    rows = connection.execute(select(table).order_by(*table.primary_key.columns)).mappings()
    return [{name: _aware(value) for name, value in row.items()} for row in rows]


def _aware(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    return value


def missing_rows(found: dict[str, list[Row]], revision: str) -> list[tuple[str, Row]]:
    """The rows of a revision that are not among `found`; a later revision may have added columns."""
    return [
        (table, row)
        for table, rows in ROWS[revision].items()
        for row in rows
        if not any(row.items() <= other.items() for other in found.get(table, []))
    ]
