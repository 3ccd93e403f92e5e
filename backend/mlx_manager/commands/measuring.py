"""Rounds of requests at once, measured from the client's side. Bounded in number and time."""

import json
import random
import statistics
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Final

from mlx_manager.api_client import Refused, events_in

if TYPE_CHECKING:
    from mlx_manager.api_client import ApiClient

_WORDS: Final = (
    "the river runs past old houses where people sit and talk about rain bread music stones long roads "
    "small boats bright windows cold mornings quiet gardens and the names of their many grandchildren"
)
_TRIAL_WORDS: Final = 64


@dataclass(frozen=True, slots=True)
class Load:
    """What is asked in each round.

    Attributes:
        prompt_tokens: about so many; words are counted off by how long a trial's were.
        completion_tokens: exactly so many, whether or not the model would end before.
        max_s: when the rounds are broken off.
    """

    model: str
    num_requests: int
    concurrency: int
    prompt_tokens: int
    completion_tokens: int
    num_rounds: int
    max_s: float


@dataclass(frozen=True, slots=True)
class Measured:
    """One answer. Times are from when it was asked for; `cached_tokens` of its prompt were not read."""

    first_token_s: float
    total_s: float
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int


@dataclass(frozen=True, slots=True)
class Round:
    """What a round came to: medians of its answers, and all their tokens over the whole time."""

    first_token_s: float
    slowest_first_token_s: float
    stream_tokens_per_second: float
    tokens_per_second: float
    prompt_tokens: float
    cached_tokens: float
    completion_tokens: float


@dataclass(frozen=True, slots=True)
class Report:
    """The rounds that ended in time."""

    load: Load
    rounds: Sequence[Round]

    @property
    def median(self) -> Round:
        """Of each number by itself."""
        names = [field.name for field in fields(Round)]
        return Round(*(statistics.median(getattr(one, name) for one in self.rounds) for name in names))


class OutOfTime(Exception):
    """The time is up."""


def measure(client: "ApiClient", load: Load, tell: Callable[[float], None]) -> Report:
    """Ask for a round that is not counted, which loads the model, and then for those that are.

    Args:
        tell: told what share of all is done.

    Raises:
        Refused: the program refuses a request.
    """
    rounds: list[Round] = []
    try:
        measuring = _Measuring(client, load, tell)
        measuring.round()
        for _ in range(load.num_rounds):
            rounds.append(measuring.round())
    except OutOfTime:
        pass
    return Report(load, rounds)


class _Measuring:
    def __init__(self, client: "ApiClient", load: Load, tell: Callable[[float], None]) -> None:
        self._client = client
        self._load = load
        self._tell = tell
        self._deadline = time.monotonic() + load.max_s
        self._num_done = 0
        # No two prompts begin alike, nor those of two runs: what is kept of prompts is not what is measured.
        self._random = random.Random()
        trial = self._ask(self._prompt(_TRIAL_WORDS), max_tokens=1)
        self._num_words = max(round(load.prompt_tokens * _TRIAL_WORDS / max(trial.prompt_tokens, 1)), 1)

    def round(self) -> Round:
        prompts = [self._prompt(self._num_words) for _ in range(self._load.num_requests)]
        started = time.perf_counter()
        with ThreadPoolExecutor(self._load.concurrency) as threads:
            asked = [threads.submit(self._ask, prompt, self._load.completion_tokens) for prompt in prompts]
            try:
                answers = []
                for one in asked:
                    answers.append(one.result())
                    self._tell_one_more()
            except BaseException:
                self._deadline = 0.0  # whoever else is asked stops at the next part
                threads.shutdown(wait=True, cancel_futures=True)
                raise
        return _summary(answers, time.perf_counter() - started)

    def _ask(self, prompt: str, max_tokens: int) -> Measured:
        try:
            return self._answer(prompt, max_tokens)
        except Refused:
            if time.monotonic() < self._deadline:
                raise
            raise OutOfTime from None  # it was the time that ran out while nothing came

    def _answer(self, prompt: str, max_tokens: int) -> Measured:
        if time.monotonic() > self._deadline:
            raise OutOfTime
        body = {
            "model": self._load.model,
            "prompt": prompt,
            "max_tokens": max_tokens,
            "ignore_eos": True,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        started = time.perf_counter()
        first: float | None = None
        usage: dict[str, Any] | None = None
        left_s = max(self._deadline - time.monotonic(), 0.1)
        with self._client.stream("POST", "/v1/completions", body, timeout_s=left_s) as response:
            for event in events_in(response.iter_bytes()):
                if time.monotonic() > self._deadline:
                    raise OutOfTime
                if event.data == "[DONE]":
                    break
                chunk = _chunk(event.data)
                if first is None and any(choice["text"] for choice in chunk["choices"]):
                    first = time.perf_counter() - started
                usage = chunk.get("usage") or usage
        total = time.perf_counter() - started
        if usage is None:
            raise Refused("an answer broke off")
        details = usage.get("prompt_tokens_details") or {}
        return Measured(
            total if first is None else first,
            total,
            usage["prompt_tokens"],
            details.get("cached_tokens", 0),
            usage["completion_tokens"],
        )

    def _prompt(self, num_words: int) -> str:
        return " ".join(self._random.choices(_WORDS.split(), k=num_words))

    def _tell_one_more(self) -> None:
        self._num_done += 1
        self._tell(self._num_done / (self._load.num_requests * (self._load.num_rounds + 1)))


def _chunk(data: str) -> dict[str, Any]:
    chunk: dict[str, Any] = json.loads(data)
    if "error" in chunk:
        raise Refused(str(chunk["error"]["message"]), code=chunk["error"].get("code"))
    return chunk


def _summary(answers: Sequence[Measured], seconds: float) -> Round:
    def speed(answer: Measured) -> float:
        return (answer.completion_tokens - 1) / max(answer.total_s - answer.first_token_s, 1e-6)

    return Round(
        first_token_s=statistics.median(answer.first_token_s for answer in answers),
        slowest_first_token_s=max(answer.first_token_s for answer in answers),
        stream_tokens_per_second=statistics.median(map(speed, answers)),
        tokens_per_second=sum(answer.completion_tokens for answer in answers) / seconds,
        prompt_tokens=statistics.median(answer.prompt_tokens for answer in answers),
        cached_tokens=statistics.median(answer.cached_tokens for answer in answers),
        completion_tokens=statistics.median(answer.completion_tokens for answer in answers),
    )
