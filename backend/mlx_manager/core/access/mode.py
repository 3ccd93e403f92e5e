"""Open or closed: whether a caller on this machine needs a credential."""

from collections.abc import Iterator

from mlx_manager.core.access.settings import AccessSettings
from mlx_manager.core.ports import is_loopback


def check_bind(settings: AccessSettings, host: str) -> Iterator[str]:
    """Faults of the settings with this bind address; with any of them the program must not start."""
    prefix = settings.env_prefix()
    if settings.require_auth is False and not is_loopback(host):
        yield (
            f"{prefix}REQUIRE_AUTH=false with {prefix}HOST={host}: other machines could use this one "
            "without a key; listen on 127.0.0.1, or leave REQUIRE_AUTH out"
        )


def is_open(settings: AccessSettings, host: str, *, has_users: bool) -> bool:
    """Whether local callers are taken without a credential."""
    if not is_loopback(host):
        return False
    return not has_users if settings.require_auth is None else not settings.require_auth
