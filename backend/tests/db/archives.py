"""Backups that somebody has changed, or made by hand."""

import gzip
import io
import json
import tarfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any


def read(path: Path) -> dict[str, bytes]:
    """A backup's members."""
    with tarfile.open(path) as tar:
        return {member.name: tar.extractfile(member).read() for member in tar}  # type: ignore[union-attr]


def write(
    path: Path, members: Iterable[tuple[tarfile.TarInfo | str, bytes]], form: int = tarfile.GNU_FORMAT
) -> Path:
    """A .tar.gz of these members; a TarInfo is taken as it is, but for its size."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=form) as tar:
        for stated, content in members:
            member = tarfile.TarInfo(stated) if isinstance(stated, str) else stated
            if member.isreg():
                member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    path.write_bytes(gzip.compress(packed.getvalue()))
    return path


def rewrite(
    path: Path,
    folder: Path,
    *,
    manifest: dict[str, Any] | None = None,
    tables: dict[str, list[dict[str, Any]]] | None = None,
) -> Path:
    """The same backup with other statements in its manifest, or other rows."""
    members = read(path)
    stated = json.loads(members["manifest.json"]) | (manifest or {})
    for table, rows in (tables or {}).items():
        members[f"tables/{table}.jsonl"] = "".join(json.dumps(row) + "\n" for row in rows).encode()
        stated["tables"][table] = len(rows)
    members["manifest.json"] = json.dumps(stated).encode()
    return write(folder / "changed.tar.gz", members.items())
