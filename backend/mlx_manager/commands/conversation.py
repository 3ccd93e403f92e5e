"""A conversation with a model: what was said, and how the next answer comes in."""

import json
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from mlx_manager.api_client import ApiClient

_OWN_FIELDS: Final = frozenset({"model", "messages", "stream", "stream_options"})


@dataclass(frozen=True, slots=True)
class Thought:
    """A part of the reasoning."""

    text: str


@dataclass(frozen=True, slots=True)
class Said:
    """A part of the answer."""

    text: str


@dataclass(slots=True)
class Answer:
    """An answer as far as it has come.

    Attributes:
        finish_reason: None while it has not ended.
        usage, timings: as the server gives them at the end.
        first_token_s: until the first part came, as seen from here.
        ignored_fields: of the request, which the server does not know.
    """

    content: str = ""
    reasoning: str = ""
    finish_reason: str | None = None
    usage: dict[str, Any] = field(default_factory=dict)
    timings: dict[str, Any] = field(default_factory=dict)
    first_token_s: float | None = None
    total_s: float = 0.0
    ignored_fields: str = ""

    @property
    def tokens_per_second(self) -> float | None:
        """As the server measured it, else as seen from here."""
        if (stated := self.timings.get("tokens_per_second")) is not None:
            return float(stated)
        seconds = self.total_s - (self.first_token_s or 0.0)
        count = int(self.usage.get("completion_tokens", 0))
        return (count - 1) / seconds if count > 1 and seconds > 0 else None


class Conversation:
    """What was said so far; kept in memory alone.

    Args:
        fields: of each request, such as `temperature`.
    """

    def __init__(self, model: str, system: str | None = None, fields: dict[str, Any] | None = None) -> None:
        self.model = model
        self.system = system
        self.fields = dict(fields or {})
        self._turns: list[dict[str, str]] = []

    def clear(self) -> None:
        """Forget what was said; the system prompt and the fields stay."""
        self._turns.clear()

    def ask(self, client: "ApiClient", prompt: str, answer: Answer) -> Generator[Thought | Said, None, None]:
        """The parts of the answer to a prompt, as they come; `answer` grows with them.

        What has come stays in the conversation, also where the caller stops it or it breaks off.

        Raises:
            Refused: the server refuses, or the answer breaks off.
        """
        asked = {"role": "user", "content": prompt}
        try:
            yield from self._parts(client, [*self._messages(), asked], answer)
        finally:
            if answer.content:
                self._turns += [asked, {"role": "assistant", "content": answer.content}]

    def _messages(self) -> list[dict[str, str]]:
        system = [{"role": "system", "content": self.system}] if self.system else []
        return system + self._turns

    def _parts(
        self, client: "ApiClient", messages: list[dict[str, str]], answer: Answer
    ) -> Iterator[Thought | Said]:
        from mlx_manager.api_client import Refused, events_in

        body = {
            **self.fields,
            "model": self.model,
            "messages": messages,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        started = time.monotonic()
        is_complete = False
        with client.stream("POST", "/v1/chat/completions", body) as response:
            answer.ignored_fields = response.headers.get("x-ignored-fields", "")
            for event in events_in(response.iter_bytes()):
                if event.data == "[DONE]":
                    is_complete = True
                    break
                for part in _read(event.data, answer):
                    if answer.first_token_s is None:
                        answer.first_token_s = time.monotonic() - started
                    yield part
                answer.total_s = time.monotonic() - started
        if not is_complete or answer.finish_reason is None:
            raise Refused("the answer broke off")


def field_of(name: str, value: str) -> tuple[str, Any]:
    """A field of requests from what a person wrote: JSON, or else text.

    Raises:
        ValueError: it is not to be set; the text is for a person.
    """
    if name in _OWN_FIELDS or not name.isidentifier():
        raise ValueError(f"{name!r} cannot be set")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def _read(data: str, answer: Answer) -> Iterator[Thought | Said]:
    """Take one chunk into the answer, and give what it adds."""
    from mlx_manager.api_client import Refused

    try:
        chunk = json.loads(data)
        if "error" in chunk:
            raise Refused(str(chunk["error"]["message"]), code=chunk["error"].get("code"))
        answer.usage = chunk.get("usage") or answer.usage
        answer.timings = chunk.get("timings") or answer.timings
        for choice in chunk["choices"]:
            delta = choice["delta"]
            answer.finish_reason = choice.get("finish_reason") or answer.finish_reason
            if thought := delta.get("reasoning_content"):
                answer.reasoning += thought
                yield Thought(thought)
            if text := delta.get("content"):
                answer.content += text
                yield Said(text)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Refused("the answer is not as it should be: is it a server of ours?") from None
