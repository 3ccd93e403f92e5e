"""The format of a backup: a .tar.gz of manifest.json, tables/NAME.jsonl and secrets/NAME.

It knows no database, so that what one kind wrote another can read.
"""

import gzip
import io
import json
import os
import re
import secrets
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, NonNegativeInt, ValidationError

from mlx_manager.db.errors import BackupRefused

FORMAT: Final = 1
MAX_SECRET_BYTES: Final = 1 << 20
_MAX_MANIFEST_BYTES: Final = 1 << 20
_MAX_MEMBERS: Final = 10_000
_MAX_ROW_BYTES: Final = 128 << 20
# Of everything in it, unpacked. What is read goes by in pieces; this ends what would go by for ever.
_MAX_TOTAL_BYTES: Final = 256 << 30
_READ_BYTES: Final = 1 << 16

# A tar header has room for a hundred characters.
_SECRET_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
_TABLE_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,62}")
_MEMBER_NAME: Final = re.compile(
    rf"manifest\.json|tables/{_TABLE_NAME.pattern}\.jsonl|secrets/{_SECRET_NAME.pattern}"
)


class Manifest(BaseModel):
    """What a backup says of itself.

    Attributes:
        revision: of the schema; None for a database that was empty.
        database: the kind that it was made from.
        tables: how many rows of each.
        secrets: the names of the files.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: int = FORMAT
    product_version: str
    revision: str | None
    created: AwareDatetime
    database: str
    tables: dict[str, NonNegativeInt]
    secrets: list[str]


def is_secret_name(name: str) -> bool:
    """Whether a file of this name can be in a backup."""
    return _SECRET_NAME.fullmatch(name) is not None


def write_archive(
    target: Path, manifest: Manifest, tables: Mapping[str, IO[bytes]], secret_files: Mapping[str, bytes]
) -> None:
    """Write it, readable by its owner alone, and give it its name when it is complete and on the disk.

    Args:
        tables: each a file with a row a line; they keep the order in which they are given.
    """
    partial = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    stamp = int(manifest.created.timestamp())
    try:
        descriptor = os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            with tarfile.open(fileobj=file, mode="w:gz", format=tarfile.GNU_FORMAT) as tar:
                _add(tar, "manifest.json", io.BytesIO(manifest.model_dump_json(indent=2).encode()), stamp)
                for name, rows in tables.items():
                    _add(tar, f"tables/{name}.jsonl", rows, stamp)
                for name, content in secret_files.items():
                    _add(tar, f"secrets/{name}", io.BytesIO(content), stamp)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(target)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    descriptor = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _add(tar: tarfile.TarFile, name: str, content: IO[bytes], stamp: int) -> None:
    member = tarfile.TarInfo(name)
    member.size = content.seek(0, os.SEEK_END)
    member.mode = 0o600
    member.mtime = stamp
    content.seek(0)
    tar.addfile(member, content)


@dataclass(frozen=True, slots=True)
class _Member:
    offset: int
    size: int


class Archive:
    """A backup that was opened and has been read from one end to the other. A context manager.

    It reads what `write_archive` writes, plain files with short names, and none of tar's extensions: those
    have a reader allocate what whoever made the file says.

    Raises:
        BackupRefused: It is not a backup, is damaged, or holds what a backup does not.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._refusing():
            self._file = gzip.GzipFile(path)
        try:
            with self._refusing():
                self._members = self._read_members()
                self.manifest = self._read_manifest()
                self._check()
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def rows(self, table: str) -> Iterator[dict[str, Any]]:
        """A table's rows, as they were written."""
        for line in self._lines(f"tables/{table}.jsonl"):
            row = json.loads(line)
            if not isinstance(row, dict):
                raise self._refusal(f"a line of {table} is not a row")
            yield row

    def secret(self, name: str) -> bytes:
        """A secret file's content."""
        return b"".join(self._pieces(f"secrets/{name}"))

    def _pieces(self, name: str) -> Iterator[bytes]:
        member = self._members[name]
        position, end = member.offset, member.offset + member.size
        while position < end:
            self._file.seek(position)
            piece = self._file.read(min(end - position, _READ_BYTES))
            if not piece:
                raise EOFError(f"it ends within {name}")
            position += len(piece)
            yield piece

    def _lines(self, name: str) -> Iterator[bytes]:
        pending = bytearray()
        for piece in self._pieces(name):
            *complete, rest = piece.split(b"\n")
            for line in complete:
                yield bytes(pending) + line
                pending.clear()
            pending += rest
            if len(pending) > _MAX_ROW_BYTES:
                raise self._refusal(f"a row of {name} is longer than {_MAX_ROW_BYTES} bytes")
        if pending:
            yield bytes(pending)

    def _read_members(self) -> dict[str, _Member]:
        members: dict[str, _Member] = {}
        position = 0
        while (header := self._file.read(tarfile.BLOCKSIZE)).strip(b"\0"):
            entry = tarfile.TarInfo.frombuf(header, "ascii", "strict")
            position += tarfile.BLOCKSIZE
            self._judge(entry, members, position)
            members[entry.name] = _Member(position, entry.size)
            position += -(-entry.size // tarfile.BLOCKSIZE) * tarfile.BLOCKSIZE
            self._file.seek(position)
        if not header:
            raise EOFError("it has no end")
        # The checksum is behind everything.
        while piece := self._file.read(_READ_BYTES):
            if piece.strip(b"\0"):
                raise self._refusal("something follows its end")
        return members

    def _judge(self, entry: tarfile.TarInfo, members: Mapping[str, _Member], position: int) -> None:
        if entry.type != tarfile.REGTYPE or entry.size < 0:
            raise self._refusal(f"{entry.name[:100]!r} is not a plain file")
        if not _MEMBER_NAME.fullmatch(entry.name) or entry.name in members:
            raise self._refusal(f"it holds {entry.name[:100]!r}, which a backup does not")
        if position + entry.size > _MAX_TOTAL_BYTES or len(members) >= _MAX_MEMBERS:
            raise self._refusal("it is larger than any backup")
        limit = {"manifest.json": _MAX_MANIFEST_BYTES}.get(entry.name, _MAX_TOTAL_BYTES)
        limit = MAX_SECRET_BYTES if entry.name.startswith("secrets/") else limit
        if entry.size > limit:
            raise self._refusal(f"{entry.name} is larger than {limit} bytes")

    def _read_manifest(self) -> Manifest:
        if "manifest.json" not in self._members:
            raise self._refusal("it has no manifest.json")
        content = b"".join(self._pieces("manifest.json"))
        stated = json.loads(content)
        if isinstance(stated, dict) and stated.get("format") != FORMAT:
            raise self._refusal(
                f"it is of format {str(stated.get('format'))[:20]} and this version knows {FORMAT}"
            )
        return Manifest.model_validate_json(content)

    def _check(self) -> None:
        stated = {"manifest.json", *(f"tables/{name}.jsonl" for name in self.manifest.tables)}
        stated.update(f"secrets/{name}" for name in self.manifest.secrets)
        if differing := sorted(stated ^ self._members.keys()):
            raise self._refusal(f"its manifest and its content differ: {differing[0][:100]!r}")
        for table, stated_rows in self.manifest.tables.items():
            num_rows = sum(1 for _ in self.rows(table))
            if num_rows != stated_rows:
                raise self._refusal(f"it has {num_rows} rows of {table}, and its manifest says {stated_rows}")

    @contextmanager
    def _refusing(self) -> Iterator[None]:
        try:
            yield
        except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise self._refusal(f"it is damaged or no .tar.gz ({error})") from error
        except OSError as error:
            raise self._refusal(error.strerror or str(error)) from error
        except ValidationError as error:
            fault = error.errors(include_url=False, include_input=False)[0]
            field = ".".join(map(str, fault["loc"]))
            raise self._refusal(f"its manifest.json is wrong: {field[:100]!r}: {fault['msg']}") from error
        except (ValueError, RecursionError) as error:
            raise self._refusal(f"it holds what is not JSON ({error})") from error

    def _refusal(self, reason: str) -> BackupRefused:
        return BackupRefused(f"{self._path} cannot be restored, and nothing was changed: {reason}")
