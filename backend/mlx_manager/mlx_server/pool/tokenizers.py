"""Tokenizers of models that need not be in memory: to count and to look at tokens, no weights are wanted."""

import asyncio
from collections import OrderedDict
from typing import Final

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.mlx_server.domain.models import ModelDescription
from mlx_manager.mlx_server.text.tokenizer import Tokenizer

_KEPT: Final = 4

_Key = tuple[str, str]


class Tokenizers:
    """Reads tokenizers and keeps the few that were used last; each is read once however many want it."""

    def __init__(self) -> None:
        self._reading: OrderedDict[_Key, asyncio.Task[Tokenizer]] = OrderedDict()

    async def get(self, model: ModelDescription) -> Tokenizer:
        """The model's tokenizer. Raises ApiError where its files cannot be read."""
        key = (model.key, model.revision)
        task = self._reading.get(key)
        if task is None or (task.done() and (task.cancelled() or task.exception() is not None)):
            task = self._reading[key] = asyncio.create_task(read_tokenizer(model))
        self._reading.move_to_end(key)
        while len(self._reading) > _KEPT:
            self._reading.popitem(last=False)
        # One who leaves does not take it from the others.
        return await asyncio.shield(task)


async def read_tokenizer(model: ModelDescription) -> Tokenizer:
    """Read it in a thread. Raises ApiError where that fails."""
    try:
        return await asyncio.to_thread(Tokenizer.load, model.path)
    except Exception as error:  # transformers raises what it likes at a folder it cannot read
        reason = f"{model.model_id} cannot be loaded: its tokenizer: {error}"
        raise ApiError(ErrorCode.MODEL_LOAD_FAILED, reason) from error
