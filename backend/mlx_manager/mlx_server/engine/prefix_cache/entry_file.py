"""One file of the disk tier: a safetensors file whose metadata say which tokens its arrays belong to.

A file's name is the digest of its chain: the tokens before it (through the digest of its parent), its own,
the namespace and the model. So a file can only ever be found for the very tokens it was computed from.
Holds no prompt text and no salt; knows no MLX.
"""

import hashlib
import os
import time
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
from msgspec import Struct
from safetensors import SafetensorError
from safetensors.numpy import save_file

from mlx_manager.mlx_server.engine.prefix_cache.trie import TokenArray, token_array

FORMAT: Final = 1
SUFFIX: Final = ".safetensors"
EDGE: Final = "edge"
CHECKPOINT: Final = "checkpoint"
MAX_HEADER_BYTES: Final = 2**26
_PIECE_BYTES: Final = 2**18
# Nobody waits for a write.
_PAUSE_S: Final = 0.0005

Views = dict[str, np.ndarray[Any, Any]]

_DTYPES: Final = {
    "F64": np.float64,
    "F32": np.float32,
    "F16": np.float16,
    "I64": np.int64,
    "U64": np.uint64,
    "I32": np.int32,
    "U32": np.uint32,
    "I16": np.int16,
    "U16": np.uint16,
    "I8": np.int8,
    "U8": np.uint8,
    "BOOL": np.bool_,
    "C64": np.complex64,
}


class Damaged(ValueError):
    """A file that is not what its name says, or not of our format."""


class Header(Struct, frozen=True, forbid_unknown_fields=True):
    """What a file is about.

    Attributes:
        kind: `edge` holds the segments of its tokens; `checkpoint` the state before `start`, and no tokens.
        model: digest of the model's fingerprint.
        salt: digest of the namespace.
        parent: chain digest of all tokens before `start`; empty at the start of a prompt.
        parent_file: the file that holds the token before `start`; empty at the start of a prompt.
        cut: how many of that file's tokens precede `start`.
        tokens: 32-bit little-endian ids.
        role: of the message that ends here.
        layers: the model's kinds of layers, see `Layout.kinds`.
        dtypes: MLX's types of the arrays.
        data: digest of the arrays; filled in when the file is written.
    """

    kind: str
    model: str
    salt: str
    parent: str
    parent_file: str
    cut: int
    start: int
    tokens: bytes
    role: str
    layers: tuple[str, ...]
    dtypes: dict[str, str]
    data: str = ""

    @property
    def name(self) -> str:
        """The file's name, without its suffix."""
        return chain_digest(self.kind, self.parent, self.tokens, self.salt, self.model)

    @property
    def num_tokens(self) -> int:
        """Length of the edge."""
        return len(self.tokens) // 4

    @property
    def end(self) -> int:
        """Position after the edge's last token."""
        return self.start + self.num_tokens

    def digest_at(self, cut: int) -> str:
        """Chain digest of all tokens before the edge's token `cut`."""
        if cut == 0:
            return self.parent
        return chain_digest(EDGE, self.parent, self.tokens[: 4 * cut], self.salt, self.model)

    def token_array(self) -> TokenArray:
        """The edge's tokens."""
        tokens = token_array(())
        tokens.frombytes(self.tokens)
        return tokens


def text_digest(text: str, purpose: str) -> str:
    """A digest of a fingerprint or a salt, different for each purpose."""
    return hashlib.sha256(f"prefix-cache {purpose}\0{text}".encode()).hexdigest()


def chain_digest(kind: str, parent: str, tokens: bytes, salt: str, model: str) -> str:
    """sha256 over the parent's digest, the edge's tokens, the namespace and the model."""
    digest = hashlib.sha256()
    for part in (kind.encode(), parent.encode(), salt.encode(), model.encode(), tokens):
        digest.update(len(part).to_bytes(8, "little") + part)
    return digest.hexdigest()


def _data_digest(views: Views, pause_s: float = 0.0) -> str:
    """A digest of names and contents, with a pause after each fraction of a millisecond's work.

    A thread that keeps a core busy for longer delays every matrix product that has its other half there.
    """
    digest = hashlib.sha256()
    for name, view in sorted(views.items()):
        digest.update(f"{name} {view.dtype.name} {view.shape}\n".encode())
        data = np.ascontiguousarray(view).reshape(-1).view(np.uint8).data
        for start in range(0, len(data), _PIECE_BYTES):
            digest.update(data[start : start + _PIECE_BYTES])
            if pause_s:
                time.sleep(pause_s)
    return digest.hexdigest()


def write_entry(folder: Path, header: Header, views: Views) -> int:
    """Write a file for its owner alone, whole or not at all. Returns its size in bytes. Raises OSError.

    FileNotFoundError says that the folder, or the unfinished file, was taken away.
    """
    text = msgspec.json.encode(msgspec.structs.replace(header, data=_data_digest(views, _PAUSE_S)))
    metadata = {
        "format": str(FORMAT),
        "header": text.decode(),
        "seal": hashlib.sha256(text).hexdigest(),
    }
    temporary = folder / f"{header.name}.{os.getpid()}.tmp"
    try:
        os.close(os.open(temporary, os.O_CREAT | os.O_WRONLY, 0o600))
        try:
            save_file(views, temporary, metadata)
        except SafetensorError as error:
            raise OSError(str(error)) from error
        temporary.chmod(0o600)
        size = temporary.stat().st_size
        temporary.replace(folder / f"{header.name}{SUFFIX}")
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return size


def read_header(path: Path) -> tuple[Header, int]:
    """The header, held against the file's name, and the bytes of the arrays. Raises Damaged, OSError.

    Reads no more than the header.
    """
    with path.open("rb") as file:
        header, _ = _read_header(file, path)
        return header, path.stat().st_size - file.tell()


def read_entry(path: Path) -> tuple[Header, Views]:
    """Read a file, and hold its arrays against their digest. Raises Damaged, OSError.

    Not safetensors' own reader: that one holds the interpreter's lock for as long as it reads.
    """
    with path.open("rb") as file:
        header, table = _read_header(file, path)
        length = path.stat().st_size - file.tell()
        data = np.empty(length, np.uint8)
        if file.readinto(data.data) != length:
            raise Damaged("it is cut short")
    try:
        views = {name: _view(data, entry) for name, entry in table.items()}
    except (KeyError, TypeError, ValueError) as error:
        raise Damaged(f"its table of arrays is wrong: {error}") from error
    if sum(view.nbytes for view in views.values()) != length or _data_digest(views) != header.data:
        raise Damaged("its data are not what was written")
    return header, views


def _read_header(file: Any, path: Path) -> tuple[Header, dict[str, Any]]:
    length = int.from_bytes(file.read(8), "little")
    if not 0 < length <= min(MAX_HEADER_BYTES, path.stat().st_size - 8):
        raise Damaged("it is no safetensors file")
    try:
        table = msgspec.json.decode(file.read(length), type=dict[str, dict[str, Any]])
        metadata = table.pop("__metadata__")
        if metadata["format"] != str(FORMAT):
            raise Damaged(f"it is of format {metadata['format']}, we read {FORMAT}")
        text = metadata["header"].encode()
        if hashlib.sha256(text).hexdigest() != metadata["seal"]:
            raise Damaged("its header is not what was written")
        header = msgspec.json.decode(text, type=Header)
    except (msgspec.MsgspecError, KeyError, AttributeError, UnicodeError) as error:
        raise Damaged(f"its header cannot be read: {error}") from error
    is_edge = header.kind == EDGE
    if not (is_edge or header.kind == CHECKPOINT) or is_edge != bool(header.tokens) or len(header.tokens) % 4:
        raise Damaged("its tokens do not fit its kind")
    if header.start < 0 or bool(header.start) != bool(header.parent) or (header.start == 0 and not is_edge):
        raise Damaged("its position does not fit its parent")
    if header.name != path.name.removesuffix(SUFFIX):
        raise Damaged("its name is not its digest")
    return header, table


def _view(data: np.ndarray[Any, Any], entry: dict[str, Any]) -> np.ndarray[Any, Any]:
    begin, end = entry["data_offsets"]
    if not 0 <= begin <= end <= len(data):
        raise ValueError("an array lies outside of the file")
    return data[begin:end].view(_DTYPES[entry["dtype"]]).reshape(entry["shape"])
