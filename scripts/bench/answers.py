"""What one streamed request brought."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bench.sse import EventCounter, parse_events


class Refused(Exception):
    """The server answered 400, 404, 422 or 501: it does not do what was asked."""


class BenchError(Exception):
    """A measurement is worthless; the message says why."""


@dataclass(frozen=True)
class Answer:
    """How one request went. Times are of `time.perf_counter`.

    Attributes:
        arrivals: when tokens came, and with how many events each time.
        prompt_tokens, completion_tokens, cached_tokens: as the server counted them; 0 where it did not say.
        error: why there is no whole answer, or empty.
        text: the answer's text, where it was asked for.
    """

    sent_s: float
    ended_s: float
    arrivals: tuple[tuple[float, int], ...] = ()
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    error: str = ""
    text: str = ""

    @property
    def num_tokens(self) -> int:
        """New tokens, as the server counted them, or else as they came."""
        return self.completion_tokens or sum(count for _, count in self.arrivals)

    @property
    def first_token_s(self) -> float:
        """When the first token came. Raises BenchError where none did."""
        if not self.arrivals:
            raise BenchError(self.error or "an answer without a token")
        return self.arrivals[0][0]

    @property
    def last_token_s(self) -> float:
        """When the last token came. Raises BenchError where none did."""
        if not self.arrivals:
            raise BenchError(self.error or "an answer without a token")
        return self.arrivals[-1][0]

    @property
    def ttft_s(self) -> float:
        """Time from sending to the first token."""
        return self.first_token_s - self.sent_s

    def pauses(self) -> Iterator[tuple[float, float]]:
        """Begin and end of each pause between two arrivals of tokens."""
        for (began, _), (ended, _) in zip(self.arrivals, self.arrivals[1:], strict=False):
            yield began, ended


def whole_answer(events: EventCounter, sent_s: float, ended_s: float) -> Answer:
    """The answer of a stream that was read to its end, with an error where that end is none."""
    last = parse_events(list(events.last))
    failure = next((event["error"] for event in last if event.get("error")), None)
    is_done = bool(events.last) and events.last[-1].endswith(b"[DONE]")
    error = ""
    if failure or not is_done:
        error = json.dumps(failure) if failure else "the stream broke off"
    usage: dict[str, Any] = next((event["usage"] for event in reversed(last) if event.get("usage")), {})
    details = usage.get("prompt_tokens_details") or {}
    return Answer(
        sent_s,
        ended_s,
        _token_arrivals(events.arrivals, len(last) + is_done - sum(map(_has_text, last))),
        usage.get("prompt_tokens", 0),
        usage.get("completion_tokens", 0),
        details.get("cached_tokens") or 0,
        error,
        "".join(map(_text, parse_events(events.payloads or []))),
    )


def _text(event: Mapping[str, Any]) -> str:
    return "".join(choice.get("text") or "" for choice in event.get("choices", ()))


def _has_text(event: Mapping[str, Any]) -> bool:
    return bool(_text(event))


def _token_arrivals(arrivals: list[tuple[float, int]], num_trailing: int) -> tuple[tuple[float, int], ...]:
    """Without the last events that carry no text: the finish reason, the usage and `[DONE]`."""
    kept = list(arrivals)
    while kept and num_trailing:
        now, count = kept.pop()
        if count > num_trailing:
            kept.append((now, count - num_trailing))
        num_trailing = max(0, num_trailing - count)
    return tuple(kept)


def error_message(body: bytes) -> str:
    """What an error's body says, in OpenAI's envelope or not."""
    try:
        error = json.loads(body)["error"]
        return str(error["message"] if isinstance(error, dict) else error)
    except (ValueError, KeyError, TypeError):
        return body.decode(errors="replace").strip()[:300]
