"""By which names the programs may be called."""

import socket

import pytest

from mlx_manager.core.access.hosts import AllowedHosts

MACHINE = socket.gethostname().lower()


@pytest.mark.parametrize(
    "authority",
    [
        "localhost",
        "LOCALHOST:8000",
        "localhost.",
        "api.localhost:8000",
        "127.0.0.1:8000",
        "127.1.2.3",
        "[::1]",
        "[::1]:8000",
        "host.docker.internal:8000",
        "host.containers.internal",
        MACHINE,
        f"{MACHINE}:8000",
        f"{MACHINE.partition('.')[0]}.local",
        "Box.example.org:443",
        "[2001:db8::7]:8000",
    ],
)
def test_names_of_this_machine(authority: str) -> None:
    hosts = AllowedHosts(["box.example.org", "[2001:db8::7]"])
    assert hosts.allows(authority)


@pytest.mark.parametrize(
    "authority",
    [
        "",
        "evil.example",
        "localhost.evil.example",
        f"{MACHINE}.evil.example",
        "127.0.0.1.evil.example",
        "127.0.0.1@evil.example",
        "10.0.0.1",
        "0.0.0.0",
        "[::]",
        "[::ffff:10.0.0.1]",
        "docker.internal",
        "[",
        "box.example.org.evil",
    ],
)
def test_names_of_others(authority: str) -> None:
    assert not AllowedHosts(["box.example.org"]).allows(authority)


def test_the_address_that_was_called_needs_no_name() -> None:
    assert AllowedHosts().allows("192.168.7.20:8000", "192.168.7.20")
    assert AllowedHosts().allows("[fd00::1]:8000", "fd00:0::1")
    assert not AllowedHosts().allows("192.168.7.21:8000", "192.168.7.20")
    assert not AllowedHosts().allows("evil.example", "192.168.7.20")
    assert not AllowedHosts().allows("", "")
