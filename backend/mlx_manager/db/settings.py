"""Where the database is. Both programs read the same variable."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from mlx_manager.core.paths import home_dir
from mlx_manager.core.settings import EnvironmentSettings

_DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "postgresql": "postgresql+asyncpg",
    "postgres": "postgresql+asyncpg",
}


class DatabaseSettings(EnvironmentSettings):
    """Read from the environment: `MLX_MANAGER_DATABASE_URL`."""

    model_config = SettingsConfigDict(env_prefix="MLX_MANAGER_", extra="ignore")

    database_url: str | None = Field(default=None, repr=False)
    """`postgresql://user:password@host/name` or `sqlite:///path`; None is a file in the home folder."""

    def url(self) -> str:
        """The URL with its asynchronous driver."""
        stated = self.database_url or f"sqlite:///{home_dir() / 'mlx-manager.db'}"
        scheme, separator, rest = stated.partition("://")
        return f"{_DRIVERS.get(scheme, scheme)}{separator}{rest}"
