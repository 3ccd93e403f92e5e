"""Hashing passwords beside the event loop, a bounded amount of it at a time."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.core.security import passwords

MAX_AT_ONCE: Final = 2
"""Each takes 64 MiB and a core."""
MAX_WAITING: Final = 64

_Result = TypeVar("_Result")


class PasswordHashing:
    """Hashes and verifies passwords in threads of its own. Whoever comes when too many wait is refused."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(MAX_AT_ONCE, thread_name_prefix="argon2")
        self._num_waiting = 0

    async def hash(self, password: str) -> str:
        """A digest for the database."""
        return await self._run(lambda: passwords.hash_password(password))

    async def verify(self, password: str, digest: str | None) -> bool:
        """Whether the password is the one that was hashed; with None as slow, and False."""
        return await self._run(lambda: passwords.verify_password(password, digest))

    async def _run(self, work: Callable[[], _Result]) -> _Result:
        if self._num_waiting >= MAX_WAITING:
            raise ApiError(
                ErrorCode.SIGN_IN_THROTTLED, "too many are signing in at this moment", retry_after_s=1
            )
        self._num_waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._num_waiting -= 1
