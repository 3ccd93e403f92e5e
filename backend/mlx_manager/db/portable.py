"""Rows as lines of JSON, the same whichever database they come from.

Times are RFC 3339 in UTC with microseconds; a JSON column is its text, so that SQL's NULL and JSON's null
stay apart. Tables are as the database itself describes them, so this works at any revision.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from itertools import islice
from typing import IO, Any, Final

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    Date,
    DateTime,
    Float,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    cast,
    delete,
    insert,
    select,
)

from mlx_manager.db.schema_version import TABLES

_BATCH_ROWS: Final = 500


def our_tables(connection: Connection) -> list[Table]:
    """Our tables as they are in the database; one that refers to another comes after it."""
    metadata = MetaData()
    metadata.reflect(connection, only=lambda name, _: name in TABLES)
    for table in metadata.sorted_tables:
        for column in table.columns:
            if isinstance(column.type, JSON):
                column.type.none_as_null = True
    return metadata.sorted_tables


def write_rows(connection: Connection, table: Table, file: IO[bytes]) -> int:
    """Write a table's rows, a line each, and return how many there were."""
    columns = [
        cast(column, Text).label(column.name) if _is_json(column) else column for column in table.columns
    ]
    query = select(*columns).order_by(*table.primary_key.columns)
    num_rows = 0
    for row in connection.execute(query, execution_options={"yield_per": _BATCH_ROWS}).mappings():
        line = {name: _encode(value) for name, value in row.items()}
        file.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")
        num_rows += 1
    return num_rows


def replace_rows(connection: Connection, rows: Mapping[str, Iterable[Mapping[str, Any]]]) -> None:
    """Let the tables hold these rows and no others.

    PostgreSQL stores no NUL in a text; it becomes U+FFFD there.

    Args:
        rows: of every table of ours, as `write_rows` wrote them.

    Raises:
        ValueError: A row does not fit its table, or the tables are others.
    """
    tables = our_tables(connection)
    if differing := {table.name for table in tables} ^ rows.keys():
        raise ValueError(f"the tables differ: {', '.join(sorted(differing))}")
    takes_nul = connection.dialect.name == "sqlite"
    for table in reversed(tables):
        connection.execute(delete(table))
    for table in tables:
        decoded = (_decode_row(table, row, takes_nul) for row in rows[table.name])
        while batch := list(islice(decoded, _BATCH_ROWS)):
            connection.execute(insert(table), batch)


def _is_json(column: Column[Any]) -> bool:
    return isinstance(column.type, JSON)


def _encode(value: Any) -> Any:
    match value:
        case None | bool() | int() | float() | str():
            return value
        case datetime():
            # SQLite drops the zone, which is always UTC.
            aware = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
            return aware.isoformat(timespec="microseconds").replace("+00:00", "Z")
        case date():
            return value.isoformat()
    raise TypeError(f"a backup has no form for {type(value).__name__}")


def _decode_row(table: Table, row: Mapping[str, Any], takes_nul: bool) -> dict[str, Any]:
    if differing := row.keys() ^ set(table.columns.keys()):
        raise ValueError(f"the columns of {table.name} differ: {', '.join(sorted(differing))}")
    decoded = {}
    for column in table.columns:
        value = row[column.name]
        try:
            decoded[column.name] = None if value is None else _decode(column, value)
        except (TypeError, ValueError, RecursionError) as error:
            raise ValueError(f"{table.name}.{column.name} holds what does not fit ({error})") from error
        if isinstance(value, str) and not takes_nul and not _is_json(column) and "\0" in value:
            decoded[column.name] = value.replace("\0", "\ufffd")
    return decoded


def _decode(column: Column[Any], value: Any) -> Any:
    match column.type, value:
        case JSON(), str():
            parsed = json.loads(value)
            return JSON.NULL if parsed is None else parsed
        case DateTime(), str():
            time = datetime.fromisoformat(value)
            if time.tzinfo is None:
                raise ValueError("a time without its zone")
            return time.astimezone(UTC)
        case Date(), str():
            return date.fromisoformat(value)
        case Boolean(), bool():
            return value
        case Integer(), int() if not isinstance(value, bool):
            return value
        case Float(), int() | float() if not isinstance(value, bool):
            return float(value)
        case String(), str():
            return value
    raise TypeError(f"{type(value).__name__} for {column.type}")
