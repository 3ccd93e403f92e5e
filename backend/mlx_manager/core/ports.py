"""Listening on a port, and saying plainly who holds it when we cannot."""

import errno
import ipaddress
import socket

import psutil

_SEND_BUFFER_BYTES = 2**18


def is_loopback(host: str) -> bool:
    """Whether a host name or address literal can be reached from this machine alone."""
    name = host.strip("[]").lower().rstrip(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def listen(host: str, port: int, variable: str) -> socket.socket:
    """Bind and listen, so that the real port is known before the server says it is up.

    Raises:
        SystemExit: one line that names the port's holder, where the system tells us, and the
            environment `variable` that chooses another.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.create_server(address[:2], family=family, backlog=2048)
        # Connections inherit it: what a client does not read must not pile up in the system, either.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER_BYTES)
        return listener
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            taken = f"port {port} is taken by {holder_of(port) or 'another program'}"
            raise SystemExit(
                f"{taken}; choose another with {variable}, such as {variable}={port + 1}"
            ) from None
        raise SystemExit(f"cannot listen on {host}:{port}: {error.strerror or error}") from None


def holder_of(port: int) -> str | None:
    """`name (pid 123)` of the process that listens on `port`, or None where the system will not say."""
    for process in psutil.process_iter(["name"]):
        try:
            for connection in process.net_connections(kind="tcp"):
                if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port:
                    return f"{process.info['name']} (pid {process.pid})"
        except (psutil.Error, OSError):  # another user's process: the system hides its sockets
            continue
    return None
