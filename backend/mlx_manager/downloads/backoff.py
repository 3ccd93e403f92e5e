"""When a download is tried again by itself."""

import random
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backoff:
    """Twice as long each time, and never as long as the next one's.

    Attributes:
        jitter: by how much of itself a pause is shortened at random, so that many do not come back at once.
    """

    first_s: float = 2.0
    most_s: float = 300.0
    jitter: float = 0.25

    def pause_s(self, num_attempts: int, retry_after_s: int | None = None) -> float:
        """Seconds until the next try.

        Args:
            num_attempts: failures in a row, this one included.
            retry_after_s: the least that the hub asked for.
        """
        pause = min(self.first_s * 2.0 ** min(num_attempts - 1, 30), self.most_s)
        pause *= 1 - self.jitter * random.random()
        return max(pause, retry_after_s or 0)
