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
from pathlib import Path
from typing import Any

from mlx_manager.mlx_server.engine import device, wire


class Connection:
    """The worker's end of the socket pair."""

    def __init__(self, descriptor: int) -> None:
        self._socket = socket.socket(fileno=descriptor)
        self.commands: queue.SimpleQueue[wire.Command] = queue.SimpleQueue()

    def send(self, report: wire.Report) -> None:
        """Send a frame; the death of the server ends this process."""
        try:
            self._socket.sendall(wire.encode_frame(report))
        except OSError:
            os._exit(0)

    def start_reading(self) -> None:
        """Queue commands from a thread of their own."""
        threading.Thread(target=self._read, name="commands", daemon=True).start()

    def _read(self) -> None:
        stream = self._socket.makefile("rb")
        while True:
            header = stream.read(wire.HEADER_BYTES)
            body = stream.read(wire.frame_length(header)) if len(header) == wire.HEADER_BYTES else b""
            if not body:
                os._exit(0)  # the server is gone: hold its memory no longer
            self.commands.put(wire.decode_command(body))


def serve(connection: Connection) -> None:
    """Load the model that the first command names, then step for as long as the server lives."""
    import mlx.core as mx

    from mlx_manager.mlx_server.engine.engine import Engine
    from mlx_manager.mlx_server.engine.loader import load

    device.prepare_device()
    connection.send(_hello(mx))
    command = connection.commands.get()
    assert isinstance(command, wire.Load)
    try:
        loaded = load(Path(command.path))
    except Exception as error:
        logging.exception("cannot load %s", command.path)
        connection.send(wire.LoadFailed(f"{type(error).__name__}: {error}"))
        return
    connection.send(
        wire.Loaded(
            active_bytes=mx.get_active_memory(),
            vocab_size=loaded.vocab_size,
            can_batch=loaded.probe.can_batch,
            probe=loaded.probe.finding,
            load_s=loaded.load_s,
        )
    )
    engine = Engine(
        loaded.model,
        connection.send,
        can_batch=loaded.probe.can_batch,
        max_rows=command.max_rows,
        prefill_chunk_tokens=command.prefill_chunk_tokens,
    )
    while True:
        take_commands(engine, connection.commands)
        engine.step()


def take_commands(engine: Any, commands: queue.SimpleQueue[wire.Command]) -> None:
    """Give the engine what has come in; with nothing to do, sleep until something does."""
    block = not engine.has_work
    while True:
        try:
            command = commands.get(block=block)
        except queue.Empty:
            return
        assert not isinstance(command, wire.Load)
        engine.handle(command)
        block = False


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
    # Ctrl-C reaches the whole foreground group; the server decides when its workers end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.basicConfig(stream=sys.stderr, level="WARNING", format="%(levelname)s %(name)s: %(message)s")
    device.prepare_process()
    connection = Connection(int(sys.argv[1]))
    connection.start_reading()
    serve(connection)


if __name__ == "__main__":
    main()
