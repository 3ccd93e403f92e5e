"""Secrets of other services: sealed in the database, with a key that is not in it."""

import asyncio

from sqlmodel import select

from mlx_manager.core.security.sealing import SealingKey, UnsealError, seal, unseal
from mlx_manager.core.times import utc_now
from mlx_manager.db.session import Database
from mlx_manager.db.tables import StoredSecret


class SecretUnreadableError(Exception):
    """A secret is there and cannot be read."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"the secret {name!r} cannot be read: {reason}. Set it again")
        self.name = name


class SecretVault:
    """Secrets by their names, such as `huggingface`.

    Args:
        key: see `core.security.secret_key.encryption_key`.
    """

    def __init__(self, database: Database, key: SealingKey) -> None:
        self._database = database
        self._key = key

    async def put(self, name: str, text: str) -> None:
        """Keep a secret, in place of what had the name before."""
        # In a thread: the first one imports cryptography.
        sealed = await asyncio.to_thread(seal, text, self._key)
        async with self._database.session() as session:
            await session.merge(StoredSecret(name=name, sealed=sealed, updated_at=utc_now()))

    async def get(self, name: str) -> str | None:
        """The secret, or None where there is none of this name. Raises SecretUnreadableError."""
        async with self._database.reading() as session:
            row = await session.get(StoredSecret, name)
        return None if row is None else await self._unseal(row)

    async def delete(self, name: str) -> bool:
        """Forget a secret; False where there is none of this name."""
        async with self._database.session() as session:
            row = await session.get(StoredSecret, name)
            if row is not None:
                await session.delete(row)
        return row is not None

    async def names(self) -> list[str]:
        """Of all the secrets, in order."""
        async with self._database.reading() as session:
            return list(await session.exec(select(StoredSecret.name).order_by(StoredSecret.name)))

    async def reseal(self) -> None:
        """Seal every secret with the newest of the key's keys; all of them, or SecretUnreadableError."""
        async with self._database.session() as session:
            for row in await session.exec(select(StoredSecret)):
                row.sealed = await asyncio.to_thread(seal, await self._unseal(row), self._key)
                session.add(row)

    async def _unseal(self, row: StoredSecret) -> str:
        try:
            return await asyncio.to_thread(unseal, row.sealed, self._key)
        except UnsealError as error:
            raise SecretUnreadableError(row.name, str(error)) from None
