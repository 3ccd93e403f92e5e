"""What `make run` does: start the server, ask the demo model one question, keep serving.

    python scripts/run.py           # until Ctrl-C
    python scripts/run.py --once    # stop after the answer: a smoke test, exit code 0 if it came

The settings are the server's own (MLX_SERVER_PORT and so on). With MLX_SERVER_LOG_LEVEL=DEBUG its whole
log is shown; otherwise routine lines are left out until the answer is there.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import http.client
import io
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from types import FrameType
from typing import IO
from urllib.parse import urlsplit

MODEL = "demo"
QUESTION = "What is MLX Manager?"

LISTENING = re.compile(r"MLX Server listening on (http://\S+)")
LOG_LINE = re.compile(r"\d\d:\d\d:\d\d (DEBUG|INFO|WARNING|ERROR|CRITICAL) ")
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")

# The server gives running requests 4 s and is gone within 5; one that is not by now hangs.
STOP_DEADLINE_S = 15.0
# A signal to a whole process group reaches us directly and again through make. To the server a second
# one means "at once", so what comes this close together is one.
ONE_SIGNAL_S = 1.0
POLL_S = 0.2
DIM = "2"
BOLD = "1"


class Stopped(Exception):
    """The user asked us to stop, and the server has been told."""


class ServerEnded(Exception):
    """The server ended by itself; what it had to say is on the terminal."""


class AnswerFailed(Exception):
    """The question got no answer; the server may serve on."""


class OutputClosed(Exception):
    """Nobody reads our output any more."""


class Terminal:
    """Stdout, shared by the answer and the server's log without tearing each other's lines."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.is_tty = sys.stdout.isatty()
        self.colours = self.is_tty and "NO_COLOR" not in os.environ
        self._progress = ""

    def style(self, text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.colours else text

    def write(self, text: str) -> None:
        with self.lock:
            self._clear()
            self._print(text)

    def line(self, text: str = "") -> None:
        self.write(text + "\n")

    def progress(self, what: str, seconds: float) -> None:
        """Say what is being waited for: one line that counts on a terminal, one line at all elsewhere."""
        with self.lock:
            if self.is_tty:
                self._clear()
                self._print(f"{what} {seconds:.0f} s")
            elif self._progress != what:
                self._print(what + "\n")
            self._progress = what

    def _clear(self) -> None:
        if self.is_tty and self._progress:
            self._print("\r\x1b[K")
            self._progress = ""

    def _print(self, text: str) -> None:
        try:
            print(text, end="", flush=True)
        except OSError:
            raise OutputClosed from None


class ServerLog(threading.Thread):
    """Reads the server's log, learns its address there and decides what to show when."""

    def __init__(self, pipe: IO[str], terminal: Terminal, level: str) -> None:
        super().__init__(name="server-log", daemon=True)
        self.address: str | None = None
        self.said_why = False
        self._pipe = pipe
        self._terminal = terminal
        self._level = LEVELS.index(level) if level in LEVELS else LEVELS.index("INFO")
        self._routine_shown = level == "DEBUG"
        self._paused = False
        self._held: list[str] = []
        self._routine: list[str] = []

    def run(self) -> None:
        for line in self._pipe:
            if found := LISTENING.search(line):
                self.address = found[1]
            with self._terminal.lock:
                self._take(line.rstrip("\n"))

    def _take(self, line: str) -> None:
        found = LOG_LINE.match(line)
        # A line without a level is a traceback, or the one line with which the server gives up.
        urgent = found is None or found[1] not in ("DEBUG", "INFO")
        if found and LEVELS.index(found[1]) < self._level:
            return
        if urgent:
            self.said_why = True
        elif not self._routine_shown:
            self._routine.append(line)
            return
        shown = line if urgent else self._terminal.style(line, DIM)
        if self._paused:
            self._held.append(shown)
        else:
            self._show(shown)

    def _show(self, line: str) -> None:
        # Read by nobody or not, the server's pipe must be emptied.
        with contextlib.suppress(OutputClosed):
            self._terminal.line(line)

    def pause(self) -> None:
        """Hold everything back: the answer is being written."""
        with self._terminal.lock:
            self._paused = True

    def resume(self, *, routine: bool = False) -> None:
        """Show what was held back; with `routine`, everyday lines too from now on."""
        with self._terminal.lock:
            self._paused = False
            self._routine_shown |= routine
            held, self._held = self._held, []
            for line in held:
                self._show(line)

    def show_routine(self) -> None:
        """Show the everyday lines so far: the server ended without saying why."""
        with self._terminal.lock:
            for line in self._routine:
                self._show(line)


class Server:
    """The server as our child: its address, its log, its end."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._process: subprocess.Popen[str] | None = None
        self._told_to_stop = False
        self._signalled_at = 0.0
        self._interruptible = True
        self.log: ServerLog

    def start(self) -> None:
        level = os.environ.get("MLX_SERVER_LOG_LEVEL", "INFO").upper()
        # The address comes as a line of level INFO; a quieter log is kept quiet on our side. A level
        # that does not exist is left for the server to refuse.
        env = dict(os.environ, MLX_SERVER_LOG_LEVEL="INFO") if level in ("WARNING", "ERROR") else None
        self._process = subprocess.Popen(
            [sys.executable, "-u", "-m", "mlx_manager.mlx_server.main"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            env=env,
            # Its own process group: Ctrl-C reaches us alone and we pass it on, so that it comes once.
            process_group=0,
        )
        assert self._process.stdout is not None
        self.log = ServerLog(self._process.stdout, self._terminal, level)
        self.log.start()
        if self._told_to_stop:
            self.stop()
            raise Stopped

    def on_signal(self, _number: int, _frame: FrameType | None) -> None:
        """Pass the signal on and, the first time, leave whatever we were doing."""
        first, before = not self._told_to_stop, self._signalled_at
        self._signalled_at = time.monotonic()
        if not first and self._signalled_at - before < ONE_SIGNAL_S:
            return
        self.stop()
        if first and self._process is not None and self._interruptible:
            raise Stopped

    def stop(self) -> None:
        """Tell the server to stop; a second time, to stop at once."""
        # SIGTERM even for Ctrl-C: the server takes both alike, but while it still starts Python would
        # answer SIGINT with a traceback.
        self._told_to_stop = True
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)

    def ended(self) -> bool:
        return self._process is None or self._process.poll() is not None

    def wait(self) -> None:
        if self._process is not None:
            self._process.wait()

    def finish(self) -> int:
        """Wait for the server's end and return its exit code, as a shell would give it."""
        self._interruptible = False
        if self._process is None:
            return 1
        try:
            code = self._process.wait(STOP_DEADLINE_S if self._told_to_stop else None)
        except subprocess.TimeoutExpired:
            print(f"The server did not stop within {STOP_DEADLINE_S:.0f} s; ending it", file=sys.stderr)
            self._process.kill()
            code = self._process.wait()
        self.log.join(timeout=2.0)
        self.log.resume()
        if code != 0 and not self._told_to_stop and not self.log.said_why:
            self.log.show_routine()
        return code if code >= 0 else 128 - code


def connect(url: str, timeout: float) -> http.client.HTTPConnection:
    # Not urllib: it would send even this call through a proxy that the environment names.
    parts = urlsplit(url)
    return http.client.HTTPConnection(parts.hostname or "127.0.0.1", parts.port, timeout=timeout)


def message_of(body: bytes) -> str:
    """What an error's body says, in OpenAI's envelope or not."""
    try:
        return str(json.loads(body)["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return body.decode(errors="replace").strip()[:500]


def wait_for_address(server: Server, terminal: Terminal) -> str:
    started = time.monotonic()
    while server.log.address is None:
        if server.ended():
            raise ServerEnded
        terminal.progress("Starting the server…", time.monotonic() - started)
        time.sleep(POLL_S)
    # A server that listens everywhere is reached here by the loopback address.
    return server.log.address.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:")


class Access:
    """The credential that a closed server wants: a key of the machine's owner, as long as we need it."""

    def __init__(self) -> None:
        self.headers: dict[str, str] = {}
        self._key_id: str | None = None

    @property
    def is_needed(self) -> bool:
        return bool(self.headers)

    def borrow(self) -> None:
        from mlx_manager.db.errors import DatabaseFault
        from mlx_manager.keys.lending import lend_key

        if self.is_needed:
            raise AnswerFailed("the server refuses a key that was made for it: is its database another?")
        try:
            self._key_id, key = asyncio.run(lend_key("make run"))
        except DatabaseFault as fault:
            raise AnswerFailed(str(fault)) from None
        self.headers = {"Authorization": f"Bearer {key}"}

    def give_back(self) -> None:
        from mlx_manager.keys.lending import take_back

        if self._key_id is not None:
            asyncio.run(take_back(self._key_id))
            self._key_id = None


def wait_until_ready(server: Server, terminal: Terminal, url: str, access: Access) -> str:
    """Wait for the model that the server loads at start, and return its id."""
    started = time.monotonic()
    while True:
        if server.ended():
            raise ServerEnded
        try:
            connection = connect(url, timeout=10)
            connection.request("GET", "/ready", headers=access.headers)
            response = connection.getresponse()
            state = json.loads(response.read())
            connection.close()
            if response.status == 401:
                access.borrow()
                continue
        except (OSError, http.client.HTTPException):
            pass  # it ended, which the next round sees, or it is busy
        else:
            if state["status"] == "ready":
                return state["model"] or MODEL
            if state["status"] == "failed":
                raise AnswerFailed(state["error"])
        terminal.progress("Loading the model…", time.monotonic() - started)
        time.sleep(POLL_S)


def events(response: http.client.HTTPResponse) -> Iterator[str]:
    """The data of each server-sent event, as they come, up to [DONE]."""
    for line in response:
        if line.startswith(b"data:"):
            data = line[5:].decode().strip()
            if data == "[DONE]":
                return
            yield data
    raise AnswerFailed("the stream broke off")


def ask(terminal: Terminal, url: str, model: str, access: Access) -> None:
    """Ask the question and write the answer token by token."""
    body = {
        "model": model,
        "messages": [{"role": "user", "content": QUESTION}],
        "stream": True,
        "temperature": 0,
    }
    try:
        connection = connect(url, timeout=300)
        headers = {"Content-Type": "application/json", **access.headers}
        connection.request("POST", "/v1/chat/completions", json.dumps(body), headers)
        response = connection.getresponse()
        if response.status != 200:
            raise AnswerFailed(message_of(response.read()))
        terminal.line(f"{terminal.style('you ', BOLD)} {QUESTION}")
        terminal.write(f"{terminal.style(model, BOLD)} ")
        try:
            answered = False
            for data in events(response):
                chunk = json.loads(data)
                if "error" in chunk:
                    raise AnswerFailed(message_of(data.encode()))
                for choice in chunk["choices"]:
                    delta = choice["delta"]
                    if thought := delta.get("reasoning_content"):
                        terminal.write(terminal.style(printable(thought), DIM))
                    if text := delta.get("content"):
                        terminal.write(printable(text))
                        answered = True
        finally:
            terminal.line()
        connection.close()
    except (OSError, http.client.HTTPException) as error:
        raise AnswerFailed(str(error) or type(error).__name__) from None
    if not answered:
        raise AnswerFailed("the answer is empty")


def printable(text: str) -> str:
    """The text without what could steer a terminal."""
    return "".join(sign for sign in text if sign.isprintable() or sign in "\n\t")


def guide(terminal: Terminal, url: str, model: str, *, is_closed: bool) -> None:
    """Say what is where, and how to go on."""
    which, header = "any API key", ""
    if is_closed:
        which = "a key of yours: .venv/bin/mlx-manager keys create NAME"
        header = ' -H "Authorization: Bearer $KEY"'
    body = json.dumps({"model": model, "messages": [{"role": "user", "content": QUESTION}]})
    terminal.line(
        f"\n{terminal.style('Serving; Ctrl-C stops it.', BOLD)}\n"
        f"  OpenAI clients  {url}/v1  (base URL; {which})\n"
        f"  models          {url}/v1/models\n"
        f"  health          {url}/health\n"
        f"  API document    {url}/openapi.json\n"
        f"\nTry it:\n"
        f"  curl {url}/v1/chat/completions{header} -H 'Content-Type: application/json' -d '{body}'\n"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description="Start the MLX Server and ask its demo model a question.")
    parser.add_argument("--once", action="store_true", help="stop after the answer; exit code 1 if none came")
    once = parser.parse_args().once

    # A question mark for a sign that the terminal lacks, rather than a traceback.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    terminal = Terminal()
    server = Server(terminal)
    access = Access()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, server.on_signal)
    answered = False
    model = MODEL
    try:
        server.start()
        url = wait_for_address(server, terminal)
        try:
            try:
                model = wait_until_ready(server, terminal, url, access)
                server.log.pause()
                ask(terminal, url, model, access)
            finally:
                access.give_back()
            answered = True
        except AnswerFailed as error:
            if server.ended():
                raise ServerEnded from None
            terminal.line(f"No answer: {error}")
        server.log.resume()
        if once:
            server.stop()
        else:
            guide(terminal, url, model, is_closed=access.is_needed)
            server.log.resume(routine=True)
            server.wait()
    except (Stopped, ServerEnded):
        pass
    except OutputClosed:
        server.stop()
        # Python would complain at its own exit about what it could not write.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    code = server.finish()
    return code or int(once and not answered)


if __name__ == "__main__":
    sys.exit(main())
