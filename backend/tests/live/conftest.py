"""Servers and data for the live tests."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from anthropic import Anthropic
from openai import OpenAI
from tokenizers import Tokenizer

from tests.live import node_sdk
from tests.live import server as live
from tests.live.node_driver import Driver
from tests.live.node_sdk import NodeSdk
from tests.live.pool_server import Pool, write_three
from tests.live.reference import Reference
from tests.live.server import DEMO, Server

StartServer = Callable[..., Server]


@pytest.fixture(scope="session")
def test_models() -> Path:
    """The folder of small real models."""
    folder = live.data_dir() / "models"
    if not folder.is_dir():
        pytest.skip(f"no test models at {folder}; set MLX_MANAGER_TEST_DATA")
    return folder


@pytest.fixture(scope="session")
def endless_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of one model that never stops by itself."""
    folder = tmp_path_factory.mktemp("models")
    live.make_endless_model(folder)
    return folder


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory, endless_dir: Path) -> Iterator[Server]:
    """One server with the demo, shared by the tests that leave it as it was."""
    env = {"MLX_SERVER_MODEL_DIRS": json.dumps([str(endless_dir)])}
    with Server(tmp_path_factory.mktemp("server"), env) as running:
        yield running
        running.wait_idle()


@pytest.fixture(scope="session")
def stories_server(tmp_path_factory: pytest.TempPathFactory, test_models: Path) -> Iterator[Server]:
    """A second shared server, with the test models."""
    env = {
        "MLX_SERVER_MODEL_DIRS": json.dumps([str(test_models)]),
        "MLX_SERVER_PRELOAD": '["stories260k-fp32"]',
    }
    with Server(tmp_path_factory.mktemp("stories"), env) as running:
        yield running
        running.wait_idle()


@pytest.fixture
def start_server(tmp_path_factory: pytest.TempPathFactory, endless_dir: Path) -> Iterator[StartServer]:
    """Starts servers for one test; they end with it. They know the endless model."""
    started: list[Server] = []

    def start(env: dict[str, str] | None = None, arguments: Any = (), **options: Any) -> Server:
        settings = {"MLX_SERVER_MODEL_DIRS": json.dumps([str(endless_dir)])} | (env or {})
        running = Server(tmp_path_factory.mktemp("server"), settings, arguments, **options)
        running.__enter__()
        started.append(running)
        return running

    yield start
    for running in started:
        running.__exit__()


@pytest.fixture(scope="session")
def three_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of three tiny models."""
    return write_three(tmp_path_factory.mktemp("three"))


def three_models_env(folder: Path) -> dict[str, str]:
    """Settings of a server that has these models and the demo, and nothing in memory."""
    return {
        "MLX_SERVER_MODEL_DIRS": json.dumps([str(folder)]),
        "MLX_SERVER_USE_HF_CACHE": "false",
        "MLX_SERVER_PRELOAD": "[]",
        # A worker that aborts says where.
        "PYTHONFAULTHANDLER": "1",
    }


@pytest.fixture(scope="session")
def pool_server(tmp_path_factory: pytest.TempPathFactory, three_models: Path) -> Iterator[Pool]:
    """A third shared server, with three tiny models and room for two."""
    with Server(tmp_path_factory.mktemp("pool"), three_models_env(three_models)) as running:
        pool = Pool(running)
        pool.learn()
        yield pool
        pool.reset()


@pytest.fixture
def pool(pool_server: Pool) -> Iterator[Pool]:
    """That server in its usual state; which models are loaded is left to the test."""
    pool_server.reset()
    yield pool_server
    pool_server.reset()


@pytest.fixture(scope="session")
def client(server: Server) -> Iterator[OpenAI]:
    """OpenAI's own SDK, pointed at the shared server; it does not repeat failed requests."""
    with OpenAI(
        base_url=f"{server.base_url}/v1", api_key="unused", max_retries=0, timeout=live.DEADLINE_S
    ) as client:
        yield client


@pytest.fixture(scope="session")
def node_driver() -> Iterator[Driver]:
    """One process of Node for all tests of the SDKs for Node."""
    node_sdk.require_node()
    with Driver() as driver:
        yield driver


@pytest.fixture(scope="session")
def node_openai(node_driver: Driver, server: Server) -> NodeSdk:
    """OpenAI's SDK for Node, pointed at the shared server."""
    return NodeSdk(node_driver, "openai", f"{server.base_url}/v1")


@pytest.fixture(scope="session")
def node_anthropic(node_driver: Driver, server: Server) -> NodeSdk:
    """Anthropic's SDK for Node, pointed at the shared server."""
    return NodeSdk(node_driver, "anthropic", server.base_url)


@pytest.fixture(scope="session")
def demo_tokenizer() -> Tokenizer:
    """The demo's tokenizer, read without the server's code."""
    return Tokenizer.from_file(str(DEMO / "tokenizer.json"))


@pytest.fixture(scope="session")
def reference() -> Reference:
    """Answers by mlx-lm's own serial loop."""
    return Reference()


@pytest.fixture(scope="session")
def claude(server: Server) -> Iterator[Anthropic]:
    """Anthropic's own SDK, pointed at the shared server; it does not repeat failed requests."""
    with Anthropic(
        base_url=server.base_url, api_key="unused", max_retries=0, timeout=live.DEADLINE_S
    ) as client:
        yield client
