"""Ids: a type's prefix and a UUIDv7, so that they sort by time and say what they name."""

import secrets
import time


def new_id(prefix: str) -> str:
    """A fresh id such as `req_0192f0c4a7d87c3b9d5e6f708192a3b4` (RFC 9562, version 7)."""
    milliseconds = time.time_ns() // 1_000_000
    high = (milliseconds & (1 << 48) - 1) << 16 | 0x7000 | secrets.randbits(12)
    low = 0b10 << 62 | secrets.randbits(62)
    return f"{prefix}_{high:016x}{low:016x}"
