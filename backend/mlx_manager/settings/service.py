"""Settings: what counts and why, and changing them. A change is committed before anything acts on it."""

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Any, Final
from urllib.parse import urlencode

from pydantic import ValidationError
from sqlmodel import col, delete

from mlx_manager.config import ManagerSettings
from mlx_manager.core.access.mode import check_bind
from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.core.settings import EnvironmentSettings, SettingSource
from mlx_manager.core.times import utc_now
from mlx_manager.db.session import Database
from mlx_manager.db.stored_settings import StoredSettings, of_prefix
from mlx_manager.db.tables import StoredSetting
from mlx_manager.mlx_server.config import MLXServerSettings
from mlx_manager.server.client import ServerClient
from mlx_manager.server.service import Program
from mlx_manager.settings.catalogue import MANAGER_LIVE, SETTINGS, Setting, find
from mlx_manager.settings.schemas import SettingsChange, SettingView

logger = logging.getLogger(__name__)

_SERVER_WITHIN_S: Final = 10.0
_CAN_BE_STORED: Final = (SettingSource.DATABASE, SettingSource.DEFAULT)
_Settings = ManagerSettings | MLXServerSettings
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
        self._next_manager = type(manager)()
        self._changing = asyncio.Lock()
        self._applying = asyncio.Lock()
        self._told: set[str] = set()

    async def load(self) -> None:
        """Take what is stored for the next start of either program."""
        stored = await StoredSettings(self._database).all()
        # Of its own faults this program has told when it started.
        self._told |= set(_take(self._next_manager, stored))
        self._tell(_take(self.server, stored))

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
        async with self._changing:
            values = _checked(change, await StoredSettings(self._database).all())
            await self._store(values, change.reset, changed_by)
        await self.apply({*change.set, *change.reset})
        return await self.all()

    async def apply(self, names: Iterable[str] = ()) -> None:
        """Let what is stored count in the programs that run; also what has just been stored as it was."""
        fields = [SETTINGS[name].field for name in names if SETTINGS[name].program is Program.SERVER]
        restated = urlencode([("restated", field) for field in fields])
        async with self._applying:  # else what was read before could be taken after what was read later
            stored = await StoredSettings(self._database).all()
            log_level = self._manager.log_level
            _take(self._manager, stored, type(self._manager).model_fields.keys() - MANAGER_LIVE)
            if self._manager.log_level != log_level:
                logging.getLogger().setLevel(self._manager.log_level)
            self._tell(_take(self._next_manager, stored))
            self._tell(_take(self.server, stored))
            try:
                await self._client.json(
                    "POST", "/admin/settings/reload", params=restated, timeout_s=_SERVER_WITHIN_S
                )
            except ApiError as error:
                # It reads what is stored when it starts, and once more when it has started.
                logger.info("the server was not told of changed settings: %s", error.message)

    async def _store(self, values: Mapping[str, Any], reset: Sequence[str], changed_by: str) -> None:
        async with self._database.session() as session:
            if reset:
                await session.exec(delete(StoredSetting).where(col(StoredSetting.name).in_(reset)))
            for name, value in values.items():
                row = StoredSetting(name=name, value=value, updated_at=utc_now(), updated_by=changed_by)
                await session.merge(row)

    def _tell(self, faults: Iterable[str]) -> None:
        """Once each."""
        for fault in faults:
            if fault not in self._told:
                self._told.add(fault)
                logger.warning("%s; its default counts", fault)

    async def _running(self) -> _Running:
        """The server's own word on its settings, by their fields; nothing while it does not answer."""
        try:
            answer = await self._client.json("GET", "/admin/settings/all", timeout_s=_SERVER_WITHIN_S)
        except ApiError:
            return {}
        return {each["name"]: each for each in answer["data"]}

    def _view(self, setting: Setting, stored: Mapping[str, Any], running: _Running) -> SettingView:
        coming = self._next_manager if setting.program is Program.MANAGER else self.server
        own = self._manager if setting.program is Program.MANAGER else self.server
        value, source = setting.as_json(own), own.source_of(setting.field)
        told = running.get(setting.field) if setting.program is Program.SERVER else None
        if told is not None:
            value, source = told["value"], SettingSource(told["source"])
        waits = source in _CAN_BE_STORED and coming.source_of(setting.field) in _CAN_BE_STORED
        return SettingView(
            name=setting.name,
            program=setting.program,
            value=None if setting.is_secret else value,
            source=source,
            stored=stored.get(setting.name),
            is_stored=setting.name in stored,
            default=setting.default,
            description=setting.description,
            value_schema=setting.schema,
            is_storable=setting.is_storable,
            is_live=setting.is_live,
            needs_restart=setting.is_storable and waits and value != setting.as_json(coming),
        )


def _take(
    settings: EnvironmentSettings, stored: Mapping[str, Any], fixed: Set[str] = frozenset()
) -> list[str]:
    return settings.take_stored(of_prefix(stored, settings.env_prefix()), fixed)


def _checked(change: SettingsChange, stored: Mapping[str, Any]) -> dict[str, Any]:
    """The values in the form in which they are stored. Raises ApiError.

    They are looked at beside what the programs would have at their next start: what is stored counts
    there, even where it waits for one now.
    """
    settings = {name: find(name) for name in (*change.set, *change.reset)}
    checked: dict[str, Any] = {}
    for owner in (ManagerSettings, MLXServerSettings):
        mine = {name: setting for name, setting in settings.items() if setting.owner is owner}
        if not mine:
            continue
        coming: _Settings = owner()
        _take(coming, stored)
        values = {
            setting.field: change.set.get(name, setting.default)
            for name, setting in mine.items()
            if name in change.set or coming.source_of(setting.field) is SettingSource.DATABASE
        }
        try:
            changed = coming.changed(values)
        except ValidationError as error:
            raise _refusal(error, mine) from None
        _check_access(changed, mine)
        checked |= {name: mine[name].as_json(changed) for name in mine.keys() & change.set.keys()}
    return checked


def _check_access(changed: _Settings, settings: Mapping[str, Setting]) -> None:
    """Refuse what the program would not start with."""
    touched = [name for name, setting in settings.items() if setting.field in ("host", "require_auth")]
    for fault in check_bind(changed, changed.host) if touched else ():
        raise ApiError(ErrorCode.INVALID_REQUEST, fault, param=touched[0])


def _refusal(error: ValidationError, settings: Mapping[str, Setting]) -> ApiError:
    fault = error.errors(include_url=False, include_input=False)[0]
    by_field = {setting.field: name for name, setting in settings.items()}
    field, *rest = fault["loc"] or (next(iter(by_field)),)
    path = ".".join([by_field.get(str(field), str(field)), *map(str, rest)])
    reason = fault["msg"].removeprefix("Value error, ")
    return ApiError(ErrorCode.INVALID_REQUEST, f"{path}: {reason}", param=path)
