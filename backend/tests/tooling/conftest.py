"""A real server for the tests of what surrounds it; scripts/ on the path, for the benchmark's parts."""

import signal
import sys
from collections.abc import Callable, Iterator, Mapping

import pytest

from tests.tooling.outside import ROOT, RunningServer
from tests.tooling.test_run_live import Served, serve

sys.path.insert(0, str(ROOT / "scripts"))

StartServer = Callable[[Mapping[str, str]], str]


@pytest.fixture(scope="session")
def start_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartServer]:
    """Start servers on free ports, each with a home of its own; they end with the session."""
    running: list[RunningServer] = []

    def start(env: Mapping[str, str]) -> str:
        running.append(RunningServer(env, tmp_path_factory.mktemp("home")))
        return running[-1].url_when_ready()

    yield start
    for server in running:
        server.stop()


@pytest.fixture(scope="session")
def server_url(start_server: StartServer) -> str:
    """Base URL of one server with default settings, shared by the tests that only read."""
    return start_server({})


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Served:
    """`make run` in an empty home, ended with Ctrl-C: what it prints is read from more than one side."""
    return serve(tmp_path_factory.mktemp("run"), signal.SIGINT)
