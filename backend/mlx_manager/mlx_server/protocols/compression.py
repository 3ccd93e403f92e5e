"""Content codings of request bodies: each is decoded piece by piece, so that nobody has to hold a bomb."""

import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import Final, Protocol

import zstandard

# Most bytes of a piece of gzip or deflate.
_PIECE_BYTES: Final = 2**18
# zstd has no bound of its own: four bytes may stand for 128 KiB, so these for 8 MiB.
_ZSTD_SLICE_BYTES: Final = 256
# What RFC 8878 asks a decoder to support; a frame may demand terabytes.
_ZSTD_WINDOW_BYTES: Final = 2**23


class DamagedData(ValueError):
    """It is not what its coding says, or not all of it."""


class Decoder(Protocol):
    """One body's."""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """What the next bytes stand for, in pieces. Raises DamagedData."""
        ...

    def finish(self) -> None:
        """Raises DamagedData where the end is missing."""
        ...


class _Identity:
    def feed(self, data: bytes) -> Iterator[bytes]:
        yield data

    def finish(self) -> None:
        pass


class _Zlib:
    """zlib's format and gzip's, of which several members may follow each other."""

    def __init__(self, wbits: int, *, has_members: bool) -> None:
        self._wbits = wbits
        self._has_members = has_members
        self._inflate = zlib.decompressobj(wbits)

    def feed(self, data: bytes) -> Iterator[bytes]:
        is_full = False
        while data or (is_full and not self._inflate.eof):
            if self._inflate.eof:
                self._begin_member()
            try:
                piece = self._inflate.decompress(data, _PIECE_BYTES)
            except zlib.error as error:
                raise DamagedData(str(error)) from None
            data = self._inflate.unused_data if self._inflate.eof else self._inflate.unconsumed_tail
            is_full = len(piece) == _PIECE_BYTES
            yield piece

    def finish(self) -> None:
        if not self._inflate.eof:
            raise DamagedData("its end is missing")

    def _begin_member(self) -> None:
        if not self._has_members:
            raise DamagedData("something follows its end")
        self._inflate = zlib.decompressobj(self._wbits)


class _Zstd:
    """Frames of zstd."""

    def __init__(self) -> None:
        self._decompressor = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW_BYTES)
        self._frame = self._decompressor.decompressobj()

    def feed(self, data: bytes) -> Iterator[bytes]:
        for start in range(0, len(data), _ZSTD_SLICE_BYTES):
            rest = data[start : start + _ZSTD_SLICE_BYTES]
            while rest:
                if self._frame.eof:
                    self._frame = self._decompressor.decompressobj()
                try:
                    piece = self._frame.decompress(rest)
                except zstandard.ZstdError as error:
                    raise DamagedData(str(error)) from None
                rest = self._frame.unused_data if self._frame.eof else b""
                if piece:
                    yield piece

    def finish(self) -> None:
        if not self._frame.eof:
            raise DamagedData("its end is missing")


DECODERS: Final[Mapping[str, Callable[[], Decoder]]] = {
    "identity": _Identity,
    "gzip": lambda: _Zlib(16 + zlib.MAX_WBITS, has_members=True),
    "deflate": lambda: _Zlib(zlib.MAX_WBITS, has_members=False),
    "zstd": _Zstd,
}
