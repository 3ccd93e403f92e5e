"""The whole state of one sequence in one object."""

from dataclasses import dataclass, field
from typing import Any

from mlx_manager.mlx_server.engine.guiding.row import GuideRow
from mlx_manager.mlx_server.engine.sampling import SamplingRow
from mlx_manager.mlx_server.engine.tracing import JobTrace
from mlx_manager.mlx_server.engine.wire import Submit


@dataclass(slots=True, eq=False)
class Sequence:
    """A request inside the engine.

    Attributes:
        cache: its own per-layer cache at batch 1 while the prompt is read; the batch has its rows after.
        prefilled: prompt tokens that the cache holds.
        begun: whether the prefix cache has said what it has of the prompt.
        is_restoring: whether it is reading that from disk.
        num_fed: tokens that its row of a batch holds.
        has_finished: whether its last token has been drawn.
        drawn_ids: tokens drawn so far.
        trace: told what becomes of it; None where it is not traced.
        guide: what it is held to; None leaves it free.
    """

    request: Submit
    cache: list[Any] = field(default_factory=list)
    prefilled: int = 0
    begun: bool = False
    is_restoring: bool = False
    num_fed: int = 0
    has_finished: bool = False
    drawn_ids: list[int] = field(default_factory=list)
    trace: JobTrace | None = None
    guide: GuideRow | None = None
    sampling: SamplingRow = field(init=False)

    def __post_init__(self) -> None:
        self.sampling = SamplingRow(self.request, self.guide)

    @property
    def sequence_id(self) -> int:
        """The server's name for it."""
        return self.request.sequence_id

    @property
    def unread(self) -> int:
        """Prompt tokens still to be read before it decodes; the last may be left to the first step."""
        return max(len(self.request.prompt_ids) - 1 - self.prefilled, 0)

    @property
    def num_tokens(self) -> int:
        """Tokens of prompt and answer so far."""
        return len(self.request.prompt_ids) + len(self.drawn_ids)

    @property
    def most_tokens(self) -> int:
        """Tokens of prompt and of the longest answer that was asked for."""
        return len(self.request.prompt_ids) + self.request.max_tokens

    @property
    def next_id(self) -> int:
        """The token that the next step feeds."""
        return self.drawn_ids[-1] if self.drawn_ids else self.request.prompt_ids[-1]

    @property
    def fed_ids(self) -> list[int]:
        """The tokens that its row of a batch holds."""
        return [*self.request.prompt_ids, *self.drawn_ids][: self.num_fed]

    def note_chunk(self) -> None:
        """Some of its prompt is being read."""
        if self.trace is not None:
            self.trace.num_chunks += 1

    def ends_after(self, steps: int) -> bool:
        """Whether so many more tokens are all that was asked for."""
        return len(self.drawn_ids) + steps >= self.request.max_tokens

    def take(self, token_id: int) -> str:
        """Count a drawn token and tell whether it ends the sequence: see `Row.finish`."""
        self.drawn_ids.append(token_id)
        self.sampling.note(token_id)
        stops = token_id in self.request.stop_ids
        is_complete = not stops and self.guide is not None and self.guide.note(token_id)
        self.has_finished = stops or is_complete or self.ends_after(0)
        if not self.has_finished:
            return ""
        return "stop" if stops else "complete" if is_complete else "length"
