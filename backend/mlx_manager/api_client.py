"""How a command asks a program of ours: the manager, or the inference server where no manager runs."""

import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import urlsplit

import httpx

from mlx_manager.core.listening import trusting
from mlx_manager.core.running_program import MANAGER, SERVER, RunningProgram, find_running
from mlx_manager.core.security.masking import mask_secrets

_CONNECT_TIMEOUT_S: Final = 10.0
LONG_TIMEOUT_S: Final = 3600.0
"""For what may take as long as a model takes to load or to read a prompt."""
_TIMEOUT_S: Final = 60.0
# Public in the manager, and nothing that the server has.
_MANAGERS_OWN: Final = "/api/v1/auth/status"


class Refused(Exception):
    """A program answered with an error, or not at all.

    Attributes:
        message: one sentence for a person.
        code: of the error, as `core.errors` has it; None where it has none.
        status: of HTTP; None where there was no answer.
    """

    def __init__(self, message: str, *, code: str | None = None, status: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.status = status


@dataclass(frozen=True, slots=True)
class Target:
    """Whom to ask.

    Attributes:
        url: without a slash at its end.
        program: `MANAGER` or `SERVER`; None where it is not known yet.
        certificate: the file of the certificate that it shows, which is trusted; None trusts the usual ones.
        is_own: whether it uses this home's database, so that a key may be lent.
        key: a key to send, or None.
    """

    url: str
    program: str | None = None
    certificate: str | None = None
    is_own: bool = False
    key: str | None = None

    def __repr__(self) -> str:
        return f"Target({self.url})"


@dataclass(frozen=True, slots=True)
class ServerEvent:
    """One server-sent event."""

    name: str
    data: str


Lend = Callable[[], tuple[str, Callable[[], None]]]
"""Makes a key; it comes with what takes it back."""


def locate(url: str | None, key: str | None) -> Target | None:
    """The program at a URL; without one the manager of this home, else its server, else None.

    Raises:
        ValueError: it is no URL.
    """
    running = {name: found for name in (MANAGER, SERVER) if (found := find_running(name)) is not None}
    if url is None:
        return next((target_of(name, found, key) for name, found in running.items()), None)
    url = url.rstrip("/")
    for name, found in running.items():
        if found.url == url:
            return target_of(name, found, key)
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("a URL begins with http:// or https:// and names a host")
    return Target(url, key=key)


def target_of(name: str, program: RunningProgram, key: str | None = None) -> Target:
    """A program of this home."""
    return Target(program.url, name, program.certificate, is_own=True, key=key)


class ApiClient:
    """Talks HTTP to one program. A context manager; from several threads, too.

    A key is lent only where the program wants one: on a machine without users none is needed.

    Args:
        lend: makes a key of this home's owner; None where there is none to be had.
    """

    def __init__(self, target: Target, lend: Lend | None = None) -> None:
        self.target = target
        self._program = target.program
        self._key = target.key
        self._lend = lend if target.is_own and target.key is None else None
        self._lending = threading.Lock()
        self._exits = ExitStack()
        self._http = self._exits.enter_context(
            httpx.Client(
                # A program of this machine is never asked through a proxy of the environment's.
                trust_env=not target.is_own,
                verify=_trust(target),
                timeout=httpx.Timeout(_TIMEOUT_S, connect=_CONNECT_TIMEOUT_S),
                limits=httpx.Limits(max_connections=None),
            )
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._exits.close()

    @property
    def program(self) -> str:
        """Which of the two programs it is; asked where nothing else tells.

        Raises:
            Refused: it does not answer.
        """
        if self._program is None:
            with self.stream("GET", _MANAGERS_OWN, accepts_errors=True) as response:
                self._program = MANAGER if response.status_code == 200 else SERVER
        return self._program

    def json(self, method: str, path: str, body: Any = None, *, timeout_s: float = _TIMEOUT_S) -> Any:
        """The answer's JSON, or None where it is empty.

        Raises:
            Refused: the program refuses, or does not answer.
        """
        with self.stream(method, path, body, timeout_s=timeout_s) as response:
            response.read()
            return answer_of(response, self._name)

    def events(self, method: str, path: str, body: Any = None) -> Iterator[ServerEvent]:
        """Server-sent events, until the program ends the stream.

        Raises:
            Refused: the program refuses, or the connection breaks.
        """
        with self.stream(method, path, body, timeout_s=LONG_TIMEOUT_S) as response:
            yield from events_in(response.iter_bytes())

    @contextmanager
    def stream(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        timeout_s: float = LONG_TIMEOUT_S,
        accepts_errors: bool = False,
    ) -> Iterator[httpx.Response]:
        """An answer whose body has not been read.

        Args:
            timeout_s: the most seconds between two parts of the answer.
            accepts_errors: whether an answer that is an error is one like others.

        Raises:
            Refused: the program refuses, or does not answer.
        """
        try:
            response = self._send(method, path, body, timeout_s)
            if response.status_code == 401 and self._borrow():
                response.close()
                response = self._send(method, path, body, timeout_s)
            try:
                if response.status_code >= 300 and not accepts_errors:
                    response.read()
                    raise _refusal(response, self._name)
                yield response
            finally:
                response.close()
        except (httpx.TransportError, httpx.DecodingError, httpx.InvalidURL) as error:
            raise Refused(f"{self._name} does not answer: {_reason(error)}") from None

    def _send(self, method: str, path: str, body: Any, timeout_s: float) -> httpx.Response:
        headers = {} if self._key is None else {"Authorization": f"Bearer {self._key}"}
        timeout = httpx.Timeout(timeout_s, connect=_CONNECT_TIMEOUT_S)
        request = self._http.build_request(
            method, self.target.url + path, json=body, headers=headers, timeout=timeout
        )
        return self._http.send(request, stream=True)

    def _borrow(self) -> bool:
        """Whether there is a key now that was not there before."""
        with self._lending:
            if self._lend is None:
                return self._key is not None and self.target.key is None  # another thread lent it
            lend, self._lend = self._lend, None
            self._key, give_back = lend()
            self._exits.callback(give_back)
            return True

    @property
    def _name(self) -> str:
        return mask_secrets(self.target.url)


def events_in(parts: Iterator[bytes]) -> Iterator[ServerEvent]:
    """The events of a stream. Lines end with LF or CRLF alone: JSON may hold other separators of lines."""
    held = b""
    name, data = "message", list[str]()
    for part in parts:
        *lines, held = (held + part).split(b"\n")
        for raw in lines:
            line = raw.removesuffix(b"\r").decode("utf-8", "replace")
            field, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if not line:
                if data:
                    yield ServerEvent(name, "\n".join(data))
                name, data = "message", []
            elif field == "event":
                name = value
            elif field == "data":
                data.append(value)


def answer_of(response: httpx.Response, name: str) -> Any:
    """The JSON of an answer that has been read, or None where it is empty. Raises Refused."""
    if response.status_code >= 300:
        raise _refusal(response, name)
    try:
        return response.json() if response.content else None
    except ValueError:
        raise Refused(f"{name} sent no JSON: is it a program of ours?") from None


def _refusal(response: httpx.Response, name: str) -> Refused:
    status = response.status_code
    try:
        error: Mapping[str, Any] = response.json()["error"]
        code, message = str(error["code"]), str(error["message"])
    except (ValueError, KeyError, TypeError):
        return Refused(f"{name} answered with {status}", status=status)
    if status == 401 and code == "authentication_required":
        message += "; MLX_MANAGER_API_KEY holds the key that is sent"
    return Refused(message, code=code, status=status)


def _trust(target: Target) -> ssl.SSLContext | bool:
    if target.certificate is not None:
        return trusting(target.certificate)
    return target.url.startswith("https:")  # reading the machine's certificates costs 35 ms


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__
