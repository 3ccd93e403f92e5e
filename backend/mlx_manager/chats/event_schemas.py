"""The data of server-sent events, each as JSON in one line."""

from pydantic import BaseModel, Field

from mlx_manager.chats.answer import AnswerPhase, Progress
from mlx_manager.chats.changes import ChangeKind
from mlx_manager.chats.pieces import PieceKind
from mlx_manager.users.schemas import Row


class PieceEvent(Row):
    """`piece`: a part of the answer, which is stored. The event's id is its number."""

    number: int
    kind: PieceKind
    text: str = Field(description="What it adds; of tool calls a JSON list of deltas, as in OpenAI's chat.")


class PhaseEvent(BaseModel):
    """`phase`: how far the answer is. Null is what the server has not told yet."""

    phase: AnswerPhase
    share: float | None = Field(description="Of the prompt, what has been read: from 0 to 1.")
    prompt_tokens: int | None
    read_tokens: int | None
    cached_tokens: int | None
    completion_tokens: int | None
    tokens_per_second: float | None = Field(description="Of the answer, now.")
    time_to_first_token_s: float | None


class DeletedEvent(BaseModel):
    """`deleted`: the message is not there any more."""

    message_id: str


class ChangeEvent(BaseModel):
    """`change`: something about one's chats is not as it was; look again at what is named."""

    kind: ChangeKind
    chat_id: str | None
    message_id: str | None = Field(description="That was added, or that has ended.")


class ResyncEvent(BaseModel):
    """`resync`: changes were missed, or this is where they begin; look again at all that is shown."""


def phase_event(progress: Progress) -> PhaseEvent:
    """How far an answer is, for the wire."""
    share = None
    if progress.prompt_tokens and progress.read_tokens is not None:
        share = round(min(progress.read_tokens / progress.prompt_tokens, 1.0), 4)
    return PhaseEvent(
        phase=progress.phase,
        share=share,
        prompt_tokens=progress.prompt_tokens,
        read_tokens=progress.read_tokens,
        cached_tokens=progress.cached_tokens,
        completion_tokens=progress.completion_tokens,
        tokens_per_second=progress.tokens_per_second,
        time_to_first_token_s=progress.time_to_first_token_s,
    )
