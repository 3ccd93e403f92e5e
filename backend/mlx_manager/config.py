"""Settings of the manager."""

from pydantic_settings import SettingsConfigDict

from mlx_manager.core.settings import EnvironmentSettings


class ManagerSettings(EnvironmentSettings):
    """Read from the environment: `MLX_MANAGER_HOST` and so on."""

    model_config = SettingsConfigDict(env_prefix="MLX_MANAGER_", extra="ignore")

    host: str = "127.0.0.1"
    port: int = 8080
    home: str | None = None
    """Folder of the database, secrets and logs; None is `~/.mlx-manager` (see `core.paths`)."""


manager_settings = ManagerSettings()
