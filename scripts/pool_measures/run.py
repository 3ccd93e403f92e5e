"""What all measurements share: how often, with which models, and where servers may write."""

import shutil
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.models import SMALL, ModelSpec, ensure_model
from bench.vocabulary import PromptMaker

from pool_measures.servers import PoolServer, running

GREEDY = {"temperature": 0}


@dataclass
class Run:
    """One run of the script.

    Attributes:
        num_runs: of what is repeated.
        is_quick: everything small: it shows that the script works, and measures nothing.
    """

    models_dir: Path
    work: Path
    num_runs: int
    is_quick: bool = False
    _num_servers: int = 0

    def __post_init__(self) -> None:
        self._began = time.monotonic()
        self._prompts = PromptMaker(SMALL.vocab_size)

    def scaled(self, count: int) -> int:
        """A number of things, small where the run is to be quick."""
        return max(4, count // 20) if self.is_quick else count

    def model(self, spec: ModelSpec) -> Path:
        """A benchmark model's folder."""
        return ensure_model(spec, self.models_dir)

    def copies(self, *names: str) -> list[Path]:
        """Copies of the 5 M model: the same weights under other names."""
        targets = [self.work / "models" / name for name in names]
        for target in targets:
            if not target.exists():
                shutil.copytree(self.model(SMALL), target)
        return targets

    @contextmanager
    def server(
        self, models: Sequence[Path], settings: Mapping[str, str] | None = None
    ) -> Iterator[PoolServer]:
        """A server of these models."""
        self._num_servers += 1
        with running(models, self.work / f"server-{self._num_servers}", settings) as server:
            yield server

    def body(self, num_tokens: int, *seed: object) -> dict[str, object]:
        """A request of the 5 M model: a random prompt of 32 tokens, the same for the same seed."""
        prompt = self._prompts.make(32, "/".join(map(str, seed)))
        return {"prompt": prompt.text, "max_tokens": num_tokens, **GREEDY}

    def say(self, line: str) -> None:
        """One line of progress."""
        print(f"[{time.monotonic() - self._began:4.0f} s] {line}", file=sys.stderr, flush=True)
