"""What each source says, and who may ask for which."""

import asyncio
import json
from collections.abc import AsyncGenerator
from typing import Any, cast

import pytest

from mlx_manager.chats.changes import ChangeHub, ChangeKind
from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.core.security.principal import OWNER, Principal, Role, Scope
from mlx_manager.library.changes import LibraryChanges
from mlx_manager.live.sources import Origins, sources
from mlx_manager.live.topics import LiveTopic, allowed

DEADLINE_S = 30.0
ADA = Principal("user_ada", "ada", Role.USER, frozenset({Scope.INFERENCE}))
KEY = Principal("user_ada", "ada", Role.USER, frozenset({Scope.INFERENCE}), key_id="key_1")


def opened(topic: LiveTopic, chats: ChangeHub, library: LibraryChanges) -> AsyncGenerator[bytes]:
    """The one source of a topic; the others are not asked for."""
    nobody = cast(Any, None)
    [source] = sources(Origins(nobody, nobody, nobody, library, chats), frozenset({topic}), ADA.user_id)
    return source


async def told(source: AsyncGenerator[bytes]) -> tuple[str, dict[str, Any]]:
    async with asyncio.timeout(DEADLINE_S):
        name, data, *_ = (await anext(source)).decode().split("\n")
    return name.removeprefix("event: "), json.loads(data.removeprefix("data: "))


async def test_of_a_burst_of_changes_each_chat_is_told_once() -> None:
    hub = ChangeHub()
    source = opened(LiveTopic.CHATS, hub, LibraryChanges())
    assert await told(source) == ("chat_resync", {})
    for _ in range(50):
        for chat_id in ("chat_1", "chat_2"):
            hub.tell(ADA.user_id, ChangeKind.CHAT_CHANGED, chat_id)
        hub.tell("user_bob", ChangeKind.CHAT_CHANGED, "chat_bob")
    hub.tell(ADA.user_id, ChangeKind.CHAT_DELETED, "chat_1")
    found = [await told(source) for _ in range(3)]
    assert [(name, body["kind"], body["chat_id"]) for name, body in found] == [
        ("chat", "chat_changed", "chat_1"),
        ("chat", "chat_changed", "chat_2"),
        ("chat", "chat_deleted", "chat_1"),
    ]
    hub.tell(ADA.user_id, ChangeKind.FOLDERS_CHANGED)
    assert (await told(source))[1]["kind"] == "folders_changed", "and nothing in between"
    await source.aclose()


async def test_more_changes_than_are_kept_are_a_resync() -> None:
    hub = ChangeHub()
    source = opened(LiveTopic.CHATS, hub, LibraryChanges())
    await told(source)
    for number in range(1000):
        hub.tell(ADA.user_id, ChangeKind.CHAT_CHANGED, f"chat_{number}")
    assert await told(source) == ("chat_resync", {})
    await source.aclose()


async def test_the_library_says_which_models() -> None:
    changes = LibraryChanges()
    changes.tell("before")
    source = opened(LiveTopic.LIBRARY, ChangeHub(), changes)
    first = asyncio.create_task(told(source))
    await asyncio.sleep(0)
    for model_id in ("owner/one", "owner/two", "owner/one"):
        changes.tell(model_id)
    assert await first == ("library", {"model_id": "owner/one"})
    assert await told(source) == ("library", {"model_id": "owner/two"})
    for number in range(1000):
        changes.tell(f"owner/{number}")
    assert await told(source) == ("library", {"model_id": None}), "more than is kept"
    await source.aclose()


def test_who_may_listen_to_what() -> None:
    everything = frozenset(LiveTopic)
    assert allowed(OWNER, ()) == everything
    assert allowed(ADA, ()) == everything - {LiveTopic.REQUESTS}
    assert allowed(KEY, ()) == everything - {LiveTopic.REQUESTS, LiveTopic.CHATS}
    assert allowed(ADA, [LiveTopic.CHATS, LiveTopic.CHATS]) == {LiveTopic.CHATS}


@pytest.mark.parametrize(("principal", "topic"), [(ADA, LiveTopic.REQUESTS), (KEY, LiveTopic.CHATS)])
def test_who_may_not_is_told_so(principal: Principal, topic: LiveTopic) -> None:
    with pytest.raises(ApiError) as refused:
        allowed(principal, [LiveTopic.SERVER, topic])
    assert (refused.value.code, refused.value.param) == (ErrorCode.PERMISSION_DENIED, "topics")
