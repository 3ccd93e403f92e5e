"""Every table, so that importing this package makes the whole metadata known."""

from mlx_manager.db.tables.audit import CapturedText, InferenceRequest, KeyUsage
from mlx_manager.db.tables.chats import (
    Chat,
    ChatAttachment,
    ChatFolder,
    ChatMessage,
    ChatPiece,
    MessageStatus,
)
from mlx_manager.db.tables.downloads import Download, DownloadFile, DownloadStatus
from mlx_manager.db.tables.keys import ApiKey
from mlx_manager.db.tables.responses import StoredResponse
from mlx_manager.db.tables.secrets import StoredSecret
from mlx_manager.db.tables.sessions import RefreshToken, SignInSession
from mlx_manager.db.tables.settings import StoredSetting
from mlx_manager.db.tables.users import AuthState, OneTimeToken, TokenKind, User, UserStatus

__all__ = [
    "ApiKey",
    "AuthState",
    "CapturedText",
    "Chat",
    "ChatAttachment",
    "ChatFolder",
    "ChatMessage",
    "ChatPiece",
    "Download",
    "DownloadFile",
    "DownloadStatus",
    "InferenceRequest",
    "KeyUsage",
    "MessageStatus",
    "OneTimeToken",
    "RefreshToken",
    "SignInSession",
    "StoredResponse",
    "StoredSecret",
    "StoredSetting",
    "TokenKind",
    "User",
    "UserStatus",
]
