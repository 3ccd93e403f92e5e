"""Which revisions of the schema this code knows. Imports little, so that looking at start costs nothing."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

VERSION_TABLE: Final = "alembic_version"
HEAD: Final = "0004"
"""What the tables in `db.tables` are; a test holds that it is the last revision there is."""

TABLES: Final = frozenset(
    {
        "api_keys",
        "auth_state",
        "captured_texts",
        "chat_attachments",
        "chat_folders",
        "chat_messages",
        "chat_pieces",
        "chats",
        "download_files",
        "downloads",
        "inference_requests",
        "key_usage",
        "one_time_tokens",
        "refresh_tokens",
        "sessions",
        "stored_responses",
        "stored_secrets",
        "stored_settings",
        "users",
    }
)
"""Every table of ours that any revision has had: a PostgreSQL database may come to hold others' too."""


@dataclass(frozen=True, slots=True)
class Schema:
    """A chain of revisions.

    Attributes:
        revisions: oldest first; the last is what a database is brought to.
        folders: where the revisions' files are.
    """

    revisions: tuple[str, ...]
    folders: tuple[Path, ...]

    @property
    def head(self) -> str:
        """The last revision."""
        return self.revisions[-1]


SCHEMA: Final = Schema(("0001", "0002", "0003", HEAD), (Path(__file__).parent / "migrations" / "versions",))
