"""Ports that are free, ours or somebody else's; a hub that answers, refuses, or is not there."""

import os
import socket

import pytest

from mlx_manager.doctor.finding import Finding, Level
from mlx_manager.doctor.hub import check_hub
from mlx_manager.doctor.ports import check_port
from tests.doctor.conftest import Answering


def port_finding(port: int, host: str = "127.0.0.1") -> Finding:
    (finding,) = check_port("server", host, port, "MLX_SERVER_PORT")
    return finding


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def test_a_free_port_stays_free() -> None:
    port = closed_port()
    assert port_finding(port).level is Level.OK
    assert port_finding(port).message == "free for the server"
    assert port_finding(0).level is Level.OK


def test_a_port_that_is_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlx_manager.doctor.ports._ANSWERS_WITHIN_S", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        finding = port_finding(port)
    assert finding.level is Level.PROBLEM
    assert f"(pid {os.getpid()})" in finding.message
    assert f"MLX_SERVER_PORT={port + 1}" in finding.advice


@pytest.mark.parametrize(
    ("body", "level"),
    [
        (b'{"status": "healthy", "version": "9.8.7"}', Level.OK),
        (b'{"status": "fine"}', Level.PROBLEM),
        (b"[]", Level.PROBLEM),
        (b"<html>", Level.PROBLEM),
    ],
)
def test_a_port_where_something_answers(answering: Answering, body: bytes, level: Level) -> None:
    finding = port_finding(answering(200, body))
    assert finding.level is level
    assert ("9.8.7" in finding.message) == (level is Level.OK)


def test_an_address_of_another_machine() -> None:
    finding = port_finding(closed_port(), "192.0.2.1")
    assert finding.level is Level.PROBLEM
    assert "MLX_SERVER_HOST" in finding.advice


def hub_finding(endpoint: str, *, is_offline: bool = False, **environ: str) -> Finding:
    (finding,) = check_hub(endpoint, is_offline=is_offline, environ=environ)
    return finding


@pytest.mark.parametrize(("status", "level"), [(200, "ok"), (401, "ok"), (503, "warning")])
def test_a_hub(answering: Answering, status: int, level: str) -> None:
    assert hub_finding(f"http://127.0.0.1:{answering(status, b'')}").level == level


@pytest.mark.parametrize("endpoint", ["", "not an address", "ftp://127.0.0.1", "http://[::"])
def test_a_hub_that_is_not_there(endpoint: str) -> None:
    finding = hub_finding(endpoint or f"http://127.0.0.1:{closed_port()}")
    assert finding.level is Level.WARNING
    assert "MLX_MANAGER_HUB_ENDPOINT" in finding.advice


def test_a_hub_that_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlx_manager.doctor.hub._ANSWERS_WITHIN_S", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        finding = hub_finding(f"http://127.0.0.1:{listener.getsockname()[1]}")
    assert finding.level is Level.WARNING


def test_a_hub_that_is_not_to_be_asked() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        endpoint = f"http://127.0.0.1:{listener.getsockname()[1]}"
        assert hub_finding(endpoint, is_offline=True).level is Level.OK
        assert hub_finding(endpoint, HF_HUB_OFFLINE="1").level is Level.OK
        with pytest.raises(BlockingIOError):
            listener.accept()
