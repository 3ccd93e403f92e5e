"""When real memory is short, whatever was reserved. Pure: it judges readings and takes none."""

from dataclasses import dataclass
from enum import StrEnum

_GB = 2**30


class Pressure(StrEnum):
    """How short memory is.

    Attributes:
        SOFT: nothing more is admitted, and idle models go.
        HARD: the youngest work ends, before the machine suffers.
    """

    NONE = "none"
    SOFT = "soft"
    HARD = "hard"


@dataclass(frozen=True)
class Reading:
    """Memory at one moment.

    Attributes:
        footprint_bytes: of all workers together, by the operating system's accounting.
        budget_bytes: what they may have.
        available_bytes: what any process could still take.
        machine_bytes: all there is.
        device_active_bytes: what MLX holds in all workers.
        device_limit_bytes: what the device can hold; 0 where that is not known.
    """

    footprint_bytes: int
    budget_bytes: int
    available_bytes: int
    machine_bytes: int
    device_active_bytes: int = 0
    device_limit_bytes: int = 0


@dataclass(frozen=True)
class Watermarks:
    """Where memory becomes short.

    Attributes:
        soft_share: of the budget, and of the device's limit.
        hard_share: of the budget; of the device's limit all.
        soft_available_share: of the machine's memory, that must be left.
        hard_available_share: likewise.
    """

    soft_share: float = 0.95
    hard_share: float = 1.05
    soft_available_share: float = 0.05
    hard_available_share: float = 0.02

    def __post_init__(self) -> None:
        if not 0 < self.soft_share <= 1 <= self.hard_share:
            raise ValueError("the soft share must be within 0 and 1, and the hard one no less than 1")
        if not 0 <= self.hard_available_share <= self.soft_available_share <= 1:
            raise ValueError("the hard watermark must leave no more memory than the soft one")

    def judge(self, reading: Reading) -> Pressure:
        """How short memory is."""
        if self._reasons(reading, Pressure.HARD):
            return Pressure.HARD
        return Pressure.SOFT if self._reasons(reading, Pressure.SOFT) else Pressure.NONE

    def explain(self, reading: Reading) -> str:
        """The same in a sentence, with the numbers that decided it."""
        pressure = self.judge(reading)
        if pressure is Pressure.NONE:
            return (
                f"memory is not short: the workers hold {_size(reading.footprint_bytes)} of "
                f"{_size(reading.budget_bytes)}, and {_size(reading.available_bytes)} are available"
            )
        return f"memory is short: {', and '.join(self._reasons(reading, pressure))}"

    def _reasons(self, reading: Reading, pressure: Pressure) -> list[str]:
        """What lies beyond this watermark."""
        is_hard = pressure is Pressure.HARD
        share = self.hard_share if is_hard else self.soft_share
        device_share = 1.0 if is_hard else self.soft_share
        left_share = self.hard_available_share if is_hard else self.soft_available_share
        reasons = []
        if reading.footprint_bytes > share * reading.budget_bytes:
            reasons.append(
                f"the workers hold {_size(reading.footprint_bytes)}, more than {share:.0%} of the "
                f"{_size(reading.budget_bytes)} that they may have"
            )
        if reading.available_bytes < left_share * reading.machine_bytes:
            reasons.append(
                f"{_size(reading.available_bytes)} are available, less than {left_share:.0%} of the "
                f"machine's {_size(reading.machine_bytes)}"
            )
        if 0 < device_share * reading.device_limit_bytes < reading.device_active_bytes:
            reasons.append(
                f"MLX holds {_size(reading.device_active_bytes)}, more than {device_share:.0%} of the "
                f"{_size(reading.device_limit_bytes)} that the device can hold"
            )
        return reasons


def _size(num_bytes: int) -> str:
    return f"{num_bytes / _GB:.2f} GB"
