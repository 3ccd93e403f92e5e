"""Times: UTC and aware of it, in the program, in the database and on the wire (RFC 3339)."""

from datetime import UTC, datetime


def utc_now() -> datetime:
    """Now, in UTC."""
    return datetime.now(UTC)
