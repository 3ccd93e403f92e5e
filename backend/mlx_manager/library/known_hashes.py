"""What the files of a model should be: by the hub's word, or by what was written down at the download."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final, Protocol

from mlx_manager.core.errors import ApiError
from mlx_manager.library.disk_use import model_files
from mlx_manager.library.installed import Place
from mlx_manager.mlx_server.pool.small_files import read_text

_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_SHA1: Final = re.compile(r"[0-9a-f]{40}")
# Where Hugging Face's programs write down what they put into a folder of the user's.
_LOCAL_METADATA: Final = Path(".cache") / "huggingface" / "download"
_METADATA_BYTES: Final = 1024


class Authority(StrEnum):
    """Who says what the files should be.

    Attributes:
        HUB: the hub, for the very commit.
        DOWNLOAD: what was written down when they were downloaded: in the Hugging Face cache the names of the
            blobs, which are their hashes, elsewhere the notes beside the files.
        NOBODY: nothing is known of them.
    """

    HUB = "hub"
    DOWNLOAD = "download"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Known:
    """What one file should be.

    Attributes:
        digest: sha256 of its content (64 digits), or git's hash of it as a blob (40).
        size_bytes: None where that is not known.
    """

    digest: str
    size_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class KnownFiles:
    """What the files of a model should be, by path.

    Attributes:
        why_not_hub: why the hub was not asked or did not answer; None where it did.
    """

    authority: Authority
    files: Mapping[str, Known]
    why_not_hub: str | None = None


class HubFile(Protocol):
    """A file as the hub lists it.

    Attributes:
        size_bytes: 0 where it does not say.
        sha256: of its content where it is large, else None.
        git_sha1: git's hash of it as a blob where it is small, else None.
    """

    @property
    def path(self) -> str: ...
    @property
    def size_bytes(self) -> int: ...
    @property
    def sha256(self) -> str | None: ...
    @property
    def git_sha1(self) -> str | None: ...


AskHub = Callable[[str, str], Awaitable[Sequence[HubFile]]]
"""The files of a repository at a commit. Raises ApiError."""


async def known_files(place: Place, repo_id: str, ask_hub: AskHub) -> KnownFiles:
    """What the hub says, and where that does not know or answer, what the download left.

    Args:
        repo_id: the model's name on the hub, if it is from there.
    """
    read = _of_cache if place.commit else _of_notes
    local, commit = await asyncio.to_thread(read, place)
    if commit is None:
        why_not = "it is not known to be from the hub"
    else:
        try:
            return KnownFiles(Authority.HUB, _of_hub(await ask_hub(repo_id, commit)))
        except ApiError as error:
            why_not = error.message
    return KnownFiles(Authority.DOWNLOAD if local else Authority.NOBODY, local, why_not)


def _of_hub(files: Sequence[HubFile]) -> dict[str, Known]:
    digests = ((file, file.sha256 or file.git_sha1) for file in files)
    return {file.path: Known(digest, file.size_bytes or None) for file, digest in digests if digest}


def _of_cache(place: Place) -> tuple[dict[str, Known], str | None]:
    """The cache names each blob by its hash."""
    found = {}
    for file in model_files(place.folder):
        link = place.folder / file.path
        digest = link.readlink().name if link.is_symlink() else ""
        if _is_digest(digest):
            found[file.path] = Known(digest)
    return found, place.commit


def _of_notes(place: Place) -> tuple[dict[str, Known], str | None]:
    """`FILE.metadata`: a line with the commit, one with the hash. A commit counts where all agree on it."""
    notes, commits = {}, set()
    root = place.folder / _LOCAL_METADATA
    for note in sorted(root.rglob("*.metadata")):
        lines = read_text(note, _METADATA_BYTES).splitlines()
        if len(lines) > 1 and _is_digest(digest := lines[1].strip()):
            notes[note.relative_to(root).as_posix().removesuffix(".metadata")] = Known(digest)
            commits.add(lines[0].strip())
    commit = commits.pop() if len(commits) == 1 else ""
    return notes, commit if _SHA1.fullmatch(commit) else None


def _is_digest(text: str) -> bool:
    return bool(_SHA256.fullmatch(text) or _SHA1.fullmatch(text))
