"""Where the messages of a rendered conversation end: places at which a prefix is worth keeping."""

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from mlx_manager.mlx_server.domain.request import Boundary, ChatMessage

Render = Callable[[Sequence[ChatMessage]], str]

# The next turn usually continues the last message; an edited one goes back a few.
LAST_MESSAGES: Final = 5
# Bounds of the renderings that look for boundaries, however long a conversation is.
_MAX_RENDERINGS: Final = 256
_MAX_WORK: Final = 2**24
_WORK_PER_MESSAGE: Final = 64
# Stands for a user's message; no template writes this character.
_ANYTHING: Final = "\uf8ff"


def find_ends(
    messages: Sequence[ChatMessage],
    text: str,
    render: Render,
    *,
    eos: str | None = None,
    all_messages: bool = False,
) -> dict[int, int]:
    """Ends of messages in a rendered conversation.

    Args:
        text: the whole conversation, rendered for the assistant's turn.
        render: renders the first of the messages, without a call for the assistant's turn. It may
            raise anything: templates refuse what is no conversation to them.
        eos: what some templates (Phi 3.5) write after a conversation that awaits no answer.
        all_messages: look for each message's end, not only for those where prefixes are kept.

    Returns:
        For each end, in characters and ascending, the index of the last message that ends there.
        A template that writes a message otherwise once another follows has no end there.
    """
    counts = _counts(messages, all_messages=all_messages)
    affordable = _MAX_WORK // (len(text) + _WORK_PER_MESSAGE * len(messages))
    ends: dict[int, int] = {}
    for count in sorted(counts[: min(affordable, _MAX_RENDERINGS)]):
        rendered = _beginning(messages[:count], render)
        if eos and not text.startswith(rendered):
            rendered = rendered.removesuffix(eos)
        if text.startswith(rendered) and _holds(rendered, messages[count - 1]):
            ends[len(rendered)] = count - 1
    return dict(sorted(ends.items()))


def find_marks(messages: Sequence[ChatMessage], text: str) -> dict[int, int]:
    """Places within messages where the client asked for a prefix to be kept.

    Returns:
        For each place, in characters of the rendered conversation, the index of its message. A message
        that the template does not write as it is has none.
    """
    places: dict[int, int] = {}
    start = 0
    for index, message in enumerate(messages):
        if not message.content:
            continue
        found = text.find(message.content, start)
        if found < 0:
            continue
        places |= {found + mark: index for mark in message.cache_marks}
        start = found + len(message.content)
    return places


def to_boundaries(
    ends: Mapping[int, int], messages: Sequence[ChatMessage], offsets: Sequence[tuple[int, int]]
) -> tuple[Boundary, ...]:
    """Those ends at which a token begins, in tokens.

    Args:
        ends: as `find_ends` gives them.
        offsets: for each token its first character and the one after its last.
    """
    starts = [start for start, _ in offsets]
    found = []
    for end, message_index in ends.items():
        # Several tokens that share a character have one start: the first of them counts.
        position = bisect_left(starts, end)
        # Byte-level tokenizers may leave spaces out of offsets: a token of nothing else ends here.
        while position < len(starts) and offsets[position] == (end, end):
            position += 1
        begins_there = position == len(starts) or starts[position] == end
        if position > 0 and begins_there and offsets[position - 1][1] <= end:
            role = "user" if messages[message_index].role == "tool" else messages[message_index].role
            found.append(Boundary(position, role, message_index))
    return tuple(found)


def _counts(messages: Sequence[ChatMessage], *, all_messages: bool) -> list[int]:
    """How many of the first messages to look at the end of, the most useful first."""
    total = len(messages)
    num_system = next((index for index, message in enumerate(messages) if message.role != "system"), total)
    last = range(total, 0 if all_messages else max(0, total - LAST_MESSAGES), -1)
    return [count for count in dict.fromkeys([total, num_system, *last]) if count]


def _holds(rendered: str, last: ChatMessage) -> bool:
    """Whether anything was written; some templates (Mistral's) put a system message further on."""
    return bool(rendered) and (last.role != "system" or last.content.strip() in rendered)


def _beginning(messages: Sequence[ChatMessage], render: Render) -> str:
    """The first messages as the whole conversation should begin; empty where that cannot be told."""
    try:
        return render(messages)
    except Exception:
        if any(message.role != "system" for message in messages):
            return ""
    # Some templates (Qwen 3.5) want a user's message. Then all up to its text is what
    # conversations with these system messages share.
    try:
        shared, found, _ = render([*messages, ChatMessage("user", _ANYTHING)]).partition(_ANYTHING)
    except Exception:
        return ""
    return shared if found else ""
