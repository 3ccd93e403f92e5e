"""Settings: what counts and why, and changing them. A change is committed before anything acts on it."""

import logging
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from sqlmodel import col, delete

from mlx_manager.config import ManagerSettings
from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.core.settings import EnvironmentSettings, Source
from mlx_manager.core.times import utc_now
from mlx_manager.db.session import Database
from mlx_manager.db.stored_settings import StoredSettings, of_prefix
from mlx_manager.db.tables import StoredSetting
from mlx_manager.mlx_server.config import MLXServerSettings
from mlx_manager.server.client import ServerClient
from mlx_manager.settings.catalogue import MANAGER_LIVE, SETTINGS, Setting, find
from mlx_manager.settings.schemas import Program, SettingsChange, SettingView

logger = logging.getLogger(__name__)

_SERVER_WITHIN_S = 10.0
_Running = Mapping[str, Mapping[str, Any]]


class SettingsService:
    """Both programs' settings.

    Args:
        manager: this program's own, which live changes are made in.
        client: of the server, which is told of changes.

    Attributes:
        server: the server's settings as it will have them at its next start.
    """

    def __init__(self, database: Database, manager: ManagerSettings, client: ServerClient) -> None:
        self._database = database
        self._manager = manager
        self._client = client
        self.server = MLXServerSettings()

    async def load(self) -> None:
        """Take what is stored for the server's next start."""
        stored = await StoredSettings(self._database).all()
        self._take(self.server, stored, frozenset())

    async def all(self) -> list[SettingView]:
        """Every setting of both programs, with the source that won."""
        stored = await StoredSettings(self._database).all()
        running = await self._running()
        return [self._view(setting, stored, running) for setting in SETTINGS.values()]

    async def change(self, change: SettingsChange, changed_by: str) -> list[SettingView]:
        """Store all of a change, or nothing, and let count at once what can.

        Raises:
            ApiError: a name is no setting that can be stored, or a value is not allowed.
        """
        for name in change.reset:
            find(name)
        if both := change.set.keys() & set(change.reset):
            name = min(both)
            raise ApiError(ErrorCode.INVALID_REQUEST, f"{name} is both set and reset", param=f"reset.{name}")
        values = self._checked(change.set)
        async with self._database.session() as session:
            if change.reset:
                await session.exec(delete(StoredSetting).where(col(StoredSetting.name).in_(change.reset)))
            for name, value in values.items():
                row = StoredSetting(name=name, value=value, updated_at=utc_now(), updated_by=changed_by)
                await session.merge(row)
        await self.apply()
        return await self.all()

    async def apply(self) -> None:
        """Let what is stored count in the programs that run."""
        stored = await StoredSettings(self._database).all()
        self._take(self._manager, stored, type(self._manager).model_fields.keys() - MANAGER_LIVE)
        self._take(self.server, stored, frozenset())
        try:
            await self._client.json("POST", "/admin/settings/reload", timeout_s=_SERVER_WITHIN_S)
        except ApiError as error:
            # It reads what is stored when it starts.
            logger.info("the server was not told of changed settings: %s", error.message)

    def _take(self, settings: EnvironmentSettings, stored: Mapping[str, Any], fixed: Any) -> None:
        for fault in settings.take_stored(of_prefix(stored, settings.env_prefix()), fixed):
            logger.warning("%s; its default counts", fault)

    def _checked(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The values in the form in which they are stored. Raises ApiError."""
        settings = {name: find(name) for name in values}
        checked: dict[str, Any] = {}
        for program in Program:
            mine = {name: setting for name, setting in settings.items() if setting.program is program}
            if not mine:
                continue
            try:
                changed = self._of(program).changed({mine[name].field: values[name] for name in mine})
            except ValidationError as error:
                raise _refusal(error, mine) from None
            checked |= {name: setting.as_json(changed) for name, setting in mine.items()}
        return checked

    def _of(self, program: Program) -> EnvironmentSettings:
        return self._manager if program is Program.MANAGER else self.server

    async def _running(self) -> _Running:
        """The server's own word on its settings, by their fields; nothing while it does not answer."""
        try:
            answer = await self._client.json("GET", "/admin/settings/all", timeout_s=_SERVER_WITHIN_S)
        except ApiError:
            return {}
        return {each["name"]: each for each in answer["data"]}

    def _view(self, setting: Setting, stored: Mapping[str, Any], running: _Running) -> SettingView:
        own = self._of(setting.program)
        value, source = setting.as_json(own), own.source_of(setting.field)
        told = running.get(setting.field) if setting.program is Program.SERVER else None
        if told is not None:
            value, source = told["value"], Source(told["source"])
        is_stored = setting.name in stored
        waits = source in (Source.DATABASE, Source.DEFAULT) and not setting.is_live
        next_value = stored.get(setting.name) if is_stored else setting.default
        return SettingView(
            name=setting.name,
            program=setting.program,
            value=None if setting.is_secret else value,
            source=source,
            stored=stored.get(setting.name),
            is_stored=is_stored,
            default=setting.default,
            description=setting.description,
            value_schema=setting.schema,
            is_storable=setting.is_storable,
            is_live=setting.is_live,
            needs_restart=setting.is_storable and waits and value != next_value,
        )


def _refusal(error: ValidationError, settings: Mapping[str, Setting]) -> ApiError:
    fault = error.errors(include_url=False, include_input=False)[0]
    by_field = {setting.field: name for name, setting in settings.items()}
    field, *rest = fault["loc"] or (next(iter(by_field)),)
    path = ".".join([by_field.get(str(field), str(field)), *map(str, rest)])
    reason = fault["msg"].removeprefix("Value error, ")
    return ApiError(ErrorCode.INVALID_REQUEST, f"{path}: {reason}", param=path)
