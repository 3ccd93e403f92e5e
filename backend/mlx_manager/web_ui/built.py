"""What a build has left in a folder: pages, and what they load."""

import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mlx_manager.web_ui.policy import common_headers, page_headers

_IMMUTABLE: Final = "public, max-age=31536000, immutable"
_ENCODINGS: Final = (("br", ".br"), ("gzip", ".gz"))
# Not every system's own table knows these.
_MEDIA_TYPES: Final = {".js": "text/javascript", ".woff2": "font/woff2", ".svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True)
class BuiltFile:
    """A file that may be asked for.

    Attributes:
        encoded: the same file compressed, by the name of the encoding, the smallest first.
    """

    path: Path
    media_type: str
    headers: Mapping[str, str]
    encoded: Mapping[str, Path]

    def as_accepted(self, accept_encoding: str) -> tuple[Path, dict[str, str]]:
        """The file to send to a browser that takes these encodings, and the headers that go with it."""
        accepted = {part.split(";")[0].strip() for part in accept_encoding.split(",")}
        headers = dict(self.headers) | ({"Vary": "Accept-Encoding"} if self.encoded else {})
        for encoding, path in self.encoded.items():
            if encoding in accepted:
                return path, headers | {"Content-Encoding": encoding}
        return self.path, headers


class BuiltFiles:
    """The files of a build, by the path under which they are asked for. Nothing else can be reached.

    Args:
        folder: it may be missing, and may be made while the program runs.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[str, BuiltFile] = {}
        self._stamp = 0

    def find(self, path: str) -> BuiltFile | None:
        """The file of a path such as `/`, `/chat` or `/_app/version.json`; None where there is none."""
        self._look()
        return self._files.get(path)

    def _look(self) -> None:
        """Read the folder where another build has been made since."""
        try:
            stamp = (self._folder / "index.html").stat().st_mtime_ns
        except OSError:
            self._files, self._stamp = {}, 0
            return
        if stamp != self._stamp:
            self._files = _read(self._folder)
            self._stamp = stamp


def _read(folder: Path) -> dict[str, BuiltFile]:
    suffixes = tuple(suffix for _, suffix in _ENCODINGS)
    found = {}
    for file in sorted(folder.rglob("*")):
        if file.is_file() and not file.name.endswith(suffixes):
            found[_path_of(file.relative_to(folder).as_posix())] = _built(file)
    return found


def _path_of(name: str) -> str:
    return "/" + ("" if name == "index.html" else name.removesuffix(".html"))


def _built(file: Path) -> BuiltFile:
    encoded = {
        encoding: compressed
        for encoding, suffix in _ENCODINGS
        if (compressed := file.with_name(file.name + suffix)).is_file()
    }
    if file.suffix == ".html":
        return BuiltFile(file, "text/html", page_headers(file.read_text("utf-8")), encoded)
    # A file of this folder has its contents' hash in its name.
    is_immutable = "immutable" in file.parts
    headers = common_headers() | {"Cache-Control": _IMMUTABLE if is_immutable else "no-cache"}
    media_type = _MEDIA_TYPES.get(file.suffix) or mimetypes.guess_type(file.name)[0]
    return BuiltFile(file, media_type or "application/octet-stream", headers, encoded)
