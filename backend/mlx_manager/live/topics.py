"""What can be listened to, and who may."""

from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from typing import Final

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.core.security.principal import Principal


class LiveTopic(StrEnum):
    """A part of the stream."""

    SERVER = "server"
    MODELS = "models"
    REQUESTS = "requests"
    MEMORY = "memory"
    DOWNLOADS = "downloads"
    CHATS = "chats"
    LIBRARY = "library"


def _has_chats(principal: Principal) -> bool:
    """As `AccountHolderDep`: a key for inference has no account."""
    return principal.key_id is None or principal.is_admin


_WHO: Final[Mapping[LiveTopic, tuple[Callable[[Principal], bool], str]]] = {
    LiveTopic.REQUESTS: (lambda principal: principal.is_admin, "requests are for administrators"),
    LiveTopic.CHATS: (_has_chats, "this key is for inference; sign in to listen to your chats"),
}


def allowed(principal: Principal, asked: Iterable[LiveTopic]) -> frozenset[LiveTopic]:
    """The topics that were asked for; where none was, all that the caller may see.

    Raises:
        ApiError: one was asked for that the caller may not see.
    """
    refused = {topic: why for topic, (may_see, why) in _WHO.items() if not may_see(principal)}
    topics = frozenset(asked)
    if not topics:
        return frozenset(LiveTopic) - refused.keys()
    for topic in sorted(topics & refused.keys()):
        raise ApiError(ErrorCode.PERMISSION_DENIED, refused[topic], param="topics")
    return topics
