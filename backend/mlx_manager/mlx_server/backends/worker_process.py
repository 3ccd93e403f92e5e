"""A worker process as the server holds it: spawned, written to, read from, ended."""

import asyncio
import contextlib
import logging
import socket
import sys
from collections import deque
from contextvars import Context
from typing import Final

import msgspec

from mlx_manager.mlx_server.engine import wire

logger = logging.getLogger(__name__)

_WORKER_MODULE: Final = "mlx_manager.mlx_server.engine.worker"
_STDERR_LINES: Final = 20
_STDERR_CHARS: Final = 16_384
_END_TIMEOUT_S: Final = 0.5


class WorkerProcess:
    """The process, its end of the socket and what it wrote to stderr."""

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self._process = process
        self._reader = reader
        self._writer = writer
        self._stderr: deque[str] = deque(maxlen=_STDERR_LINES)
        # In a context of its own: what a worker writes belongs to no request, nor to the one that loads it.
        self._keeping = asyncio.create_task(self._keep_stderr(), context=Context())
        self._has_ended = False
        self._killed_for = ""

    @classmethod
    async def spawn(cls) -> "WorkerProcess":
        """Start a worker; it says hello when it has imported MLX."""
        ours, theirs = socket.socketpair()
        with theirs:
            # Spawned and never forked; only this one descriptor is inherited, so that a worker's
            # death and ours are both seen as end of file.
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", _WORKER_MODULE, str(theirs.fileno())),
                stdin=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
                pass_fds=[theirs.fileno()],
            )
        return cls(process, *await asyncio.open_connection(sock=ours))

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether it has not been seen to end."""
        return not (self._has_ended or self._reader.at_eof())

    @property
    def last_lines(self) -> tuple[str, ...]:
        """The last lines that it wrote to stderr."""
        return tuple(self._stderr)

    def send(self, command: wire.Command) -> None:
        """Write a frame; what is sent to a process that has ended is lost."""
        self._writer.write(wire.encode_frame(command))

    async def read(self) -> wire.Report | None:
        """The next frame, or None at the worker's end; one that sends nonsense is ended."""
        try:
            header = await self._reader.readexactly(wire.HEADER_BYTES)
            return wire.decode_report(await self._reader.readexactly(wire.frame_length(header)))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        except (ValueError, msgspec.MsgspecError) as error:
            logger.error("worker %d sent what is no frame: %s", self.pid, error)
            self.kill("sent what is no frame and was killed")
        self._has_ended = True
        return None

    async def read_within(self, seconds: float) -> wire.Report | None:
        """The next frame; a worker that sends none for so long is ended."""
        reading = asyncio.ensure_future(self.read())
        try:
            done, _ = await asyncio.wait({reading}, timeout=seconds)
            if not done:
                logger.error("worker %d said nothing for %.0f s", self.pid, seconds)
                self.kill(f"said nothing for {seconds:.0f} s and was killed")
            return await reading
        finally:
            reading.cancel()

    def kill(self, why: str) -> None:
        """End it without ceremony; `why` is what its epitaph will say."""
        self._killed_for = self._killed_for or why
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()

    async def close(self) -> None:
        """End the process and wait until its memory is given back. Safe to call twice."""
        self._writer.close()
        try:
            # The closed socket is the worker's order to go; a stuck one is killed.
            await asyncio.wait_for(self._process.wait(), _END_TIMEOUT_S)
        except TimeoutError:
            self.kill("did not go when it was asked to")
            await self._process.wait()
        self._has_ended = True
        self._keeping.cancel()
        await asyncio.gather(self._keeping, return_exceptions=True)

    async def epitaph(self) -> str:
        """How the process ended, in words, with the last line that it wrote."""
        if self._killed_for:
            return self._killed_for
        try:
            code = await asyncio.wait_for(self._process.wait(), _END_TIMEOUT_S)
        except TimeoutError:
            return "closed its connection"
        how = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
        return f"{how} ({self._stderr[-1]})" if self._stderr else how

    async def _keep_stderr(self) -> None:
        assert self._process.stderr is not None
        rest = b""
        # Not by readline, which fails at a line that is longer than its buffer.
        while chunk := await self._process.stderr.read(4096):
            *lines, rest = (rest + chunk)[-_STDERR_CHARS:].split(b"\n")
            for line in lines:
                text = line.decode(errors="replace").rstrip()
                self._stderr.append(text)
                logger.warning("worker %d: %s", self.pid, text)
