"""What the manager knows of the server's process."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from mlx_manager.core.running_program import RunningProgram


class ServerState(StrEnum):
    """What the server's process is doing."""

    STOPPED = "stopped"
    """It does not run, and nobody wants it to."""
    STARTING = "starting"
    """Its process runs and does not listen yet."""
    RUNNING = "running"
    STOPPING = "stopping"
    """It has been told to end and finishes what runs."""
    WAITING = "waiting"
    """It has ended by itself and is started again at `retry_at`."""
    FAILED = "failed"
    """It has ended by itself too often, or may not be started again by itself."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How the server's process ended when nobody had asked it to.

    Attributes:
        code: its exit code; negative is the number of a signal; None where it is not known.
        lines: the last that it said.
    """

    at: datetime
    code: int | None
    lines: tuple[str, ...] = ()

    @property
    def reason(self) -> str:
        """In words, for a person."""
        if self.code is None:
            how = "it ended"
        else:
            how = f"signal {-self.code} ended it" if self.code < 0 else f"it ended with {self.code}"
        return f"{how}: {self.lines[-1]}" if self.lines else how


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The server's process at one moment.

    Attributes:
        program: where it runs, or None while it does not listen.
        is_adopted: whether it ran before the manager did.
        is_answering: whether it answered when it was last asked.
        ending: how it ended last when nobody had asked it to.
        num_restarts: starts that followed such an ending, since the manager started.
        retry_at: when it is started again.
    """

    state: ServerState
    program: RunningProgram | None
    is_adopted: bool
    is_answering: bool
    ending: Ending | None
    num_restarts: int
    retry_at: datetime | None
