"""The hub as the manager's settings and its token have it."""

import asyncio
import logging
import os
from collections.abc import Mapping, Sequence, Set

from mlx_manager.config import ManagerSettings
from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.db.secrets import SecretUnreadableError, SecretVault
from mlx_manager.hub.about import HubModel
from mlx_manager.hub.details import Details, details_of
from mlx_manager.hub.files import choose
from mlx_manager.hub.search import Query, search
from mlx_manager.hub.site import Site
from mlx_manager.hub.this_machine import ThisMachine
from mlx_manager.hub.tokens import HubTokens, TokenSource
from mlx_manager.library.memory_fit import MemoryFit

logger = logging.getLogger(__name__)


class Hub:
    """Asks the hub, in threads.

    Args:
        settings: its `hub_endpoint` counts at each question; `HF_ENDPOINT` does not.
        vault: where a token may be.
        environ: where a token may be, too, and then counts.

    Attributes:
        this_machine: given once there is a library, which asks the hub itself; None knows nothing.
    """

    def __init__(
        self,
        settings: ManagerSettings,
        vault: SecretVault,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self._settings = settings
        self.tokens = HubTokens(vault, environ)
        self.this_machine: ThisMachine | None = None

    @property
    def endpoint(self) -> str:
        """Where the hub is now."""
        return self._settings.hub_endpoint

    async def site(self) -> Site:
        """Where to ask now, and as whom. A token that cannot be read is as none, and logged."""
        try:
            token = await self.tokens.current()
        except SecretUnreadableError as error:
            logger.warning("the hub is asked without a token: %s", error)
            token = None
        return Site(self.endpoint, None if token is None else token.text)

    async def search(self, query: Query, cursor: str | None) -> tuple[Sequence[HubModel], str | None]:
        """A page of models; see `hub.search`. Raises ApiError."""
        return await asyncio.to_thread(search, await self.site(), query, cursor)

    async def details(self, repo_id: str, revision: str = "main", *, with_card: bool = True) -> Details:
        """One model; see `hub.details`. Raises ApiError."""
        site = await self.site()
        return await asyncio.to_thread(details_of, site, repo_id, revision, with_card=with_card)

    async def memory_fit(self, details: Details) -> MemoryFit | None:
        """Whether a model fits, before it is downloaded; None where nobody can tell."""
        weights = sum(file.size_bytes for file in choose(details.model.files, ()).weights)
        if self.this_machine is None or not details.config or not weights:
            return None
        return await self.this_machine.fit_of(details.config, weights)

    async def installed(self) -> Set[str] | None:
        """Ids of the models that are here; None where nobody can tell."""
        return None if self.this_machine is None else await self.this_machine.installed_ids()

    async def token_state(self) -> tuple[TokenSource | None, str | None, str | None]:
        """Where the token that counts is from, whose it is, and why that is not known."""
        try:
            token = await self.tokens.current()
        except SecretUnreadableError as error:
            return TokenSource.DATABASE, None, str(error)
        if token is None:
            return None, None, None
        try:
            return token.source, await self.tokens.name_of(Site(self.endpoint, token.text)), None
        except ApiError as error:
            return token.source, None, error.message


def must_have_access(details: Details) -> None:
    """Raises ApiError where this token may not read the model's files."""
    if not details.has_access:
        message = (
            f"{details.model.repo_id} is gated: accept its terms on the hub, and set a token that may read it"
        )
        raise ApiError(ErrorCode.HUB_ACCESS_DENIED, message, param="repo_id")
