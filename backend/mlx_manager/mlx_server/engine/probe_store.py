"""What a probe has found, kept for the next load of the same model with the same settings.

A probe takes most of the time that a small model needs to load, and its answer changes only with
what computes it.
"""

import contextlib
import logging
import os
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct

from mlx_manager.mlx_server.engine import device
from mlx_manager.mlx_server.engine.fingerprint import fingerprint
from mlx_manager.mlx_server.engine.ledger import KVSize
from mlx_manager.mlx_server.engine.probe import ProbeResult

logger = logging.getLogger(__name__)

# To be raised with every change to probe, trial, kv_size or cpu_attention that may change a finding.
PROBE_VERSION: Final = 1
MAX_FILES: Final = 256
_MAX_BYTES: Final = 1 << 16


class Findings(Struct, frozen=True):
    """What is known of a model once it has been tried.

    Attributes:
        key: names all that decides the rest (see `probe_key`).
        vocab_size: width of its logits.
        kv_size: bytes of one row's cache.
    """

    key: str
    vocab_size: int
    probe: ProbeResult
    kv_size: KVSize


_decoder = msgspec.json.Decoder(Findings)


def probe_key(path: Path, adapter: Path | None = None, **settings: Any) -> str:
    """Names a model folder, its adapter and all that decides what a probe finds in them.

    Args:
        settings: such as the KV cache's bits.
    """
    return fingerprint(
        path,
        adapter,
        probe=PROBE_VERSION,
        mlx=version("mlx"),
        mlx_lm=version("mlx-lm"),
        device=device.device_name(),
        is_cpu=device.is_cpu(),
        **settings,
    )


class ProbeStore:
    """A folder with a file for each key. Processes may share it: files appear and vanish as a whole.

    Whatever is wrong with it costs a probe and never a load.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def recall(self, key: str) -> Findings | None:
        """What was found before; None where nothing is kept that can be trusted."""
        path = self._path(key)
        try:
            with path.open("rb") as file:
                found = _decoder.decode(file.read(_MAX_BYTES))
            if found.key != key or not _is_possible(found):
                return None
            os.utime(path)  # what is in use is not the oldest
        except Exception:  # a damaged file may fail in any way
            return None
        return found

    def keep(self, findings: Findings) -> None:
        """Keep findings, unless a fault stood in their way that may be gone the next time."""
        if not findings.probe.is_conclusive:
            return
        try:
            self._write(self._path(findings.key), msgspec.json.encode(findings))
            self._prune()
        except OSError as error:
            logger.warning("a probe's findings cannot be kept in %s: %s", self._folder, error)

    def _path(self, key: str) -> Path:
        return self._folder / f"{key}.json"

    def _write(self, path: Path, content: bytes) -> None:
        self._folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder.mkdir(mode=0o700, exist_ok=True)
        self._folder.chmod(0o700)
        descriptor, temporary = tempfile.mkstemp(dir=self._folder, suffix=".tmp")  # of mode 0600
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
            os.replace(temporary, path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise

    def _prune(self) -> None:
        """Remove the oldest files beyond the bound, likewise of what killed processes left half written."""
        for kind in ("*.json", "*.tmp"):
            found: list[tuple[float, Path]] = []
            for path in self._folder.glob(kind):
                with contextlib.suppress(FileNotFoundError):  # another process was quicker
                    found.append((path.stat().st_mtime, path))
            for _, path in sorted(found)[:-MAX_FILES]:
                path.unlink(missing_ok=True)


def _is_possible(found: Findings) -> bool:
    size = found.kv_size
    windows = (number for window in size.windows for number in window)
    return found.vocab_size > 0 and min(size.bytes_per_token, size.fixed_bytes, *windows) >= 0
