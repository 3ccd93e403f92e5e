"""The server and its workers connect to nothing and look up no name."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.live.conftest import StartServer
from tests.live.server import clean_environment, wait_until

BODY = {"model": "demo", "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 3}
# Python tells audit hooks of every connect and look-up, whichever module asks.
RECORDER = """
import os, sys

_FILE = os.environ["RECORD_CONNECTIONS"]

def _write(line):
    descriptor = os.open(_FILE, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(descriptor, f"{os.getpid()} {line}\\n".encode())
    os.close(descriptor)

def _hook(event, arguments):
    if event in ("socket.connect", "socket.sendto"):
        address = arguments[1]
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        address = arguments[:1]
    else:
        return
    if not isinstance(address, tuple):
        return
    host = address[0]
    host = host.decode() if isinstance(host, bytes) else host
    if host not in (None, "localhost", "127.0.0.1", "::1"):
        _write(f"{event} {host}")

sys.addaudithook(_hook)
_write("started")
"""


@pytest.fixture
def recorder(tmp_path: Path) -> dict[str, str]:
    """An environment in which every Python process records where it connects."""
    folder = tmp_path / "recorder"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(RECORDER)
    return {"PYTHONPATH": str(folder), "RECORD_CONNECTIONS": str(tmp_path / "connections.txt")}


def recorded(recorder: dict[str, str]) -> tuple[set[int], list[str]]:
    """The processes that record, and what they did."""
    lines = [line.split(" ", 1) for line in Path(recorder["RECORD_CONNECTIONS"]).read_text().splitlines()]
    return {int(pid) for pid, what in lines if what == "started"}, [w for _, w in lines if w != "started"]


def test_the_recorder_records(recorder: dict[str, str]) -> None:
    code = (
        "import socket, contextlib\n"
        "with contextlib.suppress(OSError): socket.getaddrinfo('nowhere.invalid', 80)\n"
        "with contextlib.suppress(OSError): socket.create_connection(('192.0.2.1', 9), timeout=0.01)\n"
    )
    subprocess.run([sys.executable, "-c", code], env=clean_environment(recorder), check=True, timeout=60)
    pids, actions = recorded(recorder)
    assert len(pids) == 1
    assert "socket.getaddrinfo nowhere.invalid" in actions
    assert "socket.connect 192.0.2.1" in actions


def test_nothing_is_connected_to(start_server: StartServer, recorder: dict[str, str]) -> None:
    server = start_server(recorder)
    assert server.post("/v1/chat/completions", BODY).status_code == 200
    assert server.post("/v1/chat/completions", {**BODY, "stream": True}).status_code == 200
    [worker] = server.workers()
    pids, actions = recorded(recorder)
    assert {server.pid, worker.pid} <= pids
    assert actions == []
    # Without a token logfire sends nothing, and asks for none.
    assert "logfire" not in server.log.lower()


def can_trace() -> bool:
    """Whether strace is here and allowed."""
    strace = shutil.which("strace")
    return (
        bool(strace) and subprocess.run([str(strace), "-o", "/dev/null", "true"], check=False).returncode == 0
    )


def traced(trace: Path) -> list[str]:
    """A command's beginning that writes its connections to this file; -D keeps the command's process id."""
    return ["strace", "-D", "-f", "-qq", "-e", "trace=connect", "-o", str(trace)]


def addresses(trace: Path) -> set[str]:
    """Every internet address in a trace."""
    return set(re.findall(r'AF_INET6?,.*?inet_(?:addr|pton)\([^"]*"([^"]+)"', trace.read_text()))


@pytest.mark.full
def test_the_kernel_sees_no_connection_either(start_server: StartServer, tmp_path: Path) -> None:
    if not can_trace():
        pytest.skip("strace is not here or not allowed")
    control = tmp_path / "control.txt"
    code = "import socket; socket.socket().connect_ex(('127.0.0.9', 9))"
    subprocess.run([*traced(control), sys.executable, "-c", code], check=True, timeout=60)
    wait_until(lambda: control.is_file() and addresses(control) == {"127.0.0.9"}, "the tracer traces")
    trace = tmp_path / "trace.txt"
    server = start_server(wrapper=traced(trace))
    assert server.post("/v1/chat/completions", BODY).status_code == 200
    assert addresses(trace) <= {"127.0.0.1", "::1"}
