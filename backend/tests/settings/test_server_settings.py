"""Settings of the server that a part of it alone shows."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import col, select

from mlx_manager.core.times import utc_now
from mlx_manager.db.audit import AuditTable
from mlx_manager.db.session import Database
from mlx_manager.db.tables import InferenceRequest
from mlx_manager.mlx_server import audit as audit_module
from mlx_manager.mlx_server.audit import AuditWriter
from mlx_manager.mlx_server.config import MLXServerSettings
from mlx_manager.mlx_server.pool.pool import ModelPool
from tests.databases import ON_SQLITE
from tests.live.pool_server import ALPHA, write_tiny


class Accounts:
    """What the writer asks of accounts."""

    def __init__(self, database: Database) -> None:
        self.audit = AuditTable(database)
        self.used_keys: dict[str, Any] = {}

    async def database(self) -> "Accounts":
        return self


async def kept(database: Database) -> list[str | None]:
    async with database.reading() as session:
        statement = select(InferenceRequest.model).order_by(col(InferenceRequest.started_at).desc())
        return list(await session.exec(statement))


@ON_SQLITE
async def test_audit_days_and_audit_max_rows(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both are looked at anew each time that the table is made small."""
    monkeypatch.setattr(audit_module, "_RETAIN_EVERY_S", 0.01)
    async with database.session() as session:
        for days in range(1, 8):
            at = utc_now() - timedelta(days=days)
            session.add(
                InferenceRequest(
                    request_id="r",
                    server_id="s",
                    dialect="d",
                    started_at=at,
                    outcome="finished",
                    model=str(days),
                )
            )
    settings = MLXServerSettings()

    async def wait_kept(*models: str) -> None:
        for _ in range(6000):
            if await kept(database) == list(models):
                return
            await asyncio.sleep(0.01)
        raise AssertionError(f"never were there only {models}")

    async with AuditWriter(settings, Accounts(database), lambda num: None):  # type: ignore[arg-type]
        await wait_kept(*"1234567")
        settings.take_stored({"audit_days": 4.5})
        await wait_kept(*"1234")
        settings.take_stored({"audit_days": 4.5, "audit_max_rows": 2})
        await wait_kept(*"12")


def test_kv_context_tokens_and_kv_concurrency(tmp_path: Path) -> None:
    """They are what memory for caches is reserved for at the next load."""
    write_tiny(tmp_path / ALPHA)
    settings = MLXServerSettings(model_dirs=[tmp_path], spare_worker=False, use_hf_cache=False)
    pool = ModelPool(settings)
    entry = pool.residents.entry(pool.describe(ALPHA))

    def reserved() -> int:
        return pool.residents.need(entry).wanted.kv

    settings.take_stored({"kv_context_tokens": 1024, "kv_concurrency": 1})
    once = reserved()
    settings.take_stored({"kv_context_tokens": 2048, "kv_concurrency": 1})
    assert reserved() == 2 * once
    settings.take_stored({"kv_context_tokens": 1024, "kv_concurrency": 3})
    assert reserved() == 3 * once
