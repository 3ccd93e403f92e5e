"""The SDKs for Node: whether they can run here, and how a test calls them."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from tests.live.node_driver import FOLDER, Answer, Driver
from tests.live.server import Server, wait_until

# What the packages were installed from; `make node-sdks` writes it last.
STAMP = FOLDER / "node_modules" / ".installed"
INSTALLED_FROM = (".npmrc", "package.json", "package-lock.json")
OLDEST_NODE = 20


def installed_from() -> bytes:
    """What the stamp holds when the packages are those of the lock."""
    return b"".join((FOLDER / name).read_bytes() for name in INSTALLED_FROM)


def missing() -> str | None:
    """Why the SDKs cannot run here, or None where they can."""
    node = shutil.which("node")
    if node is None:
        return "there is no Node"
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout.strip()
    major = said.removeprefix("v").partition(".")[0]
    if not major.isdigit() or int(major) < OLDEST_NODE:
        return f"Node is {said or 'broken'}, {OLDEST_NODE} is needed"
    if not STAMP.is_file() or STAMP.read_bytes() != installed_from():
        return "its packages are not installed; `make node-sdks` does it"
    return None


def require_node() -> None:
    """Skip the test where the SDKs cannot run; in continuous integration fail it."""
    if (reason := missing()) is None:
        return
    said = f"THE SDKS FOR NODE ARE NOT TESTED: {reason}"
    if os.environ.get("CI") or os.environ.get("MLX_TEST_REQUIRE_NODE"):
        pytest.fail(said)
    pytest.skip(said)


@dataclass(frozen=True)
class NodeSdk:
    """One of the SDKs, pointed at a server; it does not repeat failed requests."""

    driver: Driver
    name: str
    base_url: str
    api_key: str = "unused"

    def call(self, method: str, *arguments: Any, abort_after: int | None = None) -> Answer:
        """Call a method, such as `chat.completions.create`; a stream or list is read to its end.

        Args:
            method: its path from the client.
            arguments: what it is given.
            abort_after: abort the stream when so many items have come.

        Raises:
            AssertionError: the SDK threw an error.
        """
        answer = self._run(method, arguments, abort_after)
        assert answer.error is None, answer.error
        return answer

    def error(self, method: str, *arguments: Any, abort_after: int | None = None) -> dict[str, Any]:
        """The same for a call that fails: the error that the SDK threw."""
        answer = self._run(method, arguments, abort_after)
        assert answer.error is not None, answer
        return answer.error

    def _run(self, method: str, arguments: tuple[Any, ...], abort_after: int | None) -> Answer:
        return self.driver.run(
            {
                "sdk": self.name,
                "baseURL": self.base_url,
                "apiKey": self.api_key,
                "method": method,
                "arguments": arguments,
                "abortAfter": abort_after,
            }
        )


@contextmanager
def one_leaves(server: Server) -> Iterator[None]:
    """Within it one request is aborted: the server ends it, though Node itself goes on."""
    before = _num_left(server)
    yield
    server.wait_idle()
    wait_until(lambda: _num_left(server) == before + 1, "the cancellation is logged")


def _num_left(server: Server) -> int:
    return server.log.count("cancelled by the client")
