"""What goes wrong, where and how often."""

import threading
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any, Self


class Kind(StrEnum):
    """A way to fail."""

    STATUS = "status"
    """Answer with `status` and `headers` in place of what was asked for."""
    CUT = "cut"
    """Close the connection after `num_bytes` of the body."""
    RESET = "reset"
    """The same, so that the other side gets a reset in place of an end."""
    STALL = "stall"
    """Send `num_bytes` of the body, then nothing until the fault is released."""
    WRONG_CONTENT = "wrong_content"
    """Change a byte of the body."""
    SHORT = "short"
    """Leave out the last `num_bytes`, and say so in Content-Length."""
    LONG = "long"
    """Add `num_bytes` at the end, and say so in Content-Length."""
    IGNORE_RANGE = "ignore_range"
    """Answer with all of the file, whatever range was asked for."""
    WRONG_RANGE = "wrong_range"
    """Answer with a range that was not asked for."""
    TRICKLE = "trickle"
    """Send `num_bytes` a second."""


@dataclass
class Fault:
    """One thing that goes wrong.

    Attributes:
        where: a pattern of the request's path on either host, such as `*/model.safetensors`.
        times: how often it still happens; None is for ever.
        method: of requests that it happens to; None is any.
    """

    kind: Kind
    where: str = "*"
    times: int | None = 1
    num_bytes: int = 0
    status: int = 500
    headers: dict[str, str] = field(default_factory=dict)
    method: str | None = None
    released: threading.Event = field(default_factory=threading.Event)

    @classmethod
    def from_json(cls, body: dict[str, Any]) -> Self:
        """As it comes to `POST /_faults`."""
        return cls(**body | {"kind": Kind(body["kind"])})


class Faults:
    """Those that are switched on; each request takes the first of each kind that is meant for it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> Fault:
        """Switch one on."""
        with self._lock:
            self._faults.append(fault)
        return fault

    def clear(self) -> None:
        """Switch all off, and let go of whoever is stalled."""
        with self._lock:
            for fault in self._faults:
                fault.released.set()
            self._faults.clear()

    def take(self, method: str, path: str) -> dict[Kind, Fault]:
        """What happens to this request."""
        taken: dict[Kind, Fault] = {}
        with self._lock:
            for fault in self._faults:
                if fault.kind in taken or fault.times == 0 or not fnmatchcase(path, fault.where):
                    continue
                if fault.method not in (None, method):
                    continue
                if fault.times is not None:
                    fault.times -= 1
                taken[fault.kind] = fault
        return taken
