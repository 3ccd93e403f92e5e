"""What is no backup is refused before anything is touched, whoever made it and however."""

import gzip
import json
import tarfile
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from mlx_manager.db import archive as archives
from mlx_manager.db.archive import Archive, Manifest, write_archive
from mlx_manager.db.errors import BackupRefused
from tests.db.archives import read, write

Members = dict[str, bytes]


@pytest.fixture
def good(tmp_path: Path) -> Path:
    """A backup of two tables and a secret."""
    manifest = Manifest(
        product_version="1",
        revision="0001",
        created=datetime(2026, 1, 2, tzinfo=UTC),
        database="sqlite",
        tables={"users": 2, "api_keys": 0},
        secrets=["session"],
    )
    tables = {"users": BytesIO(b'{"id": "a"}\n{"id": "b\\u2028"}\n'), "api_keys": BytesIO()}
    write_archive(tmp_path / "good.tar.gz", manifest, tables, {"session": b"\0\xff"})
    return tmp_path / "good.tar.gz"


def refused(path: Path) -> str:
    with pytest.raises(BackupRefused) as caught:
        Archive(path)
    line = str(caught.value)
    assert len(line.splitlines()) == 1
    assert line.startswith(f"{path} cannot be restored, and nothing was changed: ")
    return line


def test_what_is_written_is_read(good: Path) -> None:
    with Archive(good) as archive:
        assert list(archive.rows("users")) == [{"id": "a"}, {"id": "b\u2028"}]
        assert list(archive.rows("api_keys")) == []
        assert archive.secret("session") == b"\0\xff"
        assert archive.manifest.format == 1


def test_tables_can_be_read_side_by_side(good: Path) -> None:
    with Archive(good) as archive:
        first, second = archive.rows("users"), archive.rows("users")
        assert [next(first), next(second), next(first), next(second)] == [
            {"id": "a"},
            {"id": "a"},
            {"id": "b\u2028"},
            {"id": "b\u2028"},
        ]


def test_rows_longer_than_a_piece(tmp_path: Path) -> None:
    rows = [{"text": "ü" * length} for length in (1, 100_000, 0, 65_536, 3)]
    manifest = Manifest(
        product_version="1",
        revision=None,
        created=datetime(2026, 1, 2, tzinfo=UTC),
        database="sqlite",
        tables={"users": len(rows)},
        secrets=[],
    )
    lines = BytesIO("\n".join(json.dumps(row, ensure_ascii=False) for row in rows).encode())
    write_archive(tmp_path / "x.tar.gz", manifest, {"users": lines}, {})
    with Archive(tmp_path / "x.tar.gz") as archive:
        assert list(archive.rows("users")) == rows


@pytest.mark.parametrize(
    "content",
    [b"", b"no archive", gzip.compress(b""), gzip.compress(b"x" * 2000), gzip.compress(b"\0" * 1024)],
    ids=["empty", "text", "nothing in gzip", "text in gzip", "an end in gzip"],  # gzip writes the time, too
)
def test_other_files(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.tar.gz"
    path.write_bytes(content)
    refused(path)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    assert "No such file" in refused(tmp_path / "x.tar.gz")
    assert "Is a directory" in refused(tmp_path)


def test_every_truncation(good: Path, tmp_path: Path) -> None:
    whole = good.read_bytes()
    path = tmp_path / "x.tar.gz"
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        refused(path)


def test_a_changed_byte(good: Path, tmp_path: Path) -> None:
    packed = bytearray(good.read_bytes())
    path = tmp_path / "x.tar.gz"
    for position in range(20, len(packed), 11):
        packed[position] ^= 0x10
        path.write_bytes(packed)
        refused(path)
        packed[position] ^= 0x10


@pytest.mark.parametrize(
    "name",
    [
        "../secrets/session",
        "secrets/../../x",
        "secrets/..",
        "/etc/passwd",
        "secrets/.hidden",
        "secrets/a b",
        "secrets/a/b",
        "secrets/x\n",
        "tables/users.jsonl.gz",
        "tables/../users.jsonl",
        "tables/Users.jsonl",
        "other",
        "./manifest.json",
    ],
)
def test_names_that_lead_elsewhere(good: Path, tmp_path: Path, name: str) -> None:
    members = [*read(good).items(), (name, b"x")]
    line = refused(write(tmp_path / "x.tar.gz", members))
    assert "which a backup does not" in line or "not a plain file" in line


@pytest.mark.parametrize(
    "kind",
    [
        tarfile.SYMTYPE,
        tarfile.LNKTYPE,
        tarfile.DIRTYPE,
        tarfile.FIFOTYPE,
        tarfile.CHRTYPE,
        tarfile.GNUTYPE_SPARSE,
    ],
)
def test_what_is_no_plain_file(good: Path, tmp_path: Path, kind: bytes) -> None:
    member = tarfile.TarInfo("secrets/session2")
    member.type = kind
    member.linkname = "/etc/passwd"
    assert "not a plain file" in refused(write(tmp_path / "x.tar.gz", [*read(good).items(), (member, b"")]))


@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
def test_long_names_are_an_extension(good: Path, tmp_path: Path, form: int) -> None:
    members = [*read(good).items(), ("secrets/" + "x" * 200, b"")]
    assert "not a plain file" in refused(write(tmp_path / "x.tar.gz", members, form))


def test_a_member_that_comes_twice(good: Path, tmp_path: Path) -> None:
    members = [*read(good).items(), ("secrets/session", b"another")]
    assert "secrets/session" in refused(write(tmp_path / "x.tar.gz", members))


def without_manifest(members: Members) -> None:
    del members["manifest.json"]


def with_rows(content: bytes) -> Callable[[Members], None]:
    def change(members: Members) -> None:
        members["tables/users.jsonl"] = content

    return change


def stating(**changed: Any) -> Callable[[Members], None]:
    def change(members: Members) -> None:
        members["manifest.json"] = json.dumps(json.loads(members["manifest.json"]) | changed).encode()

    return change


def manifest_of(content: bytes) -> Callable[[Members], None]:
    def change(members: Members) -> None:
        members["manifest.json"] = content

    return change


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (without_manifest, "no manifest.json"),
        (manifest_of(b"{"), "not JSON"),
        (manifest_of(b"\xff\xfe"), "not JSON"),
        (manifest_of(b"[]"), "manifest.json is wrong"),
        (manifest_of(b"[" * 100_000), "not JSON"),
        (manifest_of(b" " * (1 << 20) + b"{}"), "larger than"),
        (stating(format=2), "of format 2 and this version knows 1"),
        (stating(created="2026-01-02T00:00:00"), "created"),
        (stating(surprise=1), "surprise"),
        (stating(tables={"users": 2}), "tables/api_keys.jsonl"),
        (stating(tables={"users": 2, "api_keys": 0, "others": 0}), "tables/others.jsonl"),
        (stating(tables={"users": 3, "api_keys": 0}), "2 rows of users, and its manifest says 3"),
        (stating(tables={"users": -2, "api_keys": 0}), "manifest.json is wrong"),
        (stating(secrets=[]), "secrets/session"),
        (stating(secrets=["session", "../x"]), "secrets/../x"),
        (with_rows(b"{}\n[]\n"), "not a row"),
        (with_rows(b"{}\nnull\n"), "not a row"),
        (with_rows(b'{}\n{"a": }\n'), "not JSON"),
        (with_rows(b"{}\n\xff\n"), "not JSON"),
        (with_rows(b"{}\n" + b'{"a":' * 100_000 + b"\n"), "not JSON"),
    ],
)
def test_contents_that_are_wrong(
    good: Path, tmp_path: Path, change: Callable[[Members], None], match: str
) -> None:
    members = read(good)
    change(members)
    assert match in refused(write(tmp_path / "x.tar.gz", members.items()))


def test_a_secret_that_is_too_large(good: Path, tmp_path: Path) -> None:
    members = read(good) | {"secrets/session": b"x" * (archives.MAX_SECRET_BYTES + 1)}
    assert "larger than" in refused(write(tmp_path / "x.tar.gz", members.items()))


def test_a_row_that_never_ends(good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "_MAX_ROW_BYTES", 1 << 20)
    members = read(good) | {"tables/users.jsonl": b'{"a": "' + b"x" * (8 << 20)}
    path = write(tmp_path / "x.tar.gz", members.items())
    members.clear()
    tracemalloc.start()
    try:
        assert "longer than" in refused(path)
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()


def test_a_size_that_is_not_there(good: Path, tmp_path: Path) -> None:
    """A header may state any size; nothing is allocated for it."""
    member = tarfile.TarInfo("tables/others.jsonl")
    for size in (1 << 40, 8 << 30):
        member.size = size
        packed = gzip.decompress(good.read_bytes()).rstrip(b"\0")
        packed += b"\0" * (-len(packed) % 512)
        path = tmp_path / "x.tar.gz"
        path.write_bytes(gzip.compress(packed + member.tobuf(tarfile.GNU_FORMAT) + b"\0" * 1024))
        refused(path)


def test_too_many_members(good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "_MAX_MEMBERS", 3)
    assert "larger than any backup" in refused(good)
