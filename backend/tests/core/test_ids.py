"""Ids are UUIDv7: they name their kind, sort by time and never repeat."""

import time
import uuid

import pytest

from mlx_manager.core.ids import new_id


def test_layout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time_ns", lambda: 0x0192F0C4A7D8 * 1_000_000 + 999_999)
    prefix, _, text = new_id("req").partition("_")
    assert prefix == "req"
    assert len(text) == 32
    value = uuid.UUID(text)
    assert value.version == 7
    assert value.variant == uuid.RFC_4122
    assert value.int >> 80 == 0x0192F0C4A7D8
    assert text == text.lower()


def test_order(monkeypatch: pytest.MonkeyPatch) -> None:
    ids = []
    for millisecond in (0, 1, 255, 2**32, 2**47, 2**48 - 1):
        monkeypatch.setattr(time, "time_ns", lambda now=millisecond: now * 1_000_000)
        ids.append(new_id("x"))
    assert ids == sorted(ids)


def test_uniqueness(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time_ns", lambda: 0)
    assert len({new_id("x") for _ in range(20_000)}) == 20_000
