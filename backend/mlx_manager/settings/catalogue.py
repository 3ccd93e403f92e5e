"""Which settings there are: those of both programs, by the names of their variables."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from pydantic import TypeAdapter

from mlx_manager.config import ManagerSettings
from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.core.settings import EnvironmentSettings
from mlx_manager.mlx_server.admin.live_settings import LIVE as SERVER_LIVE
from mlx_manager.mlx_server.config import MLXServerSettings
from mlx_manager.server.service import Program

MANAGER_LIVE: Final = frozenset(
    {
        "restart_server",
        "server_hang_s",
        "hub_endpoint",
        "max_parallel_downloads",
        "download_retries",
        "disk_floor_gb",
        "log_level",
        "trusted_proxies",
        "allowed_hosts",
        "allowed_origins",
    }
)


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting.

    Attributes:
        name: its variable, such as `MLX_SERVER_MAX_MODELS`.
        field: its name in the settings class.
        owner: that class, which checks values.
    """

    name: str
    field: str
    program: Program
    owner: type[EnvironmentSettings]
    is_live: bool

    @property
    def is_storable(self) -> bool:
        """Whether it may be in the database."""
        return self.field not in self.owner.not_stored

    @property
    def is_secret(self) -> bool:
        """Whether nobody is shown its value."""
        return not self.owner.model_fields[self.field].repr

    @property
    def description(self) -> str:
        """What it is for."""
        return self.owner.model_fields[self.field].description or ""

    @property
    def default(self) -> Any:
        """What it is where nobody says anything, as JSON has it."""
        field = self.owner.model_fields[self.field]
        value = field.get_default(call_default_factory=True)
        return _adapter(self.owner, self.field).dump_python(value, mode="json")

    @property
    def schema(self) -> dict[str, Any]:
        """JSON schema of its values."""
        whole = _schema(self.owner)
        schema: dict[str, Any] = whole["properties"][self.field]
        return schema | {"$defs": whole["$defs"]} if "$ref" in str(schema) else schema

    def as_json(self, settings: EnvironmentSettings) -> Any:
        """Its value in these settings, as JSON has it."""
        return _adapter(self.owner, self.field).dump_python(getattr(settings, self.field), mode="json")


# Both are made of code alone, and take 10 ms and 1 ms.
@cache
def _schema(owner: type[EnvironmentSettings]) -> dict[str, Any]:
    return owner.model_json_schema()


@cache
def _adapter(owner: type[EnvironmentSettings], field: str) -> TypeAdapter[Any]:
    annotation: Any = owner.model_fields[field].annotation
    return TypeAdapter(annotation)


def _settings_of(
    program: Program, owner: type[EnvironmentSettings], live: frozenset[str]
) -> Iterator[Setting]:
    for field in owner.model_fields:
        yield Setting(f"{owner.env_prefix()}{field.upper()}", field, program, owner, field in live)


SETTINGS: Final = {
    setting.name: setting
    for setting in (
        *_settings_of(Program.MANAGER, ManagerSettings, MANAGER_LIVE),
        *_settings_of(Program.SERVER, MLXServerSettings, frozenset(SERVER_LIVE)),
    )
}
"""Every setting by its name."""


def find(name: str) -> Setting:
    """The setting of this name that may be stored. Raises ApiError where there is none."""
    setting = SETTINGS.get(name)
    if setting is None:
        raise ApiError(ErrorCode.INVALID_REQUEST, f"there is no setting {name}", param=name)
    if not setting.is_storable:
        message = f"{name} is read from the environment alone: it is a secret, or says where the database is"
        raise ApiError(ErrorCode.INVALID_REQUEST, message, param=name)
    return setting
