"""What this machine says of the hub's models: which are here, and which would fit into its memory."""

from collections.abc import Mapping, Set
from typing import Any

from mlx_manager.library.installed import ModelSource
from mlx_manager.library.memory_fit import MemoryFit, fit_of_files
from mlx_manager.library.service import Library


class ThisMachine:
    """Asks the library."""

    def __init__(self, library: Library) -> None:
        self._library = library

    async def fit_of(self, config: Mapping[str, Any], weight_bytes: int) -> MemoryFit:
        """Whether a model with this config.json fits, for the use that the server reserves memory for."""
        use = self._library.usual
        return fit_of_files(
            config,
            weight_bytes,
            context_tokens=use.context_tokens,
            num_requests=use.num_requests,
            machine=await self._library.machine(),
        )

    async def installed_ids(self) -> Set[str]:
        """Repositories of which there is a usable model in the Hugging Face cache."""
        shelf = await self._library.shelf()
        return {
            model.place.repo_id
            for model in shelf.models.values()
            if model.place.source is ModelSource.HUGGINGFACE
            and model.place.repo_id is not None
            and model.description is not None
        }
