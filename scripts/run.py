"""What `make run` does: start manager and server, ask the demo model one question, keep serving.

    python scripts/run.py           # until Ctrl-C
    python scripts/run.py --once    # stop after the answer: a smoke test, exit code 0 if it came

The settings are the programs' own (MLX_MANAGER_PORT, MLX_SERVER_PORT and so on). With
MLX_MANAGER_LOG_LEVEL=DEBUG the manager's whole log is shown; otherwise routine lines are left out until the
answer is there. The server's log is in a file; the manager says when it has ended, and why.
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
import ssl
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

LISTENING = re.compile(r"MLX Manager listening on (https?://\S+)")
LOG_LINE = re.compile(r"\d\d:\d\d:\d\d (DEBUG|INFO|WARNING|ERROR|CRITICAL) ")
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")

# The server gives running requests 4 s; the manager waits for it and is gone soon after, or hangs.
STOP_DEADLINE_S = 45.0
# A signal to a whole process group reaches us directly and again through make. To the manager a second
# one means "at once", so what comes this close together is one.
ONE_SIGNAL_S = 1.0
POLL_S = 0.2
DIM = "2"
BOLD = "1"


class Stopped(Exception):
    """The user asked us to stop, and the manager has been told."""


class ManagerEnded(Exception):
    """The manager ended by itself; what it had to say is on the terminal."""


class ServerFailed(Exception):
    """The manager could not start the server; the message says why."""


class AnswerFailed(Exception):
    """The question got no answer; the programs may serve on."""


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


class ManagerLog(threading.Thread):
    """Reads the manager's log, learns its address there and decides what to show when."""

    def __init__(self, pipe: IO[str], terminal: Terminal, level: str) -> None:
        super().__init__(name="manager-log", daemon=True)
        self.address: str | None = None
        self.said_why = False
        self._pipe = pipe
        self._terminal = terminal
        self._level = LEVELS.index(level) if level in LEVELS else LEVELS.index("INFO")
        self._routine_shown = level == "DEBUG"
        self._paused = False
        self._held: list[str] = []
        self._routine: list[str] = []
        self._plain: list[str] = []

    def run(self) -> None:
        for line in self._pipe:
            if found := LISTENING.search(line):
                self.address = found[1]
            with self._terminal.lock:
                self._take(line.rstrip("\n"))

    def _take(self, line: str) -> None:
        found = LOG_LINE.match(line)
        if found and LEVELS.index(found[1]) < self._level:
            return
        # A line without a level is meant for a person who reads on, or the one with which the manager
        # gives up: the end shows which.
        urgent = found is not None and found[1] not in ("DEBUG", "INFO")
        if urgent:
            self.said_why = True
        elif not self._routine_shown:
            (self._routine if found else self._plain).append(line)
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
            if routine:
                held, self._plain = self._plain + held, []
            for line in held:
                self._show(line)

    def show_why(self) -> None:
        """Show what was not: the manager ended by itself."""
        with self._terminal.lock:
            for line in self._plain or ([] if self.said_why else self._routine):
                self._show(line)


class Manager:
    """The manager as our child: its address, its log, its end. The server is its child."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._process: subprocess.Popen[str] | None = None
        self._told_to_stop = False
        self._signalled_at = 0.0
        self._interruptible = True
        self.log: ManagerLog

    def start(self) -> None:
        level = os.environ.get("MLX_MANAGER_LOG_LEVEL", "INFO").upper()
        # The address comes as a line of level INFO; a quieter log is kept quiet on our side. A level
        # that does not exist is left for the manager to refuse.
        env = dict(os.environ, MLX_MANAGER_LOG_LEVEL="INFO") if level in ("WARNING", "ERROR") else None
        self._process = subprocess.Popen(
            [sys.executable, "-u", "-m", "mlx_manager.main"],
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
        self.log = ManagerLog(self._process.stdout, self._terminal, level)
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
        """Tell the manager to stop; a second time, to stop at once."""
        # SIGTERM even for Ctrl-C: the manager takes both alike, but while it still starts Python would
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
        """Wait for the manager's end and return its exit code, as a shell would give it."""
        self._interruptible = False
        if self._process is None:
            return 1
        try:
            code = self._process.wait(STOP_DEADLINE_S if self._told_to_stop else None)
        except subprocess.TimeoutExpired:
            print(f"The manager did not stop within {STOP_DEADLINE_S:.0f} s; ending it", file=sys.stderr)
            self._process.kill()
            code = self._process.wait()
        self.log.join(timeout=2.0)
        self.log.resume()
        if code != 0 and not self._told_to_stop:
            self.log.show_why()
        return code if code >= 0 else 128 - code


def connect(url: str, timeout: float) -> http.client.HTTPConnection:
    # Not urllib: it would send even this call through a proxy that the environment names.
    parts = urlsplit(url)
    host = parts.hostname or "127.0.0.1"
    if parts.scheme == "https":
        # It is our own child, on this machine; its certificate is named for the world.
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return http.client.HTTPSConnection(host, parts.port, timeout=timeout, context=context)
    return http.client.HTTPConnection(host, parts.port, timeout=timeout)


def message_of(body: bytes) -> str:
    """What an error's body says, in OpenAI's envelope or not."""
    try:
        return str(json.loads(body)["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return body.decode(errors="replace").strip()[:500]


def wait_for_address(manager: Manager, terminal: Terminal) -> str:
    started = time.monotonic()
    while manager.log.address is None:
        if manager.ended():
            raise ManagerEnded
        terminal.progress("Starting the manager…", time.monotonic() - started)
        time.sleep(POLL_S)
    # A program that listens everywhere is reached here by the loopback address.
    return manager.log.address.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:")


class Access:
    """The credential that a closed program wants: a key of the machine's owner, as long as we need it."""

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
            raise AnswerFailed("a key that was made for it is refused: is its database another?")
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


def wait_until_ready(manager: Manager, terminal: Terminal, url: str, access: Access) -> tuple[str, str]:
    """Wait for the server and the model that it loads at start; the server's address and the model's id."""
    started = time.monotonic()
    what = "Starting the server…"
    while True:
        if manager.ended():
            raise ManagerEnded
        try:
            connection = connect(url, timeout=10)
            connection.request("GET", "/api/v1/server", headers=access.headers)
            response = connection.getresponse()
            state = json.loads(response.read())
            connection.close()
        except (OSError, http.client.HTTPException):
            pass  # it ended, which the next round sees, or it is busy
        else:
            if response.status == 401:
                access.borrow()
                continue
            if state.get("state") in ("waiting", "failed", "stopped"):
                ending = state["ending"]
                raise ServerFailed("nobody starts the server" if ending is None else ending["reason"])
            if (readiness := state.get("readiness")) is not None:
                what = "Loading the model…"
                if readiness["status"] == "ready":
                    return state["url"], next(iter(readiness["models"]), MODEL)
                if readiness["status"] == "failed":
                    raise AnswerFailed(readiness["error"])
        terminal.progress(what, time.monotonic() - started)
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


def guide(terminal: Terminal, manager_url: str, url: str, model: str, *, is_closed: bool) -> None:
    """Say what is where, and how to go on."""
    which, header = "any API key", ""
    if is_closed:
        which = "a key of yours: .venv/bin/mlx-manager keys create NAME"
        header = ' -H "Authorization: Bearer $KEY"'
    body = json.dumps({"model": model, "messages": [{"role": "user", "content": QUESTION}]})
    terminal.line(
        f"\n{terminal.style('Serving; Ctrl-C stops it.', BOLD)}\n"
        f"  web UI          {manager_url}\n"
        f"  OpenAI clients  {url}/v1  (base URL; {which})\n"
        f"  Claude Code     ANTHROPIC_BASE_URL={url} claude\n"
        f"  models          {url}/v1/models\n"
        f"  health          {url}/health\n"
        f"  API documents   {url}/openapi.json, {manager_url}/openapi.json\n"
        f"\nTry it:\n"
        f"  .venv/bin/mlx-manager run {model}\n"
        f"  curl {url}/v1/chat/completions{header} -H 'Content-Type: application/json' -d '{body}'\n"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description="Start MLX Manager and ask its demo model a question.")
    parser.add_argument("--once", action="store_true", help="stop after the answer; exit code 1 if none came")
    once = parser.parse_args().once

    # A question mark for a sign that the terminal lacks, rather than a traceback.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    terminal = Terminal()
    manager = Manager(terminal)
    access = Access()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, manager.on_signal)
    answered = failed = False
    try:
        manager.start()
        manager_url = wait_for_address(manager, terminal)
        url, model = manager_url, MODEL
        try:
            try:
                url, model = wait_until_ready(manager, terminal, manager_url, access)
                manager.log.pause()
                ask(terminal, url, model, access)
            finally:
                access.give_back()
            answered = True
        except AnswerFailed as error:
            if manager.ended():
                raise ManagerEnded from None
            terminal.line(f"No answer: {error}")
        except ServerFailed as error:
            if not manager.log.said_why:
                terminal.line(f"The server does not start: {error}")
            failed = True
        manager.log.resume()
        if once or failed:
            manager.stop()
        else:
            guide(terminal, manager_url, url, model, is_closed=access.is_needed)
            manager.log.resume(routine=True)
            manager.wait()
    except (Stopped, ManagerEnded):
        pass
    except OutputClosed:
        manager.stop()
        # Python would complain at its own exit about what it could not write.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    code = manager.finish()
    return code or int(failed or (once and not answered))


if __name__ == "__main__":
    sys.exit(main())
