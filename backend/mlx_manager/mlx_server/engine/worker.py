"""The worker process: `python -m mlx_manager.mlx_server.engine.worker FD`.

The main thread owns MLX. A reader thread turns frames into commands and ends the process the
moment the server is gone, even in the middle of a long computation.
"""

import logging
import os
import queue
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, BinaryIO

from mlx_manager.mlx_server.engine import device, wire
from mlx_manager.mlx_server.engine.guiding.desk import Guided, GuideDesk
from mlx_manager.mlx_server.engine.tracing import SpanRecorder

if TYPE_CHECKING:
    from mlx_manager.mlx_server.engine.engine import Engine
    from mlx_manager.mlx_server.engine.prefix_cache.disk import DiskTier

# None wakes the thread that owns MLX; a guided job comes from the thread that compiled its grammars.
Incoming = wire.Command | Guided | None

# mlx-lm names every missing weight; a caller needs the beginning, and the log has the rest.
_REASON_CHARS = 500
# A server that stops waits for its workers for half a second.
_LAST_WRITES_S = 0.4
# The server pings once a second.
_IDLE_PINGS = 2


class Connection:
    """The worker's end of the socket pair."""

    def __init__(self, descriptor: int) -> None:
        self._socket = socket.socket(fileno=descriptor)
        # Frames come from the thread that owns MLX and from the one that compiles grammars.
        self._sending = threading.Lock()
        # What is still to be written when the server goes; must be quick, and must not use MLX.
        self.at_end: Callable[[], object] | None = None
        # None wakes the thread that owns MLX: something it waited for has come from disk.
        self.commands: queue.SimpleQueue[Incoming] = queue.SimpleQueue()

    def send(self, report: wire.Report) -> None:
        """Send a frame; the death of the server ends this process."""
        frame = wire.encode_frame(report)
        try:
            with self._sending:
                self._socket.sendall(frame)
        except OSError:
            os._exit(0)

    def start_reading(self) -> None:
        """Queue commands from a thread of their own."""
        threading.Thread(target=self._read, name="commands", daemon=True).start()

    def _read(self) -> None:
        # However the reading ends, the process ends with it and holds its memory no longer.
        try:
            with self._socket.makefile("rb") as stream:
                while body := _read_frame(stream):
                    self.commands.put(wire.decode_command(body))
        except ConnectionError:
            pass  # the server died with frames unread
        except BaseException:
            logging.exception("the server sent what is no frame")
            os._exit(1)
        if self.at_end is not None:
            self.at_end()
        os._exit(0)


def _read_frame(stream: BinaryIO) -> bytes:
    """A frame's body; empty at the end of the stream, also where that comes inside a frame."""
    header = stream.read(wire.HEADER_BYTES)
    if len(header) < wire.HEADER_BYTES:
        return b""
    length = wire.frame_length(header)
    body = stream.read(length)
    return body if len(body) == length else b""


def serve(connection: Connection) -> None:
    """Load the model that the first command names, then step for as long as the server lives."""
    import mlx.core as mx

    from mlx_manager.mlx_server.engine.engine import Engine, EngineOptions
    from mlx_manager.mlx_server.engine.ledger import KVLedger
    from mlx_manager.mlx_server.engine.loader import load, untrimmable
    from mlx_manager.mlx_server.engine.prefixes import Prefixes, open_prefix_cache

    device.prepare_device()
    connection.send(_hello(mx))
    command = connection.commands.get()
    assert isinstance(command, wire.Load)
    spans = SpanRecorder(command.tracing) if command.tracing is not None else None
    try:
        loaded = load(command, lambda fraction: connection.send(wire.Loading(fraction)))
    except Exception as error:
        logging.exception("cannot load %s", command.path)
        connection.send(wire.LoadFailed(f"{type(error).__name__}: {error}"[:_REASON_CHARS]))
        return
    cache, disk, reason = open_prefix_cache(loaded.model, command, lambda: connection.commands.put(None))
    no_lookup = untrimmable(loaded.model) if command.prompt_lookup else "off"
    engine = Engine(
        loaded.model,
        connection.send,
        EngineOptions(
            can_batch=loaded.probe.can_batch,
            can_join_prefill=loaded.probe.can_join_prefill,
            max_rows=command.max_rows,
            prefill_chunk_tokens=command.prefill_chunk_tokens,
            weight_bytes=loaded.weight_bytes,
            samples_on_host=device.samples_on_host(),
            prompt_lookup=not no_lookup,
        ),
        KVLedger(loaded.kv_size, command.kv_budget_bytes, command.prefill_chunk_tokens),
        Prefixes(cache),
        None if spans is None else spans.trace,
    )
    connection.at_end = partial(_write_rest, disk, spans)
    connection.send(
        wire.Loaded(
            active_bytes=mx.get_active_memory(),
            vocab_size=loaded.vocab_size,
            can_batch=loaded.probe.can_batch,
            probe=loaded.probe.finding,
            load_s=loaded.load_s,
            kv_size=loaded.kv_size,
            prefix_cache=reason,
            prompt_lookup=no_lookup,
        )
    )
    desk = GuideDesk(loaded.vocab_size, connection.send, connection.commands.put)
    idle_pings = 0
    while True:
        for number in take_commands(engine, connection.commands, desk):
            # Others may need what MLX keeps for its next arrays, where there has been no work for a while.
            idle_pings = 0 if engine.has_work else idle_pings + 1
            if idle_pings == _IDLE_PINGS:
                mx.clear_cache()
            connection.send(engine.pong(number, mx.get_active_memory()))
        engine.step()


def _write_rest(disk: "DiskTier | None", spans: SpanRecorder | None) -> None:
    """Give the disk tier and the collector the time there is, both at once."""
    deadline = time.monotonic() + _LAST_WRITES_S
    flushed = None if spans is None else spans.flush()
    if disk is not None:
        disk.wait_idle(_LAST_WRITES_S)
    if flushed is not None:
        flushed.wait(max(deadline - time.monotonic(), 0.0))


def take_commands(engine: "Engine", commands: queue.SimpleQueue[Incoming], desk: GuideDesk) -> list[int]:
    """Give the engine what has come in; with nothing to do, sleep until something does.

    Returns:
        The numbers of the pings that came.
    """
    pings: list[int] = []
    block = not engine.has_work
    while True:
        try:
            command = commands.get(block=block)
        except queue.Empty:
            return pings
        block = False
        match command:
            case None:
                engine.resume()
            case wire.Ping(number=number):
                pings.append(number)
            case wire.Vocabulary() | wire.Check():
                desk.put(command)
            case wire.Submit(guide=wire.Guide()):
                desk.put(command)
            case Guided():
                if desk.is_wanted(command):
                    engine.handle(command)
            case wire.Cancel():
                desk.cancel(command.sequence_id)
                engine.handle(command)
            case wire.Submit() | wire.SetBudget():
                engine.handle(command)
            case wire.Load():
                raise AssertionError("a worker loads one model")


def _hello(mx: Any) -> wire.Hello:
    return wire.Hello(
        pid=os.getpid(),
        mlx_version=mx.__version__,
        device=device.device_name(),
        device_limit_bytes=device.device_limit_bytes(),
        widens_half=device.is_cpu(),
    )


def main() -> None:
    """Entry of the process; the one argument is the inherited socket's descriptor."""
    # Ctrl-C and a supervisor's SIGTERM reach the whole group; the server decides when its workers end.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    logging.basicConfig(stream=sys.stderr, level="WARNING", format="%(levelname)s %(name)s: %(message)s")
    device.prepare_process()
    connection = Connection(int(sys.argv[1]))
    connection.start_reading()
    serve(connection)


if __name__ == "__main__":
    main()
