"""Settings of the manager."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from mlx_manager.core.access.settings import AccessSettings


class ManagerSettings(AccessSettings):
    """Read from the environment: `MLX_MANAGER_HOST` and so on."""

    model_config = SettingsConfigDict(env_prefix="MLX_MANAGER_", extra="ignore")

    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65_535)
    home: str | None = None
    """Folder of the database, secrets and logs; None is `~/.mlx-manager` (see `core.paths`)."""
    database_url: str | None = Field(default=None, repr=False)
    """The database that both programs share; see `db.settings`."""


manager_settings = ManagerSettings()
