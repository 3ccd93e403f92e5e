"""Every table, so that importing this package makes the whole metadata known."""

from mlx_manager.db.tables.audit import CapturedText, InferenceRequest, KeyUsage
from mlx_manager.db.tables.keys import ApiKey
from mlx_manager.db.tables.responses import StoredResponse
from mlx_manager.db.tables.secrets import StoredSecret
from mlx_manager.db.tables.sessions import RefreshToken, SignInSession
from mlx_manager.db.tables.users import AuthState, OneTimeToken, TokenKind, User, UserStatus

__all__ = [
    "ApiKey",
    "AuthState",
    "CapturedText",
    "InferenceRequest",
    "KeyUsage",
    "OneTimeToken",
    "RefreshToken",
    "SignInSession",
    "StoredResponse",
    "StoredSecret",
    "TokenKind",
    "User",
    "UserStatus",
]
