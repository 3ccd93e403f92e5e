"""An answer as it comes, on the terminal or into a pipe."""

import sys
from typing import TYPE_CHECKING

from mlx_manager.commands.conversation import Answer, Conversation, Said, Thought
from mlx_manager.terminal import dim, note, printable

if TYPE_CHECKING:
    from mlx_manager.api_client import ApiClient


def show_answer(
    client: "ApiClient", conversation: Conversation, prompt: str, *, is_verbose: bool = False
) -> Answer:
    """Write the answer to stdout while it comes. Its reasoning is shown on a terminal only.

    Raises:
        Refused: the server refuses, or the answer breaks off.
        KeyboardInterrupt: somebody has stopped it; what came is in the conversation.
    """
    from mlx_manager.commands.progress import waiting

    answer = Answer()
    parts = conversation.ask(client, prompt, answer)
    try:
        with waiting(f"Waiting for {conversation.model}"):
            part = next(parts, None)
        writer = _Writer()
        while part is not None:
            writer.write(part)
            part = next(parts, None)
    finally:
        parts.close()
        if answer.content or answer.reasoning:
            print(flush=True)
    note_ignored(answer)
    if is_verbose:
        note(statistics(answer))
    elif answer.finish_reason == "length":
        note("(the answer was cut off at its most tokens)")
    return answer


class _Writer:
    """Writes parts of an answer so that reasoning and answer stay apart, and nothing steers the terminal."""

    def __init__(self) -> None:
        self._is_terminal = sys.stdout.isatty()
        self._has_thought = False
        self._has_said = False

    def write(self, part: Thought | Said) -> None:
        text = printable(part.text)
        match part:
            case Thought():
                if self._is_terminal:
                    self._has_thought = True
                    print(dim(text), end="", flush=True)
            case Said():
                if self._has_thought and not self._has_said:
                    print("\n")
                if not self._has_said:
                    text = text.lstrip("\n")
                self._has_said |= bool(text)
                print(text, end="", flush=True)


def note_ignored(answer: Answer) -> None:
    """Say which fields of the request meant nothing to the server."""
    if answer.ignored_fields:
        note(f"(the server does not know these fields: {answer.ignored_fields})")


def statistics(answer: Answer) -> str:
    """Tokens and times in one line."""
    usage = answer.usage
    cached = (usage.get("prompt_tokens_details") or {}).get("cached_tokens", 0)
    speed = answer.tokens_per_second
    first = answer.first_token_s
    parts = [
        f"prompt {usage.get('prompt_tokens', 0)} tokens ({cached} cached)",
        f"answer {usage.get('completion_tokens', 0)} tokens",
        f"{'-' if speed is None else format(speed, '.1f')} tokens/s",
        f"first token after {'-' if first is None else format(first, '.2f')} s",
        f"ended by {answer.finish_reason}",
    ]
    return "; ".join(parts)
