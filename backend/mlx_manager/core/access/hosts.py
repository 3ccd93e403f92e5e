"""By which names a program may be called: a page whose DNS name was rebound to this machine is not one."""

import socket
from collections.abc import Iterable
from functools import cached_property
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from mlx_manager.core.ports import is_loopback

# What containers call the machine that they run on.
_CONTAINER_NAMES: Final = ("host.docker.internal", "host.containers.internal")


def host_name(authority: str) -> str:
    """The name in `name:port` or `[address]:port`; empty where it is neither."""
    try:
        return (urlsplit(f"//{authority}").hostname or "").rstrip(".")
    except ValueError:
        return ""


class AllowedHosts:
    """The names that a `Host` header may hold.

    Args:
        configured: names beside loopback's and the machine's own.
    """

    def __init__(self, configured: Iterable[str] = ()) -> None:
        self._configured = {host_name(name) or name.lower() for name in configured}

    @cached_property
    def _names(self) -> frozenset[str]:
        machine = socket.gethostname().lower().rstrip(".")
        own = {machine, machine.partition(".")[0], f"{machine.partition('.')[0]}.local"} if machine else set()
        return frozenset(own | self._configured | set(_CONTAINER_NAMES))

    def allows(self, authority: str, local_address: str | None = None) -> bool:
        """Whether a `Host` header names this machine.

        Args:
            local_address: the address on this machine that the connection was made to, a number where
                there is a socket: whoever calls by it needed no name to be resolved.
        """
        name = host_name(authority)
        return is_loopback(name) or name in self._names or _is_same_address(name, local_address)


def _is_same_address(name: str, address: str | None) -> bool:
    if address is None or not name:
        return False
    try:
        return name == address or ip_address(name) == ip_address(address)
    except ValueError:
        return False
