"""What is remembered of a credential, and for how long."""

import asyncio
import base64
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from starlette.datastructures import Headers

from mlx_manager.core.access.authenticator import AccountState, Authenticator
from mlx_manager.core.access.credentials import Credential, Source, credential_of
from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.core.security.api_keys import digest_of, new_key
from mlx_manager.core.security.principal import Principal, Role, Scope
from mlx_manager.core.times import utc_now

ADA = Principal("user_1", "ada", Role.USER, frozenset({Scope.INFERENCE}))


@dataclass
class Store:
    """Accounts in memory, and how often they were asked for."""

    glances: bool = True
    revision: int = 1
    keys: dict[str, Principal] = field(default_factory=dict)
    sessions: dict[str, Principal] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    is_away: bool = False
    was_asked: asyncio.Event = field(default_factory=asyncio.Event)
    hold: asyncio.Event | None = None

    def glance(self) -> AccountState | None:
        return AccountState(self.revision, True) if self.glances else None

    async def state(self) -> AccountState:
        self.asked.append("state")
        if self.is_away:
            raise OSError("the database is away")
        return AccountState(self.revision, True)

    async def find_key(self, digest: str) -> Principal | None:
        self.asked.append("key")
        self.was_asked.set()
        if self.is_away:
            raise OSError("the database is away")
        found = self.keys.get(digest)
        if self.hold is not None:
            await self.hold.wait()
        return found

    async def find_session(self, session_id: str) -> Principal | None:
        self.asked.append("session")
        return self.sessions.get(session_id)


def make(**options: object) -> tuple[Store, Authenticator, Credential]:
    store = Store(**options)  # type: ignore[arg-type]
    key = new_key()
    store.keys[key.digest] = ADA
    authenticator = Authenticator(store, lambda token: token.split(".")[1])
    return store, authenticator, Credential(key.key, Source.HEADER)


async def test_a_key_is_looked_up_once_while_nothing_changes() -> None:
    store, authenticator, key = make()
    for _ in range(5):
        assert await authenticator.identify(key) == ADA
    assert store.asked == ["key"]


@pytest.mark.parametrize("glances", [True, False])
async def test_a_change_is_noticed(glances: bool) -> None:
    store, authenticator, key = make(glances=glances)
    assert await authenticator.identify(key) == ADA
    store.keys.clear()
    store.revision += 1
    async with asyncio.timeout(30):  # at once with a glance, within seconds without
        while await authenticator.identify(key) is not None:
            assert not glances
            await asyncio.sleep(0.01)


async def test_what_is_wrong_is_remembered_too_and_bounded() -> None:
    store, authenticator, key = make()
    wrong = [Credential(f"sk-mlx-{number}", Source.HEADER) for number in range(10_000)]
    for credential in wrong:
        assert await authenticator.identify(credential) is None
    assert len(authenticator._known) <= 4096
    asked = len(store.asked)
    assert await authenticator.identify(wrong[-1]) is None
    assert len(store.asked) == asked
    assert await authenticator.identify(key) == ADA


async def test_an_answer_that_a_change_overtook_is_not_remembered() -> None:
    store, authenticator, key = make(hold=asyncio.Event())
    assert store.hold is not None
    asking = asyncio.create_task(authenticator.identify(key))
    await store.was_asked.wait()
    store.keys.clear()
    store.revision += 1
    assert await authenticator.state() == AccountState(2, True)
    store.hold.set()
    await asking  # what was true when it was asked
    assert await authenticator.identify(key) is None


async def test_a_key_ends_with_its_time() -> None:
    store, authenticator, key = make()
    past, future = utc_now() - timedelta(seconds=1), utc_now() + timedelta(days=1)
    store.keys[digest_of(key.text)] = replace(ADA, expires_at=future)
    assert await authenticator.identify(key) is not None
    authenticator._known[digest_of(key.text)] = replace(ADA, expires_at=past)
    assert await authenticator.identify(key) is None


async def test_a_session_by_its_token() -> None:
    store, authenticator, _ = make()
    store.sessions["ses_1"] = ADA
    assert await authenticator.identify(Credential("eyJ.ses_1.x", Source.COOKIE)) == ADA
    assert await authenticator.identify(Credential("eyJ.ses_2.x", Source.COOKIE)) is None


@pytest.mark.parametrize("text", ["", "local", "sk-ant-x", "' OR 1=1 --", "eyJ", "eyJ.a", "sk-mlx", "\x00"])
async def test_what_cannot_be_ours_is_not_looked_up(text: str) -> None:
    store, authenticator, _ = make()
    assert await authenticator.identify(Credential(text, Source.HEADER)) is None
    assert not store.asked


async def test_without_the_database_nobody_is_let_in() -> None:
    store, authenticator, key = make(glances=False)
    store.is_away = True
    with pytest.raises(ApiError) as refused:
        await authenticator.identify(key)
    assert refused.value.code is ErrorCode.DATABASE_UNAVAILABLE
    store.is_away = False
    async with asyncio.timeout(30):
        assert await authenticator.identify(key) == ADA


async def test_one_look_serves_all_who_wait() -> None:
    store, authenticator, key = make(glances=False)
    assert await asyncio.gather(*(authenticator.identify(key) for _ in range(20))) == [ADA] * 20
    assert store.asked.count("state") == 1


def test_a_credential_does_not_show_itself() -> None:
    key = new_key()
    credential = credential_of(Headers({"x-api-key": key.key}))
    for shown in (repr(credential), repr(key), str(key)):
        assert key.key not in shown


def test_keys_are_long_and_unlike() -> None:
    keys = {new_key().key for _ in range(100)}
    assert len(keys) == 100
    for key in keys:
        random = key.removeprefix("sk-mlx-")
        assert len(base64.urlsafe_b64decode(random + "=" * (-len(random) % 4))) == 32


@pytest.mark.parametrize("is_session", [True, False])
async def test_what_is_worth_less_than_it_was_does_not_hold(is_session: bool) -> None:
    store, authenticator, key = make()
    admin = replace(ADA, role=Role.ADMIN, scopes=frozenset(Scope))
    held = store.keys
    if is_session:
        admin, held = replace(admin, session_id="ses_1"), store.sessions
    name = "ses_1" if is_session else next(iter(store.keys))
    held[name] = admin
    assert await authenticator.still_holds(key, admin)
    held[name] = replace(admin, role=Role.USER, scopes=frozenset({Scope.INFERENCE}))
    store.revision += 1
    assert not await authenticator.still_holds(key, admin)
    # Whoever was let in with less, or is worth more by now, goes on.
    assert await authenticator.still_holds(key, held[name])
    held[name] = admin
    store.revision += 1
    assert await authenticator.still_holds(key, replace(admin, scopes=frozenset({Scope.INFERENCE})))
