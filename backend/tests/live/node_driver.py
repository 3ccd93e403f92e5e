"""The process that runs the SDKs for Node: `tests/node/driver.mjs`, which says what goes in and comes out."""

import json
import os
import queue
import subprocess
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from tests.live.server import DEADLINE_S

FOLDER = Path(__file__).parents[1] / "node"

_FOREIGN = ("OPENAI_", "ANTHROPIC_", "NODE_")


def own_environment() -> dict[str, str]:
    """This process's environment without proxies and without a developer's settings of Node and the SDKs."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.upper().startswith(_FOREIGN) and not name.lower().endswith("_proxy")
    }


@dataclass(frozen=True)
class Answer:
    """What an SDK gave for one call.

    Attributes:
        items: the events of a stream or the entries of a list, as the SDK yielded them.
        result: an object; of a stream what the SDK has put together, None where it does not.
        error: name, message, status, code, param, type, requestID and body of what it threw.
    """

    items: list[Any] = field(default_factory=list)
    result: Any = None
    error: dict[str, Any] | None = None


class Driver:
    """The process that runs the SDKs, one call at a time. A context manager."""

    def __init__(self) -> None:
        self._lines: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._process = subprocess.Popen(
            ["node", "driver.mjs"],
            cwd=FOLDER,
            env=own_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        self._reader = threading.Thread(target=self._read, daemon=True)

    def __enter__(self) -> Self:
        self._reader.start()
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(DEADLINE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise AssertionError("Node did not end with its input") from None
        finally:
            self._reader.join(DEADLINE_S)

    def run(self, command: dict[str, Any]) -> Answer:
        """Have the driver run a command. Raises AssertionError when no answer comes."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        items = []
        while "item" in (line := self._next_line()):
            items.append(line["item"])
        return Answer(items, **line)

    def _next_line(self) -> dict[str, Any]:
        try:
            line = self._lines.get(timeout=DEADLINE_S)
        except queue.Empty:
            # What it would still say must not be taken for the answer to the next command.
            self._process.kill()
            raise AssertionError(f"Node said nothing within {DEADLINE_S:.0f} s") from None
        assert line is not None, "Node ended; what it wrote to stderr says why"
        return line

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(json.loads(line))
        self._lines.put(None)
