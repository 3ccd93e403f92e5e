"""Whether the programs can listen where they are told to."""

import errno
import http.client
import json
import socket
from collections.abc import Iterator
from typing import Final

from mlx_manager.core.ports import holder_of, is_loopback
from mlx_manager.doctor.finding import Finding, ok, problem

_ANSWERS_WITHIN_S: Final = 3.0
_HEALTH_BYTES: Final = 4096


def check_port(name: str, host: str, port: int, variable: str) -> Iterator[Finding]:
    """Whether the port is free, or a program of ours has it.

    Args:
        name: of the program that wants it.
        variable: the environment's name for the port.
    """
    check = f"port {port}"
    if not port:
        yield ok("port", f"the {name} takes any that is free")
        return
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        socket.create_server(address[:2], family=family).close()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            yield _taken(check, name, host, port, variable)
        elif error.errno == errno.EACCES:
            text = f"the {name} may not listen on it: ports below 1024 belong to the system"
            yield problem(check, text, f"Choose another with {variable}.")
        else:
            text = f"the {name} cannot listen on {host}: {error.strerror or error}"
            yield problem(
                check, text, f"Set {variable.removesuffix('PORT')}HOST to an address of this machine."
            )
    else:
        yield ok(check, f"free for the {name}")


def _taken(check: str, name: str, host: str, port: int, variable: str) -> Finding:
    if (version := _our_version(host, port)) is not None:
        return ok(check, f"MLX Manager {version} answers there")
    text = f"taken by {holder_of(port) or 'another program'}, and the {name} wants it"
    return problem(check, text, f"End that program, or choose another port with {variable}={port + 1}.")


def _our_version(host: str, port: int) -> str | None:
    """The version that a program of ours says it has; None where something else answers, or nothing."""
    # Where it listens on all addresses, it is on the loopback one, too.
    reachable = host if is_loopback(host) else "127.0.0.1"
    connection = http.client.HTTPConnection(reachable.strip("[]"), port, timeout=_ANSWERS_WITHIN_S)
    try:
        connection.request("GET", "/health")
        body = json.loads(connection.getresponse().read(_HEALTH_BYTES))
        return str(body["version"]) if body["status"] == "healthy" else None
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
        return None
    finally:
        connection.close()
