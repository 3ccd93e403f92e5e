"""Databases of both kinds, and a home folder for what is beside them."""

from pathlib import Path

import pytest

from tests.databases import (
    database,
    database_url,
    new_url,
    postgres,
    postgres_template,
    sqlite_template,
)

__all__ = ["database", "database_url", "new_url", "postgres", "postgres_template", "sqlite_template"]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home folder with secrets in it."""
    folder = tmp_path / "home"
    (folder / "secrets").mkdir(mode=0o700, parents=True)
    (folder / "secrets" / "session").write_bytes(bytes(range(32)))
    (folder / "secrets" / "sealing.key").write_bytes(b"\n\r\0 not a text \xff")
    for path in (folder / "secrets").iterdir():
        path.chmod(0o600)
    return folder
