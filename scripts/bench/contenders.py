"""Who is measured: our server, `mlx_lm.server`, the limit, and any other OpenAI-compatible server."""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from bench.answers import Answer, BenchError
from bench.client import Endpoint, ask_all
from bench.cpu import measured
from bench.processes import Child
from bench.vocabulary import Prompt

GREEDY: Mapping[str, Any] = {"temperature": 0}


@dataclass(frozen=True)
class Load:
    """Requests that go out at the same moment.

    Attributes:
        fields: of each request, besides prompt and length; the limit decodes greedily whatever they say.
        in_burst: connections are made at that moment, too, as clients do.
    """

    prompts: Sequence[Prompt]
    max_tokens: int
    fields: Sequence[Mapping[str, Any]] = ()
    in_burst: bool = True

    def bodies(self) -> list[dict[str, Any]]:
        """The requests' bodies."""
        fields = self.fields or [GREEDY] * len(self.prompts)
        return [
            {"prompt": prompt.text, "max_tokens": self.max_tokens, **extra}
            for prompt, extra in zip(self.prompts, fields, strict=True)
        ]


@dataclass(frozen=True)
class Run:
    """What came of a load.

    Attributes:
        client_cpu: the load generator's share of the machine's CPU meanwhile.
    """

    answers: Sequence[Answer]
    client_cpu: float

    @property
    def wall_s(self) -> float:
        """From the first request sent to the last token received."""
        tokens = [answer.last_token_s for answer in self.answers if answer.arrivals]
        return max(tokens) - min(answer.sent_s for answer in self.answers)


class Contender(Protocol):
    """Somebody who answers loads."""

    @property
    def name(self) -> str:
        """What the report calls it."""

    async def run(self, load: Load) -> Run:
        """Answer this load. Raises Refused, or BenchError where the answers are not what was asked for."""

    def cpu_s(self) -> float | None:
        """CPU seconds that it has used so far; None where its process is not known."""

    def libraries(self) -> list[str]:
        """BLAS libraries that its processes have mapped; empty where that is not known."""

    def close(self) -> None:
        """End it."""


class HttpServer:
    """A server of ours, of mlx-lm's or of anybody's.

    Args:
        child: its process, ended with it; None for a server that somebody else runs.
    """

    def __init__(self, name: str, endpoint: Endpoint, child: Child | None) -> None:
        self._name = name
        self.endpoint = endpoint
        self.child = child

    @property
    def name(self) -> str:
        """What the report calls it."""
        return self._name

    async def run(self, load: Load) -> Run:
        """Send the load and read all streams to their ends."""
        with measured() as share:
            answers = await ask_all(self.endpoint, load.bodies(), in_burst=load.in_burst)
        check_lengths(self.name, load, answers)
        return Run(answers, share.value)

    def cpu_s(self) -> float | None:
        """CPU seconds of its process tree."""
        return self.child.cpu_s() if self.child else None

    def libraries(self) -> list[str]:
        """Of its process tree."""
        return self.child.libraries() if self.child else []

    def close(self) -> None:
        """End its process."""
        if self.child:
            self.child.end()


class Limit:
    """mlx-lm's `BatchGenerator` in a process of its own, spoken to by lines of JSON."""

    name = "limit"

    def __init__(self, model: Path, log: Path) -> None:
        self._child = Child([sys.executable, "-m", "bench.limit", str(model)], log, piped=True)
        self._read()

    async def run(self, load: Load) -> Run:
        """Generate greedily, all prompts at once."""
        order = {"prompts": [prompt.ids for prompt in load.prompts], "max_tokens": load.max_tokens}
        stdin = self._child.process.stdin
        assert stdin is not None
        with measured() as share:
            began = time.perf_counter()
            stdin.write(json.dumps(order) + "\n")
            stdin.flush()
            reply = await asyncio.to_thread(self._read)
        answers = [
            Answer(
                began, began + times[-1], tuple((began + t, 1) for t in times), len(prompt.ids), len(times)
            )
            for prompt, times in zip(load.prompts, reply["arrivals"], strict=True)
        ]
        check_lengths(self.name, load, answers)
        return Run(answers, share.value)

    def cpu_s(self) -> float | None:
        """CPU seconds of its process."""
        return self._child.cpu_s()

    def libraries(self) -> list[str]:
        """Of its process."""
        return self._child.libraries()

    def close(self) -> None:
        """End its process."""
        self._child.end()

    def _read(self) -> dict[str, Any]:
        stdout = self._child.process.stdout
        assert stdout is not None
        line = stdout.readline()
        if not line:
            try:
                self._child.process.wait(5)
            except subprocess.TimeoutExpired:
                raise BenchError("the limit's process closed its output") from None
            self._child.check()
        reply: dict[str, Any] = json.loads(line)
        return reply


def check_lengths(name: str, load: Load, answers: Sequence[Answer]) -> None:
    """Raises BenchError where a whole answer, or its prompt, had another number of tokens than asked for."""
    for prompt, answer in zip(load.prompts, answers, strict=True):
        if answer.error:
            continue
        if answer.num_tokens != load.max_tokens:
            raise BenchError(f"{name} gave {answer.num_tokens} tokens where {load.max_tokens} were asked for")
        if answer.prompt_tokens not in (0, len(prompt.ids)):
            raise BenchError(f"{name} read {answer.prompt_tokens} prompt tokens instead of {len(prompt.ids)}")
