"""The checks in their order. One that fails is itself a finding, and the others go on."""

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

from mlx_manager.core.paths import home_dir
from mlx_manager.core.ports import is_loopback
from mlx_manager.doctor.configuration import CHECK as SETTINGS_CHECK
from mlx_manager.doctor.configuration import Settings, check_settings, read_settings
from mlx_manager.doctor.finding import Finding, problem, warning
from mlx_manager.doctor.python_and_mlx import (
    Device,
    Machine,
    check_device,
    check_python,
    check_versions,
    find_device,
)

_OUR_FAULT: Final = "This is a fault of the doctor: report it with the output of `mlx-manager doctor --json`."


class Examination:
    """One run.

    Args:
        model_ids: to be tried; None for all there are.
        is_offline: ask nobody outside this machine.
        show: told what is being done.
    """

    def __init__(
        self, model_ids: Sequence[str] | None, *, is_offline: bool, show: Callable[[str], None]
    ) -> None:
        self._model_ids = model_ids
        self._is_offline = is_offline
        self._show = show
        self._device: Device | None = None

    async def findings(self) -> AsyncIterator[Finding]:
        """Each as soon as it is there."""
        settings = read_settings()
        checks: dict[str, Callable[[Settings], Iterator[Finding]]] = {
            SETTINGS_CHECK: check_settings,
            "python": self._python,
            "device": self._find_device,
            "memory": self._memory,
            "disk": self._disk,
            "ports": self._ports,
            "database": self._database,
            "permissions": self._permissions,
            "hub": self._hub,
        }
        for name, check in checks.items():
            for finding in _guarded(name, check, settings):
                yield finding
        try:
            async for finding in self._models(settings):
                yield finding
        except Exception as error:
            yield _failed("models", error)

    def _python(self, _: Settings) -> Iterator[Finding]:
        yield from check_python(Machine.here())
        yield from check_versions()

    def _find_device(self, _: Settings) -> Iterator[Finding]:
        self._show("MLX: importing")
        found = find_device()
        if isinstance(found, Finding):
            yield found
            return
        self._device = found
        yield from check_device(found, Machine.here())

    def _memory(self, settings: Settings) -> Iterator[Finding]:
        from mlx_manager.doctor.memory_and_disk import Memory, check_memory

        limit = None if self._device is None else self._device.limit_bytes
        yield from check_memory(Memory.here(), settings.server, limit)

    def _disk(self, settings: Settings) -> Iterator[Finding]:
        from mlx_manager.doctor.memory_and_disk import check_disk
        from mlx_manager.mlx_server.pool.sources import hugging_face_cache

        hub = hugging_face_cache() if settings.server.use_hf_cache else None
        yield from check_disk(home_dir(), hub, settings.server)

    def _ports(self, settings: Settings) -> Iterator[Finding]:
        from mlx_manager.doctor.ports import check_port

        for name, one in (("server", settings.server), ("manager", settings.manager)):
            yield from check_port(name, one.host, one.port, f"{one.env_prefix()}PORT")

    def _database(self, settings: Settings) -> Iterator[Finding]:
        from mlx_manager.db.settings import DatabaseSettings
        from mlx_manager.doctor.database import check_database, check_keys

        yield from check_database(DatabaseSettings().url())
        if not is_loopback(settings.server.host) and (path := _database_path()) is not None:
            yield from check_keys(path, settings.server.host)

    def _permissions(self, _: Settings) -> Iterator[Finding]:
        from mlx_manager.doctor.permissions import check_permissions

        yield from check_permissions(home_dir(), _database_path())

    def _hub(self, settings: Settings) -> Iterator[Finding]:
        from mlx_manager.doctor.hub import check_hub

        yield from check_hub(settings.manager.hub_endpoint, is_offline=self._is_offline)

    async def _models(self, settings: Settings) -> AsyncIterator[Finding]:
        if self._device is None:
            yield warning("models", "none was tried, because MLX does not work", "See `device` above.")
            return
        from mlx_manager.doctor.model_gate import examine

        async for finding in examine(self._model_ids, settings.server, self._show):
            yield finding


def _database_path() -> Path | None:
    """The SQLite file; None where the database is a server's."""
    from sqlalchemy.engine import make_url

    from mlx_manager.db.settings import DatabaseSettings

    url = make_url(DatabaseSettings().url())
    is_file = url.get_backend_name() == "sqlite" and url.database
    return Path(str(url.database)) if is_file else None


def _guarded(
    name: str, check: Callable[[Settings], Iterator[Finding]], settings: Settings
) -> Iterator[Finding]:
    try:
        yield from check(settings)
    except (Exception, SystemExit) as error:
        yield _failed(name, error)


def _failed(name: str, error: BaseException) -> Finding:
    return problem(name, f"could not be checked: {type(error).__name__}: {error}", _OUR_FAULT)
