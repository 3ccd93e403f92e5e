"""A real server as a child process, and what its tests need to talk to it."""

import contextlib
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import httpx
import psutil

import mlx_manager

BACKEND = Path(mlx_manager.__file__).parents[1]
DEMO = Path(mlx_manager.__file__).parent / "demo_model"
DEADLINE_S = 60.0
ENDLESS = "endless"

# What is ours, and that compiled code is not to be kept: each of many processes would compile anew.
_NOT_INHERITED = ("MLX_SERVER_", "MLX_MANAGER_", "LOGFIRE_", "OTEL_", "PYTHONDONTWRITEBYTECODE")
# Nothing here is encrypted, and reading the machine's certificates costs each client 35 ms of a core.
PLAIN: dict[str, Any] = {"timeout": DEADLINE_S, "trust_env": False, "verify": False}
# What the servers of this run have found out about their models: a probe takes a second of a start.
_FINDINGS = tempfile.TemporaryDirectory(prefix="mlx-findings-")
_LISTENING = re.compile(r"MLX Server listening on (http://\S+)")


def data_dir() -> Path:
    """Where the tests' models and other data lie: `MLX_MANAGER_TEST_DATA`, else beside the repository."""
    configured = os.environ.get("MLX_MANAGER_TEST_DATA")
    return Path(configured) if configured else BACKEND.parents[1] / "shared" / "data"


def wait_until(condition: Callable[[], Any], what: str, deadline_s: float = DEADLINE_S) -> Any:
    """The condition's first true value. Raises AssertionError when the deadline passes without one."""
    end = time.monotonic() + deadline_s
    while True:
        if value := condition():
            return value
        if time.monotonic() > end:
            raise AssertionError(f"{what}: not within {deadline_s:.0f} s")
        time.sleep(0.02)


def clean_environment(extra: Mapping[str, str]) -> dict[str, str]:
    """This process's environment without settings of ours, so that a developer's own do not count."""
    inherited = {
        name: value for name, value in os.environ.items() if not name.upper().startswith(_NOT_INHERITED)
    }
    paths = [extra.get("PYTHONPATH", ""), str(BACKEND), inherited.get("PYTHONPATH", "")]
    return inherited | dict(extra) | {"PYTHONPATH": os.pathsep.join(path for path in paths if path)}


def make_endless_model(folder: Path) -> Path:
    """A copy of the demo that no token ends and whose window is never full; returns its folder."""
    target = folder / ENDLESS
    shutil.copytree(DEMO, target, copy_function=shutil.copyfile)
    for name in ("config.json", "generation_config.json", "tokenizer_config.json"):
        file = target / name
        if file.is_file():
            changed = json.loads(file.read_text()) | {"eos_token_id": None}
            if name == "config.json":
                changed["max_position_embeddings"] = 10_000_000
            if name == "tokenizer_config.json":
                changed["eos_token"] = None
            file.write_text(json.dumps(changed))
    with contextlib.suppress(FileNotFoundError):
        (target / "special_tokens_map.json").unlink()
    return target


class Server:
    """`python -m mlx_manager.mlx_server.main` on a free port, with a home of its own.

    Leaving the context ends the process by its id and checks that no worker outlives it.

    Args:
        folder: an empty folder for the home and the log.
        env: settings over the defaults.
        arguments: flags of the command.
        wait_ready: False returns as soon as the server listens.
        own_group: start it as the leader of its own process group.
        wrapper: a command to run it with, such as a shell that lowers a limit.
        from_nothing: True starts without a home; otherwise a new home knows what the run's other servers
            have found out about their models, so that only a model's first load probes it.
    """

    def __init__(
        self,
        folder: Path,
        env: Mapping[str, str] | None = None,
        arguments: Sequence[str] = (),
        *,
        wait_ready: bool = True,
        own_group: bool = False,
        wrapper: Sequence[str] = (),
        from_nothing: bool = False,
    ) -> None:
        self._log_file = folder / "server.log"
        self.home = folder / "home"
        defaults = {
            "MLX_SERVER_PORT": "0",
            "MLX_MANAGER_HOME": str(self.home),
            # Its imports would cost every test a core for seconds; those of the spare worker ask for it.
            "MLX_SERVER_SPARE_WORKER": "false",
        }
        self._env = defaults | dict(env or {})
        self._command = [*wrapper, sys.executable, "-m", "mlx_manager.mlx_server.main", *arguments]
        self._wait_ready = wait_ready
        self._own_group = own_group
        self._from_nothing = from_nothing
        self._seen_workers: list[psutil.Process] = []
        self.process: subprocess.Popen[bytes]

    def __enter__(self) -> Self:
        if not self._from_nothing:
            self._copy_findings(Path(_FINDINGS.name), self._probes())
        with self._log_file.open("wb") as log:
            self.process = subprocess.Popen(
                self._command,
                env=clean_environment(self._env),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=self._own_group,
            )
        try:
            self.base_url: str = wait_until(self._address, "the server listens")
            self.client = httpx.Client(base_url=self.base_url, **PLAIN)
            if self._wait_ready:
                self.wait_ready()
        except BaseException:
            self.end()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()
        self.end()

    @property
    def pid(self) -> int:
        """The server's process id."""
        return self.process.pid

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self.base_url.rpartition(":")[2])

    @property
    def log(self) -> str:
        """Everything that it has written so far."""
        return self._log_file.read_text(errors="replace")

    def wait_ready(self) -> None:
        """Wait until the preloaded model answers."""
        wait_until(lambda: self._alive() and self.ready()[0] == 200, "the server is ready")

    def ready(self) -> tuple[int, dict[str, Any]]:
        """Status and body of `/ready`, over a new connection."""
        response = httpx.get(f"{self.base_url}/ready", **PLAIN)
        return response.status_code, response.json()

    def num_running(self) -> int:
        """Requests that have been accepted and have not ended."""
        return int(self.ready()[1]["running"])

    def num_in_engines(self) -> int:
        """Sequences that are read or decode, of all resident models."""
        engines = httpx.get(f"{self.base_url}/health/engine", **PLAIN).json()["engines"]
        return sum(engine["num_running"] for engine in engines)

    def wait_idle(self) -> None:
        """Wait until no request runs, and see that the engine has kept nothing of those that ran."""
        wait_until(lambda: self.num_running() == 0, "no request runs")
        wait_until(lambda: self._engine_is_idle(), "the engine is idle")

    def engine(self) -> dict[str, Any] | None:
        """What the resident model's engine says of itself."""
        response = httpx.get(f"{self.base_url}/health/engine", **PLAIN)
        assert response.status_code == 200, response.text
        health: dict[str, Any] | None = response.json()["engine"]
        return health

    def _engine_is_idle(self) -> bool:
        if (engine := self.engine()) is None:
            return True
        if engine["num_running"] or engine["num_waiting"]:
            return False
        assert engine["fault"] is None, engine
        assert engine["kv_bytes"] == 0, engine
        return True

    def workers(self) -> list[psutil.Process]:
        """Its worker processes that live now."""
        found = []
        with contextlib.suppress(psutil.NoSuchProcess):
            for child in psutil.Process(self.pid).children(recursive=True):
                with contextlib.suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
                    if any("engine.worker" in part for part in child.cmdline()):
                        found.append(child)
        self._seen_workers += found
        return found

    def post(self, path: str, body: Any, **options: Any) -> httpx.Response:
        """Send a JSON body."""
        return self.client.post(path, json=body, **options)

    def raw(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        """A request with exactly these headers (and a Content-Length); nothing is added or normalised."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE_S)
        with contextlib.closing(connection):
            sent = {"Host": f"127.0.0.1:{self.port}"} | dict(headers or {})
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for name, value in sent.items():
                connection.putheader(name, value)
            if body is not None:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            response = connection.getresponse()
            return response.status, response.headers, response.read()

    def end(self) -> None:
        """End the process if it still runs, and see that its workers end with it."""
        self.workers()
        if self._alive():
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(DEADLINE_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise AssertionError(f"the server did not end on SIGTERM:\n{self.log}") from None
        wait_until(lambda: not any(map(is_running, self._seen_workers)), "the workers end with the server")
        self._copy_findings(self._probes(), Path(_FINDINGS.name))

    def _probes(self) -> Path:
        return Path(self._env["MLX_MANAGER_HOME"]) / "probes"

    @staticmethod
    def _copy_findings(source: Path, target: Path) -> None:
        """Copy what the other folder lacks; nothing where there is nothing."""
        for file in source.glob("*.json"):
            for folder in (target.parent, target):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not (target / file.name).exists():
                shutil.copy(file, target / file.name)

    def _alive(self) -> bool:
        return self.process.poll() is None

    def _address(self) -> str | None:
        found = _LISTENING.search(self.log)
        if found is None and not self._alive():
            raise AssertionError(f"the server ended with {self.process.returncode}:\n{self.log}")
        return found.group(1) if found else None


def is_running(process: psutil.Process) -> bool:
    """Whether a process does anything still; a zombie does not."""
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def sse_events(lines: Iterator[str]) -> Iterator[str]:
    """The payloads of a stream of server-sent events; comments are left out."""
    for line in lines:
        if line.startswith("data: "):
            yield line.removeprefix("data: ")
        else:
            assert not line or line.startswith(":"), line


class Stream:
    """A streamed answer, read to its end: its parsed events and how it ended."""

    def __init__(self, response: httpx.Response) -> None:
        assert response.status_code == 200, response.read()
        assert response.headers["content-type"].startswith("text/event-stream")
        self.headers = response.headers
        payloads = list(sse_events(response.iter_lines()))
        self.done = bool(payloads) and payloads[-1] == "[DONE]"
        self.chunks: list[dict[str, Any]] = [
            json.loads(payload) for payload in payloads if payload != "[DONE]"
        ]

    @property
    def error(self) -> dict[str, Any] | None:
        """The error that ended it, if one did."""
        error: dict[str, Any] | None = self.chunks[-1].get("error") if self.chunks else None
        return error

    @property
    def text(self) -> str:
        """The text, of either dialect."""
        return "".join(map(chunk_text, self.chunks))

    @property
    def finish_reason(self) -> str | None:
        """The last one stated."""
        reasons = [choice["finish_reason"] for chunk in self.chunks for choice in chunk.get("choices", ())]
        return next((reason for reason in reversed(reasons) if reason), None)


def chunk_text(chunk: Mapping[str, Any]) -> str:
    """The text that one chunk adds, of either dialect."""
    return "".join(
        choice["text"] if "text" in choice else choice["delta"].get("content", "")
        for choice in chunk.get("choices", ())
    )


def stream(server: Server, path: str, body: Mapping[str, Any]) -> Stream:
    """Stream an answer to its end."""
    with server.client.stream("POST", path, json={**body, "stream": True}) as response:
        return Stream(response)


class BackgroundStream:
    """A streamed answer that is read on a thread, while the test does something to the server."""

    def __init__(
        self, server: Server, path: str, body: Mapping[str, Any], headers: Mapping[str, str] | None = None
    ) -> None:
        self._headers = {"Content-Type": "application/json", **(headers or {})}
        self.result: Stream | None = None
        self.failure: Exception | None = None
        self.num_lines = 0
        self._socket: socket.socket | None = None
        self._thread = threading.Thread(target=self._read, args=(server, path, body), daemon=True)
        self._thread.start()

    def wait_flowing(self, num_lines: int = 6) -> None:
        """Wait until some of the answer has arrived."""
        wait_until(lambda: self.num_lines >= num_lines or not self._thread.is_alive(), "the stream flows")
        assert self._thread.is_alive(), self.failure or self.result

    @property
    def is_running(self) -> bool:
        """Whether the stream has not ended."""
        return self._thread.is_alive()

    def leave(self) -> None:
        """Close the connection, as a client does that wants no more; safe when the stream has ended."""
        wait_until(lambda: self._socket or not self._thread.is_alive(), "the stream is connected")
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(DEADLINE_S)

    def wait(self) -> Stream:
        """The stream, once it has ended. Raises what broke it."""
        self._thread.join(DEADLINE_S)
        assert not self._thread.is_alive(), "the stream did not end"
        if self.failure is not None:
            raise self.failure
        assert self.result is not None
        return self.result

    def _read(self, server: Server, path: str, body: Mapping[str, Any]) -> None:
        # http.client and not httpx: many endless streams at once must not be slower to read than to write.
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=DEADLINE_S)
        try:
            with contextlib.closing(connection):
                connection.connect()
                self._socket = connection.sock
                sent = json.dumps({**body, "stream": True}).encode()
                connection.request("POST", path, sent, self._headers)
                self.result = Stream(_Lines(connection.getresponse(), self))  # type: ignore[arg-type]
        except Exception as error:
            self.failure = error


class _Lines:
    """A response as `Stream` reads it; it counts its lines."""

    def __init__(self, response: http.client.HTTPResponse, owner: BackgroundStream) -> None:
        self._response = response
        self._owner = owner
        self.status_code = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}

    def read(self) -> bytes:
        return self._response.read()

    def iter_lines(self) -> Iterator[str]:
        while line := self._response.readline():
            self._owner.num_lines += 1
            yield line.decode().rstrip("\n")


def endless_chat(**fields: Any) -> dict[str, Any]:
    """A chat request that goes on until somebody ends it."""
    return endless_completion(**fields) | {"messages": [{"role": "user", "content": "Hello"}]}


def endless_completion(**fields: Any) -> dict[str, Any]:
    """A completion that goes on until somebody ends it; a high temperature keeps its text flowing."""
    return {
        "model": ENDLESS,
        "prompt": "Hello",
        "max_tokens": 60_000,  # what is reserved for it is memory; this is minutes of text
        "temperature": 2,
        "seed": 1,
        **fields,
    }


def endless_message(**fields: Any) -> dict[str, Any]:
    """The same in Anthropic's dialect, whose temperature goes to 1 only."""
    return endless_chat(temperature=1, **fields) | {"max_tokens": 60_000}


def endless_response(**fields: Any) -> dict[str, Any]:
    """The same as one of OpenAI's responses."""
    endless = endless_completion(**fields)
    return endless | {"input": endless.pop("prompt"), "max_output_tokens": endless.pop("max_tokens")}
