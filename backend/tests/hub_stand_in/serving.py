"""The two hosts of a hub: its interface, and where large files are kept."""

import json
import threading
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from http.server import ThreadingHTTPServer
from typing import Any, Self

from tests.hub_stand_in.faults import Fault, Faults
from tests.hub_stand_in.repositories import Repository


@dataclass
class Asked:
    """A request that came, and what was answered.

    Attributes:
        host: `hub` or `files`.
        num_sent: bytes of the body that went out.
        token: of its Authorization header.
        agent: its User-Agent.
    """

    host: str
    method: str
    path: str
    range: str | None
    token: str | None
    agent: str
    status: int = 0
    num_sent: int = 0


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    hub: "HubStandIn"
    host_name: str

    def handle_error(self, *_: Any) -> None:
        """Who went away in the middle is no news."""


class HubStandIn:
    """A hub with two hosts, each on a port of its own. A context manager.

    Args:
        port: of the hub's own host; 0 is any.
    """

    def __init__(self, repositories: Iterable[Repository] = (), *, port: int = 0) -> None:
        self.repositories = {repo.repo_id: repo for repo in repositories}
        self.tokens = {"hf_good": "somebody"}
        """Tokens that the hub knows, and whose they are."""
        self.faults = Faults()
        self.asked: list[Asked] = []
        self._port = port
        self._servers: list[_Server] = []

    def __enter__(self) -> Self:
        from tests.hub_stand_in.answering import Handler

        for name, port in (("hub", self._port), ("files", 0)):
            server = _Server(("127.0.0.1", port), Handler)
            server.hub, server.host_name = self, name
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
            self._servers.append(server)
        return self

    def __exit__(self, *_: object) -> None:
        self.faults.clear()
        for server in self._servers:
            server.shutdown()
            server.server_close()
        self._servers.clear()

    @property
    def url(self) -> str:
        """The endpoint."""
        return f"http://127.0.0.1:{self._servers[0].server_port}"

    @property
    def files_url(self) -> str:
        """Where large files are; another origin than the endpoint."""
        return f"http://localhost:{self._servers[1].server_port}"

    def add(self, repository: Repository) -> Repository:
        """Offer one more."""
        self.repositories[repository.repo_id] = repository
        return repository

    def fail(self, *args: Any, **kwargs: Any) -> Fault:
        """Switch a fault on; see `Fault`."""
        return self.faults.add(Fault(*args, **kwargs))

    def num_sent(self, ending: str) -> int:
        """Bytes that went out of files whose path ends so."""
        return sum(asked.num_sent for asked in self.asked if asked.path.endswith(ending))

    def gets(self, ending: str, host: str | None = None) -> list[Asked]:
        """Requests for a file's content."""
        return [
            asked
            for asked in self.asked
            if asked.path.endswith(ending) and asked.method == "GET" and host in (None, asked.host)
        ]

    def asked_json(self) -> bytes:
        """All requests, without tokens."""
        return json.dumps([asdict(asked) | {"token": None} for asked in self.asked]).encode()
