"""Hashes of files as the hub tells them: SHA-256 of large ones, git's of small ones."""

from pathlib import Path
from typing import Final

from mlx_manager.downloads.job import JobFile
from mlx_manager.library.hashing import begun

_READ_BYTES: Final = 2**20


class FileHash:
    """The hash of a file's content, as it comes."""

    def __init__(self, file: JobFile) -> None:
        self._expected = file.blob_name
        self.num_bytes = 0
        self._digest = begun(file.blob_name, file.size_bytes)

    def update(self, piece: bytes) -> None:
        """More of the content."""
        self._digest.update(piece)
        self.num_bytes += len(piece)

    def update_from(self, path: Path) -> None:
        """All of what is there."""
        with path.open("rb") as stream:
            while piece := stream.read(_READ_BYTES):
                self.update(piece)

    @property
    def is_right(self) -> bool:
        """Whether that was the file."""
        return bool(self._digest.hexdigest() == self._expected)


def is_whole(path: Path, file: JobFile) -> bool:
    """Whether the file is there with the right hash."""
    try:
        if path.stat().st_size != file.size_bytes:
            return False
        digest = FileHash(file)
        digest.update_from(path)
    except OSError:
        return False
    return digest.is_right
