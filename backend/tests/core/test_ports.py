"""Loopback names, and who holds a port."""

import os
import socket

import pytest

from mlx_manager.core.ports import holder_of, is_loopback, listen


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.0.0.2",
        "127.255.255.254",
        "::1",
        "[::1]",
        "localhost",
        "LOCALHOST",
        "localhost.",
        "a.localhost",
    ],
)
def test_loopback(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "0.0.0.0",
        "::",
        "[::]",
        "10.0.0.1",
        "192.168.1.2",
        "128.0.0.1",
        "::ffff:10.0.0.1",
        "localhost.example",
        "evil.localhost.example",
        "notlocalhost",
        "127.0.0.1.example",
        "127.0.0.1.nip.io",
        "0127.0.0.1",
        "2130706433",
        "127.1",
        "localhost@evil.example",
        "local host",
        "localhost\x00",
    ],
)
def test_not_loopback(host: str) -> None:
    assert not is_loopback(host)


def test_listen_and_who_holds_it() -> None:
    with listen("127.0.0.1", 0, "X_PORT") as listener:
        port = listener.getsockname()[1]
        holder = holder_of(port)
        assert holder is not None
        assert f"(pid {os.getpid()})" in holder
        with pytest.raises(SystemExit) as caught:
            listen("127.0.0.1", port, "X_PORT")
        line = str(caught.value)
        assert line.startswith(f"port {port} is taken by ")
        assert str(os.getpid()) in line
        assert f"X_PORT={port + 1}" in line
    assert holder_of(port) is None


@pytest.mark.skipif(not socket.has_ipv6, reason="no IPv6 here")
def test_listen_on_ipv6() -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError as error:
        pytest.skip(f"no IPv6 loopback here: {error}")
    with listen("::1", 0, "X_PORT") as listener:
        assert listener.family is socket.AF_INET6


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid"])
def test_an_address_that_is_not_ours(host: str) -> None:
    with pytest.raises(SystemExit, match=f"cannot listen on {host}:0: "):
        listen(host, 0, "X_PORT")
