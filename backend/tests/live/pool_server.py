"""A server with three tiny models and room for two of them, and what its tests ask of it."""

import contextlib
import http.client
import json
import socket
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Self

import httpx
import psutil
from safetensors.numpy import load_file, save_file

from tests.live.server import DEADLINE_S, BackgroundStream, Server, is_running, wait_until
from tests.pool.model_folders import CONFIG, write_loadable

ALPHA, BETA, GAMMA = "alpha", "beta", "org/gamma"
MODELS = (ALPHA, BETA, GAMMA)
PROMPT = "w1 w2 w3"
# Enough that a stream is not written faster than Python reads it.
NUM_LAYERS = 4
# Minutes of text.
ENDLESS_TOKENS = 40_000
_TEMPLATE = "{% for message in messages %}{{ message['content'] }} {% endfor %}"


def write_tiny(path: Path, *, seed: int = 0) -> Path:
    """A random llama that takes conversations and never stops by itself."""
    write_loadable(path, seed=seed)
    file = path / "model.safetensors"
    weights = load_file(file)
    layer = {name: array for name, array in weights.items() if ".layers.0." in name}
    for index in range(1, NUM_LAYERS):
        weights |= {name.replace(".layers.0.", f".layers.{index}."): array for name, array in layer.items()}
    save_file(weights, file)
    config = CONFIG | {"num_hidden_layers": NUM_LAYERS, "max_position_embeddings": 1_000_000}
    (path / "config.json").write_text(json.dumps(config))
    tokenizer = {"tokenizer_class": "PreTrainedTokenizerFast", "chat_template": _TEMPLATE}
    (path / "tokenizer_config.json").write_text(json.dumps(tokenizer))
    return path


def write_three(folder: Path) -> Path:
    """The three of `MODELS`; returns the folder that they are in."""
    for seed, name in enumerate(MODELS):
        write_tiny(folder / name, seed=seed)
    return folder


def text_body(model: str, **fields: Any) -> dict[str, Any]:
    """A short greedy completion."""
    return {"model": model, "prompt": PROMPT, "max_tokens": 4, "temperature": 0, **fields}


def chat_body(model: str, **fields: Any) -> dict[str, Any]:
    """The same as a conversation."""
    message = {"role": "user", "content": PROMPT}
    return {"model": model, "messages": [message], "max_tokens": 4, "temperature": 0, **fields}


class Pool:
    """A server's models, as the owner sees and changes them.

    Attributes:
        server: is running.
        bytes_each: what one tiny model takes, without caches; 0 before `learn`.
    """

    def __init__(self, server: Server) -> None:
        self.server = server
        self.bytes_each = 0
        self._usual: dict[str, Any] = {}
        self._streams: list[BackgroundStream] = []

    # Looking

    def get(self, path: str) -> Any:
        """A body of JSON."""
        response = self.server.client.get(path)
        assert response.status_code == 200, response.text
        return response.json()

    def models(self) -> dict[str, dict[str, Any]]:
        """What `/admin/models` says, by id."""
        views = self.get("/admin/models")["data"]
        found = {view["id"]: view for view in views}
        assert len(found) == len(views)
        return found

    def model(self, model: str) -> dict[str, Any]:
        """What `/admin/models` says of one."""
        return self.models()[model]

    def loaded(self) -> dict[str, int]:
        """Process ids of the models that are loaded, by id."""
        return {name: view["pid"] for name, view in self.models().items() if view["status"] == "loaded"}

    def pid(self, model: str) -> int:
        """Of the model's worker."""
        pid = self.model(model)["pid"]
        assert isinstance(pid, int), self.model(model)
        return pid

    def memory(self) -> dict[str, Any]:
        """What `/admin/memory` says."""
        body: dict[str, Any] = self.get("/admin/memory")
        return body

    def wait_status(self, model: str, status: str) -> dict[str, Any]:
        """Wait until the model has it; returns its view."""
        view: dict[str, Any] = wait_until(
            lambda: view if (view := self.model(model))["status"] == status else None, f"{model} is {status}"
        )
        return view

    def wait_waiting(self, model: str, count: int = 1) -> None:
        """Wait until so many requests wait for the model."""
        wait_until(lambda: self.model(model)["waiting"] == count, f"{count} wait for {model}")

    def wait_gone(self, pid: int) -> None:
        """Wait until a worker has ended."""
        if psutil.pid_exists(pid):
            with contextlib.suppress(psutil.NoSuchProcess):
                process = psutil.Process(pid)
                wait_until(lambda: not is_running(process), f"worker {pid} ends")

    # Doing

    def command(self, model: str, command: str, **query: Any) -> httpx.Response:
        """POST /admin/models/MODEL/COMMAND."""
        return self.server.client.post(f"/admin/models/{model}/{command}", params=query)

    def do(self, model: str, command: str, **query: Any) -> dict[str, Any]:
        """The same, where it must succeed; returns the model's view."""
        response = self.command(model, command, **query)
        assert response.status_code == 200, response.text
        view: dict[str, Any] = response.json()
        return view

    def change(self, **settings: Any) -> dict[str, Any]:
        """Change settings; returns all that can be changed."""
        response = self.server.client.patch("/admin/settings", json=settings)
        assert response.status_code == 200, response.text
        body: dict[str, Any] = response.json()
        return body

    def give_room(self, count: int) -> None:
        """A budget for so many models, and most of one more that caches may take."""
        self.change(max_memory_gb=self.room_gb(count))

    def room_gb(self, count: int) -> float:
        """That budget as the setting says it."""
        assert self.bytes_each
        return (count + 0.8) * self.bytes_each / 2**30

    def ask(self, model: str, **fields: Any) -> httpx.Response:
        """A short greedy completion."""
        return self.server.post("/v1/completions", text_body(model, **fields))

    def answer(self, model: str, **fields: Any) -> str:
        """Its text; it must succeed."""
        response = self.ask(model, **fields)
        assert response.status_code == 200, response.text
        body = response.json()
        assert body["model"] == model
        text: str = body["choices"][0]["text"]
        return text

    def stream(self, model: str, *, chat: bool = False, **fields: Any) -> BackgroundStream:
        """A stream that goes on until somebody ends it, unless `max_tokens` is given. It holds a lease."""
        fields = {"max_tokens": ENDLESS_TOKENS, "temperature": 2, "seed": 1} | fields
        path = "/v1/chat/completions" if chat else "/v1/completions"
        body = chat_body(model, **fields) if chat else text_body(model, **fields)
        stream = BackgroundStream(self.server, path, body)
        self._streams.append(stream)
        return stream

    def flowing(self, model: str, *, chat: bool = False, **fields: Any) -> BackgroundStream:
        """The same, once some of it has come."""
        stream = self.stream(model, chat=chat, **fields)
        stream.wait_flowing()
        return stream

    def only(self, *models: str) -> dict[str, int]:
        """Have these in memory, used in this order, and no others; returns their process ids.

        What they died of before is forgotten.
        """
        for name, view in self.models().items():
            if name not in models and view["status"] not in ("unloaded", "failed", "incomplete"):
                self.do(name, "unload", force=True)
        for name in models:
            self.do(name, "load")
        loaded = self.loaded()
        assert sorted(loaded) == sorted(models)
        return loaded

    # Keeping

    def learn(self) -> None:
        """Find out how much a model takes, and make room for two the usual state."""
        self.do(ALPHA, "load")
        # The first time it is probed, which leaves some memory behind.
        self.do(ALPHA, "unload")
        self.do(ALPHA, "load")
        self.bytes_each = self.model(ALPHA)["bytes"]["estimated"]
        self.give_room(2)
        self._usual = self.get("/admin/settings")

    def leave_all(self) -> None:
        """Leave every stream."""
        for stream in self._streams:
            stream.leave()
        self._streams.clear()

    def reset(self) -> None:
        """Back to the usual state: nothing runs, nothing is pinned. Models stay as they are."""
        self.leave_all()
        self.change(**self._usual)
        wait_until(lambda: self.server.num_running() == 0, "no request runs")


class Events:
    """What `/admin/events` says, read on a thread until the context is left."""

    def __init__(self, server: Server) -> None:
        self._seen: list[tuple[str, dict[str, Any]]] = []
        self._connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=300)
        self._connection.connect()
        self._socket = self._connection.sock
        self._connection.request("GET", "/admin/events")
        self._thread = threading.Thread(target=self._read, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        # It comes last of what is told at first: from here on nothing is missed.
        wait_until(lambda: self.of("memory"), "the events begin")
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(DEADLINE_S)
        self._connection.close()

    def of(self, kind: str) -> list[dict[str, Any]]:
        """The events of a kind that have come, oldest first."""
        return [body for name, body in list(self._seen) if name == kind]

    def states(self, model: str) -> list[str]:
        """The model's states, each once, in their order."""
        told: list[str] = []
        for change in self.of("state"):
            if change["id"] == model and (not told or told[-1] != change["status"]):
                told.append(change["status"])
        return told

    def wait_states(self, model: str, states: Sequence[str]) -> None:
        """Wait until the model has gone through exactly these."""
        wait_until(lambda: len(self.states(model)) >= len(states), f"{model}: {', '.join(states)}")
        assert self.states(model) == list(states)

    def loads(self) -> set[tuple[str, int]]:
        """Every model that became loaded, with its worker's process id."""
        return {(body["id"], body["pid"]) for body in self.of("state") if body["status"] == "loaded"}

    def _read(self) -> None:
        kind = ""
        with contextlib.suppress(OSError, http.client.HTTPException):
            response = self._connection.getresponse()
            assert response.headers["Content-Type"].startswith("text/event-stream")
            for line in _lines(response):
                name, _, value = line.partition(": ")
                if name == "event":
                    kind = value
                elif name == "data":
                    self._seen.append((kind, json.loads(value)))


def _lines(response: http.client.HTTPResponse) -> Iterator[str]:
    while line := response.readline():
        yield line.decode().rstrip("\n")
