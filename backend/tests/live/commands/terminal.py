"""A program at a terminal, as somebody sits there."""

import contextlib
import os
import pty
import subprocess
import sys
import threading
from collections.abc import Mapping
from typing import Self

from tests.live.server import DEADLINE_S, clean_environment, wait_until

CTRL_C = "\x03"
CTRL_D = "\x04"


class AtTerminal:
    """`mlx-manager` with a terminal for all three of its files; leaving the context ends it."""

    def __init__(self, arguments: tuple[str, ...], env: Mapping[str, str]) -> None:
        self._screen = bytearray()
        self._read_until = 0
        own, its = pty.openpty()
        self._own = own
        self.process = subprocess.Popen(
            [sys.executable, "-m", "mlx_manager", *arguments],
            env=clean_environment({"TERM": "xterm", "NO_COLOR": "", "PYTHONUNBUFFERED": "1"} | dict(env)),
            stdin=its,
            stdout=its,
            stderr=its,
            start_new_session=True,
            preexec_fn=_take_terminal,
        )
        os.close(its)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._reader.join(DEADLINE_S)
        os.close(self._own)

    @property
    def screen(self) -> str:
        """Everything that was shown."""
        return self._screen.decode(errors="replace")

    def type(self, text: str) -> None:
        """As a person does; a line ends with a carriage return."""
        os.write(self._own, text.replace("\n", "\r").encode())

    def wait_for(self, text: str) -> str:
        """What is shown from the last such wait on, up to and with the text."""

        def find() -> int:
            return self.screen.find(text, self._read_until) + 1

        try:
            at = wait_until(find, f"{text!r} is shown") - 1
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.screen}") from None
        shown = self.screen[self._read_until : at + len(text)]
        self._read_until = at + len(text)
        return shown

    def wait_for_end(self) -> int:
        """The exit status."""
        return self.process.wait(DEADLINE_S)

    def _read(self) -> None:
        with contextlib.suppress(OSError):  # the other side is closed
            while part := os.read(self._own, 4096):
                self._screen += part


def _take_terminal() -> None:
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
