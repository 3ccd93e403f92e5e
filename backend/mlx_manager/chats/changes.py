"""What has changed of each user's chats, numbered, so that each of their tabs can go on where it was."""

import asyncio
import secrets
from collections import defaultdict, deque
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

_KEPT: Final = 256


class ChangeKind(StrEnum):
    """What has happened."""

    CHAT_CHANGED = "chat_changed"
    CHAT_DELETED = "chat_deleted"
    MESSAGE_CHANGED = "message_changed"
    FOLDERS_CHANGED = "folders_changed"


@dataclass(frozen=True, slots=True)
class Change:
    """One change.

    Attributes:
        number: of the user's changes, from 1.
        message_id: the message that was added, or whose status is another one.
    """

    number: int
    kind: ChangeKind
    chat_id: str | None = None
    message_id: str | None = None


class _UserChanges:
    def __init__(self) -> None:
        self.kept: deque[Change] = deque(maxlen=_KEPT)
        self.last_number = 0
        self.changed = asyncio.Event()


class ChangeHub:
    """The last changes of each user, in memory.

    Attributes:
        epoch: names this run of the program: numbers of another one mean nothing.
    """

    def __init__(self) -> None:
        self.epoch = secrets.token_hex(4)
        self._users: defaultdict[str, _UserChanges] = defaultdict(_UserChanges)

    def tell(
        self, user_id: str, kind: ChangeKind, chat_id: str | None = None, message_id: str | None = None
    ) -> None:
        """Something has changed, and is committed."""
        user = self._users[user_id]
        user.last_number += 1
        user.kept.append(Change(user.last_number, kind, chat_id, message_id))
        event, user.changed = user.changed, asyncio.Event()
        event.set()

    def last_number(self, user_id: str) -> int:
        """The number of the user's last change; 0 where there was none."""
        return self._users[user_id].last_number

    def since(self, user_id: str, number: int) -> list[Change] | None:
        """The changes after that one, the oldest first; None where some of them are not kept any more."""
        user = self._users[user_id]
        if number > user.last_number or number < user.last_number - len(user.kept):
            return None
        return [change for change in user.kept if change.number > number]

    async def wait(self, user_id: str, number: int, timeout_s: float) -> None:
        """Wait for a change after that one, at most so long."""
        user = self._users[user_id]
        if user.last_number > number:
            return
        try:
            async with asyncio.timeout(timeout_s):
                await user.changed.wait()
        except TimeoutError:
            pass
