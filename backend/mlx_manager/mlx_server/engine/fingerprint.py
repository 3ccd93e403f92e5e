"""What tells one model from another, so that nothing computed by one is ever given to another."""

import hashlib
import json
from pathlib import Path
from typing import Any, Final

_SAMPLES: Final = 16
_SAMPLE_BYTES: Final = 4096


def fingerprint(path: Path, adapter: Path | None = None, **settings: Any) -> str:
    """A digest of a model folder, of its adapter's and of all settings that decide what its caches hold.

    Reads the configuration, each weight file's header, and samples of its data at even distances:
    a fine-tune has its base's shapes. Modification times count, too, for what the samples miss.

    Args:
        settings: such as the KV cache's bits and the versions of what computes it.
    """
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True, default=str).encode())
    digest.update((path / "config.json").read_bytes())
    _add_files(digest, path)
    if adapter is not None:
        digest.update(b"adapter")
        _add_files(digest, adapter)
    return digest.hexdigest()


def _add_files(digest: "hashlib._Hash", folder: Path) -> None:
    for pattern in ("*.safetensors", "adapter_config.json"):
        for file in sorted(folder.glob(pattern)):
            status = file.stat()
            digest.update(f"{file.name} {status.st_size} {status.st_mtime_ns}".encode())
            with file.open("rb") as stream:
                for index in range(_SAMPLES):
                    stream.seek(status.st_size * index // _SAMPLES)
                    digest.update(stream.read(_SAMPLE_BYTES))
