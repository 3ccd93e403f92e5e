"""The contenders of one model, up for as long as its workloads run."""

import shlex
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from bench.answers import BenchError
from bench.client import Endpoint
from bench.contenders import Contender, HttpServer, Limit, Load
from bench.models import ModelSpec, ensure_model
from bench.processes import free_port, mlx_lm_command, start_command, start_ours, wait_answering
from bench.vocabulary import Prompt, PromptMaker

OURS = "ours"
MLX_LM = "mlx_lm.server"
LIMIT = "limit"

# Of one core; the system counts CPU time in steps of 10 ms.
_QUIET_SHARE = 0.11
_QUIET_WINDOW_S = 0.2
_QUIET_DEADLINE_S = 60.0


@dataclass(frozen=True)
class Guest:
    """Another OpenAI-compatible server, by URL or by a command with `{port}` and `{model}`.

    Attributes:
        model: the model's name in requests; empty for the folder's name.
    """

    name: str
    url: str = ""
    command: str = ""
    model: str = ""


class Fleet:
    """Starts contenders as they are asked for, and ends them all on leaving.

    Args:
        models_dir: where models are kept.
        work: a folder for homes and logs.
    """

    def __init__(self, spec: ModelSpec, models_dir: Path, work: Path) -> None:
        self.spec = spec
        self.model = ensure_model(spec, models_dir)
        self._work = work
        self._running: list[Contender] = []
        self._prompts = PromptMaker(spec.vocab_size)
        self._num_started = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for contender in list(self._running):
            self.stop(contender)

    def prompt(self, num_tokens: int, *seed: object) -> Prompt:
        """A random prompt, the same for the same seed."""
        return self._prompts.make(num_tokens, "/".join(map(str, seed)))

    def prompts(self, count: int, num_tokens: int, *seed: object) -> list[Prompt]:
        """As many prompts, each its own."""
        return [self.prompt(num_tokens, *seed, index) for index in range(count)]

    def ours(
        self, env: Mapping[str, str] | None = None, *, name: str = OURS, home: Path | None = None
    ) -> HttpServer:
        """Our server, ready, with its default settings but for these."""
        folder = self._folder()
        child, url = start_ours(self.model, home or folder / "home", folder / "log", env or {})
        return self._add(HttpServer(name, Endpoint(url, self.model.name), child))

    def mlx_lm(self) -> HttpServer:
        """mlx-lm's own server."""
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        child = start_command(mlx_lm_command(self.model, port), url, self._folder() / "log")
        return self._add(HttpServer(MLX_LM, Endpoint(url, "default_model"), child))

    def limit(self) -> Limit:
        """The limit."""
        contender = Limit(self.model, self._folder() / "log")
        self._running.append(contender)
        return contender

    def guest(self, guest: Guest) -> HttpServer:
        """Somebody else's server: started here, or only waited for where it has a URL."""
        name = guest.model or self.model.name
        if not guest.command:
            wait_answering(None, f"{guest.url}/v1/models")
            return self._add(HttpServer(guest.name, Endpoint(guest.url, name), None))
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        command = shlex.split(guest.command.format(port=port, model=self.model))
        return self._add(
            HttpServer(guest.name, Endpoint(url, name), start_command(command, url, self._log()))
        )

    def stop(self, contender: Contender) -> None:
        """End one of them."""
        self._running.remove(contender)
        contender.close()

    def cpu_s(self, *, but: str = "") -> float:
        """CPU seconds that all have used so far, without the one of this name."""
        return sum(other.cpu_s() or 0.0 for other in self._running if other.name != but)

    def wait_quiet(self) -> None:
        """Wait until nobody computes. Raises BenchError where somebody does not stop."""
        end = time.monotonic() + _QUIET_DEADLINE_S
        while time.monotonic() < end:
            before = self.cpu_s()
            time.sleep(_QUIET_WINDOW_S)
            if self.cpu_s() - before <= _QUIET_SHARE * _QUIET_WINDOW_S:
                return
        raise BenchError(f"a contender that has nothing to do still computes after {_QUIET_DEADLINE_S:.0f} s")

    async def warm(self, contender: Contender) -> None:
        """Let it do everything once."""
        await contender.run(Load(self.prompts(2, 32, "warm", contender.name), 8))

    def libraries(self) -> dict[str, list[str]]:
        """By contender, the BLAS libraries that its processes have mapped; where the system tells."""
        return {other.name: found for other in self._running if (found := other.libraries())}

    def _add(self, server: HttpServer) -> HttpServer:
        self._running.append(server)
        return server

    def _folder(self) -> Path:
        self._num_started += 1
        folder = self._work / f"{self.spec.name}-{self._num_started}"
        folder.mkdir(parents=True)
        return folder

    def _log(self) -> Path:
        return self._folder() / "log"
