"""Settings, downloads and chats; keys that programs of ours lend themselves."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "api_keys", sa.Column("is_internal", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.create_table(
        "stored_settings",
        sa.Column("name", sa.String(), primary_key=True),
        sa.Column("value", sa.JSON(), nullable=False),
        _time("updated_at"),
        sa.Column("updated_by", sa.String(), nullable=True),
    )
    _create_downloads()
    _create_chats()


def _create_downloads() -> None:
    op.create_table(
        "downloads",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("requested_by", sa.String(), nullable=True),
        _text("repo_id"),
        _text("revision"),
        sa.Column("commit_hash", sa.String(), nullable=True),
        _text("status"),
        sa.Column("total_bytes", sa.BigInteger(), nullable=False),
        sa.Column("done_bytes", sa.BigInteger(), nullable=False),
        sa.Column("num_attempts", sa.Integer(), nullable=False),
        _time("retry_at", nullable=True),
        sa.Column("error_code", sa.String(), nullable=True),
        sa.Column("error", sa.String(), nullable=True),
        sa.Column("allows_pickle", sa.Boolean(), nullable=False),
        sa.Column("allows_code", sa.Boolean(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        _time("created_at"),
        _time("updated_at"),
        _time("finished_at", nullable=True),
    )
    _index("downloads", "repo_id", "status")
    op.create_table(
        "download_files",
        sa.Column("download_id", sa.String(), primary_key=True),
        sa.Column("path", sa.String(), primary_key=True),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=True),
        sa.Column("git_sha1", sa.String(), nullable=True),
        sa.Column("is_done", sa.Boolean(), nullable=False),
        _of("download_files", "download_id", "downloads", "CASCADE"),
    )


def _create_chats() -> None:
    op.create_table(
        "chat_folders",
        sa.Column("id", sa.String(), primary_key=True),
        _text("user_id"),
        _text("name"),
        _time("created_at"),
        _of("chat_folders", "user_id", "users", "CASCADE"),
    )
    _index("chat_folders", "user_id")
    op.create_table(
        "chats",
        sa.Column("id", sa.String(), primary_key=True),
        _text("user_id"),
        sa.Column("folder_id", sa.String(), nullable=True),
        _text("title"),
        _text("model"),
        _text("system_prompt"),
        sa.Column("parameters", sa.JSON(), nullable=False),
        sa.Column("shown_message_id", sa.String(), nullable=True),
        sa.Column("is_pinned", sa.Boolean(), nullable=False),
        _time("created_at"),
        _time("updated_at"),
        _of("chats", "user_id", "users", "CASCADE"),
        _of("chats", "folder_id", "chat_folders", "SET NULL"),
    )
    _index("chats", "user_id", "folder_id", "updated_at")
    op.create_table(
        "chat_messages",
        sa.Column("id", sa.String(), primary_key=True),
        _text("chat_id"),
        sa.Column("parent_id", sa.String(), nullable=True),
        _text("role"),
        _text("status"),
        _text("content"),
        _text("reasoning"),
        sa.Column("tool_calls", sa.JSON(), nullable=True),
        sa.Column("tool_call_id", sa.String(), nullable=True),
        sa.Column("model", sa.String(), nullable=True),
        sa.Column("finish_reason", sa.String(), nullable=True),
        sa.Column("error", sa.JSON(), nullable=True),
        sa.Column("usage", sa.JSON(), nullable=True),
        _time("created_at"),
        _time("updated_at"),
        _of("chat_messages", "chat_id", "chats", "CASCADE"),
    )
    _index("chat_messages", "chat_id", "parent_id", "status")
    op.create_table(
        "chat_pieces",
        sa.Column("message_id", sa.String(), primary_key=True),
        sa.Column("number", sa.Integer(), primary_key=True),
        _text("kind"),
        _text("text"),
        _of("chat_pieces", "message_id", "chat_messages", "CASCADE"),
    )
    op.create_table(
        "chat_attachments",
        sa.Column("id", sa.String(), primary_key=True),
        _text("chat_id"),
        sa.Column("message_id", sa.String(), nullable=True),
        _text("name"),
        _text("media_type"),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        _text("sha256"),
        _text("text"),
        _time("created_at"),
        _of("chat_attachments", "chat_id", "chats", "CASCADE"),
        _of("chat_attachments", "message_id", "chat_messages", "CASCADE"),
    )
    _index("chat_attachments", "chat_id", "message_id")


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String(), nullable=False)


def _time(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _of(table: str, column: str, other: str, when_deleted: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{other}.id"], name=f"{table}_{column}_fkey", ondelete=when_deleted
    )


def _index(table: str, *columns: str) -> None:
    for column in columns:
        op.create_index(f"ix_{table}_{column}", table, [column])
