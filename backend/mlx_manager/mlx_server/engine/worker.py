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
from typing import Any, BinaryIO

from mlx_manager.mlx_server.engine import device, wire

# mlx-lm names every missing weight; a caller needs the beginning, and the log has the rest.
_REASON_CHARS = 500


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
        connection.send(wire.LoadFailed(f"{type(error).__name__}: {error}"[:_REASON_CHARS]))
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
        assert not isinstance(command, wire.Load | wire.Ping)
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
