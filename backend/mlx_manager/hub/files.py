"""Which files of a repository a model needs, and which of them must not come unasked."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Final

_WEIGHTS: Final = ".safetensors"
# Python's pickle, or formats that are read by way of it or run what they hold (Keras' Lambda layers).
_PICKLED: Final = frozenset(
    (".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".h5", ".keras", ".joblib", ".dill")
)
_NEEDED: Final = frozenset((".json", ".jinja", ".txt", ".model", ".tiktoken"))
_TEXTS: Final = re.compile(r"(README\.md|(LICEN[CS]E|NOTICE|USE_POLICY|COPYING)[^/]*)", re.IGNORECASE)
# The same weights once more, for other programs, or what comes of training.
_OTHER_FOLDERS: Final = frozenset(
    {"onnx", "openvino", "coreml", "gguf", "original", "flax", "tf"}
    | {"figures", "images", "assets", "runs", "logs"}
)
_MAX_NAME_BYTES: Final = 255
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_SHA1: Final = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True, slots=True)
class HubFile:
    """A file as the hub lists it.

    Attributes:
        path: within the repository, as the hub says it; see `is_safe`.
        sha256: of its content where it is large, else None.
        git_sha1: git's hash of its content as a blob where it is small, else None.
    """

    path: str
    size_bytes: int
    sha256: str | None = None
    git_sha1: str | None = None

    @property
    def suffix(self) -> str:
        """Such as `.json`, in small letters."""
        return PurePosixPath(self.path).suffix.lower()

    @property
    def is_pickled(self) -> bool:
        """Whether reading it as weights may run what it holds."""
        return self.suffix in _PICKLED

    @property
    def is_safe(self) -> bool:
        """Whether the name stays within the folder that it is joined to, on any system."""
        parts = self.path.split("/")
        return (
            all(
                part not in ("", ".", "..") and len(part.encode(errors="replace")) <= _MAX_NAME_BYTES
                for part in parts
            )
            and not any(ord(char) < 32 or char in '\\:\x7f"*<>?|' for char in self.path)
            and not any(0xD800 <= ord(char) < 0xE000 for char in self.path)
        )

    @property
    def has_hash(self) -> bool:
        """Whether what comes can be compared with what was meant."""
        return self.sha256 is not None or self.git_sha1 is not None


@dataclass(frozen=True, slots=True)
class Choice:
    """What of a repository is downloaded.

    Attributes:
        wanted: the files, as the hub lists them.
        refusals: why the model must not come unless somebody allows it, or at all, for a person.
        needs_pickle: whether its weights are pickled only.
        needs_code: whether it has Python of its own.
        weights: those of `wanted` that are weights.
    """

    wanted: Sequence[HubFile]
    refusals: Sequence[str]
    needs_pickle: bool
    needs_code: bool
    weights: Sequence[HubFile]

    @property
    def has_weights(self) -> bool:
        """Whether there is anything to load."""
        return bool(self.weights)


def file_of(entry: Mapping[str, Any]) -> HubFile | None:
    """A file of the hub's `siblings`; None where the entry is not one."""
    path, size = entry.get("rfilename"), entry.get("size")
    large = entry.get("lfs")
    sha256 = large.get("sha256") if isinstance(large, Mapping) else None
    if not isinstance(path, str):
        return None
    if isinstance(large, Mapping) and isinstance(large.get("size"), int):
        size = large["size"]
    # For a large file git's hash is that of a pointer to it, which says nothing of its content.
    git_sha1 = entry.get("blobId") if large is None else None
    return HubFile(
        path,
        size if isinstance(size, int) and size >= 0 else 0,
        sha256 if isinstance(sha256, str) and _SHA256.fullmatch(sha256) else None,
        git_sha1 if isinstance(git_sha1, str) and _SHA1.fullmatch(git_sha1) else None,
    )


def choose(
    files: Sequence[HubFile],
    configs: Sequence[Mapping[str, Any]],
    *,
    allows_pickle: bool = False,
    allows_code: bool = False,
) -> Choice:
    """What an MLX model needs: weights in safetensors, configuration, tokenizer, templates, card, licence.

    Args:
        configs: its JSON files that may ask for code, parsed.
    """
    weights = [file for file in files if _is_weights(file)]
    pickled = [file for file in files if file.is_pickled and not _is_elsewhere(file)]
    programs = [file for file in files if file.suffix == ".py"]
    needs_pickle = bool(pickled) and not weights
    asking = next((key for config in configs for key in ("auto_map", "model_file") if config.get(key)), None)
    wanted = [file for file in files if _is_needed(file)]
    if needs_pickle and allows_pickle:
        weights = pickled
        wanted += pickled
    if allows_code:
        wanted += programs
    refusals = []
    if needs_pickle:
        refusals.append(f"its weights are pickled ({pickled[0].path}): reading them may run what they hold")
    if programs or asking:
        what = programs[0].path if programs else f"its configuration names code ({asking})"
        refusals.append(f"it has code of its own: {what}")
    refusals += [f"{file.path[:80]!r} is no name of a file" for file in files if not file.is_safe][:1]
    return Choice(
        sorted(wanted, key=lambda file: file.path),
        refusals,
        needs_pickle,
        bool(programs or asking),
        weights,
    )


def _is_weights(file: HubFile) -> bool:
    return file.suffix == _WEIGHTS and not _is_elsewhere(file)


def _is_needed(file: HubFile) -> bool:
    if _is_elsewhere(file):
        return False
    return file.suffix == _WEIGHTS or file.suffix in _NEEDED or bool(_TEXTS.fullmatch(file.path))


def _is_elsewhere(file: HubFile) -> bool:
    """Hidden, for another program, or Mistral's second copy of the weights."""
    folders = file.path.split("/")
    return any(
        folder.lower() in _OTHER_FOLDERS or folder.startswith(".") for folder in folders[:-1]
    ) or folders[-1].startswith((".", "consolidated"))
