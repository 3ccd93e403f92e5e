"""Settings of the manager."""

from typing import ClassVar

from pydantic import Field, field_validator
from pydantic_settings import SettingsConfigDict

from mlx_manager.core.access.settings import AccessSettings


class ManagerSettings(AccessSettings):
    """Read from the environment, `MLX_MANAGER_HOST` and so on, then from the database."""

    model_config = SettingsConfigDict(env_prefix="MLX_MANAGER_", extra="ignore", validate_assignment=True)

    # Of commands that ask another machine's manager, and of our tests.
    others: ClassVar[frozenset[str]] = frozenset({"URL", "API_KEY", "TEST_DATA"})
    # Read before the database is known.
    not_stored: ClassVar[frozenset[str]] = frozenset({"home", "database_url"})

    host: str = "127.0.0.1"
    """Address to listen on; anything but loopback lets other machines call, with a key."""
    port: int = Field(default=8080, ge=0, le=65_535)
    """Port to listen on; 0 takes any that is free."""
    home: str | None = None
    """Folder of the database, secrets and logs; None is `~/.mlx-manager`."""
    database_url: str | None = Field(default=None, repr=False)
    """The database that both programs share, such as `postgresql://user:password@host/name`; None is a file
    in the home folder."""
    start_server: bool = True
    """Whether the manager starts an inference server where none runs yet."""
    restart_server: bool = True
    """Whether it starts one again that has ended by itself."""
    server_hang_s: float = Field(default=60.0, gt=0, allow_inf_nan=False)
    """A server that does not answer for so long is ended and started again."""
    hub_endpoint: str = "https://huggingface.co"
    """Where models are searched and downloaded: Hugging Face, or a mirror of it."""
    max_parallel_downloads: int = Field(default=1, ge=1, le=16)
    """Models that are downloaded at once; more wait their turn."""
    download_retries: int = Field(default=8, ge=0)
    """How often in a row a download is tried again by itself after something that may pass."""
    disk_floor_gb: float = Field(default=5.0, ge=0, allow_inf_nan=False)
    """Free space, in GB of 2**30 bytes, that a download leaves to others."""

    log_level: str = "INFO"
    """The lowest level that is logged: DEBUG, INFO, WARNING or ERROR."""

    @field_validator("log_level")
    @classmethod
    def _known_level(cls, level: str) -> str:
        if level.upper() not in ("DEBUG", "INFO", "WARNING", "ERROR"):
            raise ValueError("must be DEBUG, INFO, WARNING or ERROR")
        return level.upper()

    @field_validator("hub_endpoint")
    @classmethod
    def _endpoint(cls, url: str) -> str:
        if not url.startswith(("http://", "https://")):
            raise ValueError("must begin with http:// or https://")
        return url.rstrip("/")


manager_settings = ManagerSettings()
