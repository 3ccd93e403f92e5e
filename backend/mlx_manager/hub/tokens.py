"""The token with which the hub is asked: the environment's before the one in the database."""

import asyncio
import logging
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.db.secrets import SecretVault
from mlx_manager.hub.site import Site, read_json

VARIABLE: Final = "HF_TOKEN"
SECRET: Final = "huggingface"
TOKEN: Final = re.compile(r"[\x21-\x7e]+")
"""What can be sent in a header."""

logger = logging.getLogger(__name__)


class TokenSource(StrEnum):
    """Where a token is from."""

    ENVIRONMENT = "environment"
    DATABASE = "database"


@dataclass(frozen=True, slots=True)
class Token:
    """A token that counts."""

    text: str = field(repr=False)
    source: TokenSource


class HubTokens:
    """Finds the token that counts, keeps one, and knows whose they are.

    Args:
        environ: read at each question.
    """

    def __init__(self, vault: SecretVault, environ: Mapping[str, str] = os.environ) -> None:
        self._vault = vault
        self._environ = environ
        self._names: dict[Site, str] = {}

    async def current(self) -> Token | None:
        """The token that counts. Raises SecretUnreadableError."""
        stated = self._environ.get(VARIABLE, "").strip()
        if TOKEN.fullmatch(stated):
            return Token(stated, TokenSource.ENVIRONMENT)
        if stated:
            logger.warning("%s is not a token and does not count: it is not printable ASCII", VARIABLE)
        stored = await self._vault.get(SECRET)
        return None if stored is None else Token(stored, TokenSource.DATABASE)

    async def keep(self, endpoint: str, text: str) -> str:
        """Seal a token into the database; returns whose it is.

        Raises:
            ApiError: the hub does not know it, or cannot be asked: then nothing is kept.
        """
        name = await self.name_of(Site(endpoint, text))
        await self._vault.put(SECRET, text)
        return name

    async def forget(self) -> bool:
        """Remove the one in the database; False where there is none."""
        return await self._vault.delete(SECRET)

    async def name_of(self, site: Site) -> str:
        """Whose the site's token is, by the hub. Raises ApiError."""
        if (known := self._names.get(site)) is not None:
            return known
        answer, _ = await asyncio.to_thread(read_json, site, "/api/whoami-v2")
        name = answer.get("name") if isinstance(answer, dict) else None
        if not isinstance(name, str):
            raise ApiError(ErrorCode.HUB_UNAVAILABLE, f"{site.endpoint} does not say whose the token is")
        self._names = {site: name}
        return name
