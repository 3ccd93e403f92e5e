"""Signing in, and how guessing is slowed down."""

import asyncio
import threading

import pytest

from mlx_manager.core.security import passwords
from mlx_manager.core.security.hashing import MAX_AT_ONCE, PasswordHashing
from mlx_manager.core.security.principal import Role
from mlx_manager.db.tables import SignInSession, User, UserStatus
from tests.accounts import PASSWORD, PASSWORD_DIGEST, House, code_of, counted_hashes


async def test_opens_a_session(house: House) -> None:
    await house.add("ada", Role.ADMIN)
    client = house.client()
    answer = await client.sign_in("ada")
    body = answer.json()
    assert (body["expires_in"], body["token_type"]) == (600, "Bearer")
    assert body["user"]["last_sign_in_at"].endswith("Z")
    assert answer.headers["cache-control"] == "no-store"
    session = (await house.rows(SignInSession))[0]
    assert (session.address, session.user_agent) == ("127.0.0.1", client.http.headers["user-agent"])
    # An API client sends the token itself; the cookies were the browser's.
    bare = house.client()
    me = await bare.call("GET", "/auth/me", headers={"Authorization": f"Bearer {body['access_token']}"})
    assert me.json()["session_id"] == session.id
    assert code_of(await bare.get("/auth/me")) == (401, "authentication_required")


async def test_an_unknown_name_costs_as_much_as_a_wrong_password(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.add("ada", Role.ADMIN)
    await house.add("grace", status=UserStatus.DISABLED)
    answers = []
    with counted_hashes(monkeypatch) as verified:
        for name, password in (
            ("ada", "wrong"),
            ("nobody", PASSWORD),
            ("owner", PASSWORD),
            ("grace", PASSWORD),
        ):
            answer = await house.client().sign_in(name, password)
            answers.append((answer.status_code, answer.json()))
    assert len(verified) == len(answers)
    assert verified == [PASSWORD_DIGEST, None, None, None]
    assert all(answer == answers[0] for answer in answers)
    assert answers[0][1]["error"]["code"] == "sign_in_failed"


async def test_a_name_is_paused_and_the_right_password_with_it(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.add("ada", Role.ADMIN)
    client = house.client()
    for _ in range(5):
        assert code_of(await client.sign_in("ada", "wrong")) == (401, "sign_in_failed")
    with counted_hashes(monkeypatch) as verified:
        for name in ("ada", "ADA"):
            paused = await client.sign_in(name)
            assert code_of(paused) == (429, "sign_in_throttled")
            assert paused.headers["retry-after"] == "1"
    assert verified == []
    house.clock.advance(1)
    assert code_of(await client.sign_in("ada", "wrong")) == (401, "sign_in_failed")
    assert (await client.sign_in("ada")).headers["retry-after"] == "2"
    house.clock.advance(2)
    assert (await client.sign_in("ada")).status_code == 200
    # That it was known forgives what went before.
    assert code_of(await client.sign_in("ada", "wrong")) == (401, "sign_in_failed")


async def test_a_hundred_guesses_at_once_are_not_all_free(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.add("ada", Role.ADMIN)
    with counted_hashes(monkeypatch) as verified:
        answers = await asyncio.gather(*(house.client().sign_in("ada", f"guess {n}") for n in range(100)))
    assert len(verified) == 5
    assert sorted(answer.status_code for answer in answers) == [401] * 5 + [429] * 95


async def test_another_name_is_not_paused_with_it(house: House) -> None:
    await house.add("ada", Role.ADMIN)
    await house.add("grace")
    for _ in range(5):
        await house.client().sign_in("ada", "wrong")
    assert (await house.client().sign_in("ada")).status_code == 429
    assert (await house.client().sign_in("grace")).status_code == 200


async def test_a_password_changed_while_it_was_checked_opens_nothing(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = await house.add("ada", Role.ADMIN)
    verify = PasswordHashing.verify

    async def disabled_meanwhile(self: PasswordHashing, password: str, digest: str | None) -> bool:
        matches = await verify(self, password, digest)
        async with house.accounts.database.session() as session:
            row = await session.get(User, user.id)
            assert row is not None
            row.status = UserStatus.DISABLED.value
        return matches

    monkeypatch.setattr(PasswordHashing, "verify", disabled_meanwhile)
    assert code_of(await house.client().sign_in("ada")) == (401, "sign_in_failed")
    assert await house.rows(SignInSession) == []


async def test_two_passwords_are_hashed_at_once_and_the_rest_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    hashing = PasswordHashing()
    running: list[int] = []
    lock, both_here = threading.Lock(), threading.Barrier(MAX_AT_ONCE)
    num_running = 0

    def watched(password: str, digest: str | None) -> bool:
        nonlocal num_running
        with lock:
            num_running += 1
            running.append(num_running)
        both_here.wait(60)  # so that a third would be seen if there were one
        with lock:
            num_running -= 1
        return False

    monkeypatch.setattr(passwords, "verify_password", watched)
    await asyncio.gather(*(hashing.verify("x", None) for _ in range(8)))
    assert max(running) == MAX_AT_ONCE
