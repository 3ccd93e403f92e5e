"""What the inference server says of the models, where one runs."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.core.running_program import RunningProgram
from mlx_manager.server.client import ServerClient

_ANSWERS_WITHIN_S: Final = 10.0
_UNLOADS_WITHIN_S: Final = 60.0
_HOLDS_NOTHING: Final = ("unloaded", "failed", "incomplete")

View = Mapping[str, Any]
"""A model as `/admin/models` has it."""


@dataclass(frozen=True, slots=True)
class Live:
    """The answers of `/admin/models` and `/admin/memory`."""

    models: Sequence[View] = ()
    memory: Mapping[str, Any] | None = None

    def view(self, model_id: str) -> View | None:
        """What is said of one model."""
        return next((view for view in self.models if view["id"] == model_id), None)


class LiveServer:
    """Asks the server on the manager's own account.

    Args:
        locate: where the server is, or None while none runs.
    """

    def __init__(self, client: ServerClient, locate: Callable[[], RunningProgram | None]) -> None:
        self._client = client
        self._locate = locate

    async def look(self) -> Live | None:
        """What there is to see; None where no server answers."""
        try:
            return Live(await self.models(), await self._ask("GET", "/admin/memory"))
        except ApiError:
            return None

    async def models(self) -> Sequence[View]:
        """Every model that the server knows; none where no server runs.

        Raises:
            ApiError: a server runs and does not answer.
        """
        try:
            views: Sequence[View] = (await self._ask("GET", "/admin/models"))["data"]
        except ApiError as error:
            if error.code is ErrorCode.SERVER_UNAVAILABLE and self._locate() is None:
                return ()
            raise
        return views

    async def unload(self, model_id: str) -> None:
        """Take a model out of memory. Raises ApiError."""
        path = f"/admin/models/{quote(model_id)}/unload"
        await self._client.json("POST", path, timeout_s=_UNLOADS_WITHIN_S)

    async def _ask(self, method: str, path: str) -> Any:
        return await self._client.json(method, path, timeout_s=_ANSWERS_WITHIN_S)


def users_of(views: Sequence[View], folder: Path) -> list[View]:
    """The models that are in memory, or asked for, and have files in this folder, through whatever links."""
    whole = os.path.realpath(folder)
    return [view for view in views if is_in_use(view) and _lies_in(view, whole)]


def is_in_use(view: View) -> bool:
    """Whether a model is in memory, on its way in or out, or waited for."""
    holds_nothing = view["status"] in _HOLDS_NOTHING
    return not holds_nothing or bool(view.get("leases") or view.get("waiting"))


def is_busy(view: View) -> bool:
    """Whether somebody uses or waits for it, so that it is not to be unloaded."""
    return view["status"] in ("loading", "draining") or bool(view.get("leases") or view.get("waiting"))


def situation(view: View) -> str:
    """What keeps a model from being deleted, in a sentence."""
    if view["status"] == "loaded" and not is_busy(view):
        return f"{view['id']} is loaded; unload it first, or ask with unload=true"
    used = f"used by {view.get('leases', 0)} requests and waited for by {view.get('waiting', 0)}"
    return f"{view['id']} is {view['status']}, {used}; wait until they have ended"


def _lies_in(view: View, whole: str) -> bool:
    paths = (view.get("path"), view.get("adapter_path"))
    return any(path and f"{os.path.realpath(path)}/".startswith(f"{whole}/") for path in paths)
