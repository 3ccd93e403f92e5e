"""Sessions: short-lived tokens, rotating refresh tokens, revoked at once, reuse detected."""

import asyncio
from datetime import timedelta
from http.cookies import Morsel, SimpleCookie

import httpx
import pytest

from mlx_manager.auth.cookies import ACCESS_COOKIE, REFRESH_COOKIE
from mlx_manager.auth.sessions import GRACE, LIFETIME
from mlx_manager.core.security.api_keys import digest_of
from mlx_manager.core.security.principal import Role
from mlx_manager.core.security.session_tokens import ACCESS_LIFETIME, SessionTokens
from mlx_manager.db.tables import RefreshToken, SignInSession
from tests.accounts import Client, House, code_of

OVER = (401, "refresh_failed")


def cookies_of(answer: httpx.Response) -> dict[str, "Morsel[str]"]:
    """The cookies that an answer sets."""
    jar: SimpleCookie = SimpleCookie()
    for header in answer.headers.get_list("set-cookie"):
        jar.load(header)
    return dict(jar)


async def refresh(house: House, token: str) -> httpx.Response:
    """Send a refresh token as a browser would that has no other."""
    return await house.client().call("POST", "/auth/refresh", headers={"Cookie": f"{REFRESH_COOKIE}={token}"})


async def exchange(house: House, token: str) -> str:
    """The next refresh token."""
    answer = await refresh(house, token)
    assert answer.status_code == 200
    return cookies_of(answer)[REFRESH_COOKIE].value


async def first_token(house: House, name: str = "ada") -> str:
    """The refresh token of a new user's session."""
    await house.add(name, Role.ADMIN)
    return cookies_of(await house.client().sign_in(name))[REFRESH_COOKIE].value


async def revoked(house: House) -> list[str | None]:
    return [row.revoked_reason for row in await house.rows(SignInSession)]


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_the_cookies(house: House, scheme: str) -> None:
    await house.add("ada", Role.ADMIN)
    answer = await house.client(scheme=scheme).sign_in("ada")
    cookies = cookies_of(answer)
    assert cookies.keys() == {ACCESS_COOKIE, REFRESH_COOKIE}
    for cookie in cookies.values():
        assert cookie["httponly"] is True
        assert cookie["samesite"] == "strict"
        assert cookie["secure"] == (True if scheme == "https" else "")
        assert cookie["domain"] == ""
    assert (cookies[ACCESS_COOKIE]["path"], cookies[ACCESS_COOKIE]["max-age"]) == ("/", "600")
    assert cookies[REFRESH_COOKIE]["path"] == "/api/v1/auth"
    assert cookies[REFRESH_COOKIE]["max-age"] == str(30 * 86400)
    # The refresh token is nowhere else, and the database has only its digest.
    token = cookies[REFRESH_COOKIE].value
    assert token not in answer.text
    assert [row.digest for row in await house.rows(RefreshToken)] == [digest_of(token)]


async def test_the_access_token_is_short_lived(house: House) -> None:
    client = await house.signed_in("ada", Role.ADMIN)
    session = (await house.rows(SignInSession))[0]
    bearer = {"Authorization": ""}
    for age, is_valid in ((timedelta(), True), (ACCESS_LIFETIME, False)):
        issued = SessionTokens(b"0" * 32, lambda age=age: house.clock.now - age)  # type: ignore[misc]
        bearer["Authorization"] = f"Bearer {issued.issue(session.user_id, session.id)}"
        answer = await house.client().call("GET", "/auth/me", headers=bearer)
        assert (answer.status_code == 200) is is_valid
    # The cookie alone does, too: an EventSource has nothing else.
    assert (await client.get("/auth/me")).json()["name"] == "ada"


async def test_a_refresh_carries_the_session_on(house: House) -> None:
    token = await first_token(house)
    before = (await house.rows(SignInSession))[0].expires_at
    house.clock.advance(86400)
    answer = await refresh(house, token)
    assert answer.json().keys() == {"access_token", "token_type", "expires_in", "user"}
    assert cookies_of(answer)[REFRESH_COOKIE].value != token
    assert (await house.rows(SignInSession))[0].expires_at == before + timedelta(days=1)
    access = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    assert (await house.client().call("GET", "/auth/me", headers=access)).status_code == 200


async def test_a_session_that_is_not_refreshed_expires(house: House) -> None:
    token = await first_token(house)
    house.clock.advance(LIFETIME.total_seconds() - 1)
    token = await exchange(house, token)
    house.clock.advance(LIFETIME.total_seconds())
    assert code_of(await refresh(house, token)) == OVER


async def test_a_token_that_comes_again_ends_the_session(house: House) -> None:
    """Whoever copied it and its owner are both out: which is which cannot be known."""
    stolen = await first_token(house)
    current = await exchange(house, stolen)
    house.clock.advance(GRACE.total_seconds())
    answer = await refresh(house, stolen)
    assert code_of(answer) == OVER
    assert {cookie["max-age"] for cookie in cookies_of(answer).values()} == {"0"}
    assert await revoked(house) == ["refresh token reused"]
    assert code_of(await refresh(house, current)) == OVER


async def test_within_the_grace_only_while_nobody_went_on(house: House) -> None:
    stolen = await first_token(house)
    second = await exchange(house, stolen)
    house.clock.advance(1)
    third = await exchange(house, second)
    house.clock.advance(1)
    assert code_of(await refresh(house, stolen)) == OVER
    assert code_of(await refresh(house, third)) == OVER


async def test_tabs_that_refresh_at_once_stay_signed_in(house: House) -> None:
    shared = await first_token(house)
    answers = await asyncio.gather(*(refresh(house, shared) for _ in range(4)))
    tokens = [cookies_of(answer)[REFRESH_COOKIE].value for answer in answers]
    assert len({*tokens, shared}) == 5
    # The browser keeps the cookie of whichever answer came last: any of them must do.
    house.clock.advance(600)
    for kept in (tokens[0], tokens[3]):
        await exchange(house, kept)
    # One that none of them sent within the grace is a copy.
    house.clock.advance(GRACE.total_seconds())
    assert code_of(await refresh(house, tokens[1])) == OVER
    assert await revoked(house) == ["refresh token reused"]


async def test_an_answer_that_was_lost_can_be_asked_for_again(house: House) -> None:
    token = await first_token(house)
    await exchange(house, token)
    house.clock.advance(GRACE.total_seconds() - 0.001)
    token = await exchange(house, token)
    house.clock.advance(600)
    await exchange(house, token)
    assert await revoked(house) == [None]


@pytest.mark.parametrize("token", ["", "guess", "' OR 1=1; DROP TABLE sessions;--", "%00"])
async def test_an_unknown_token(house: House, token: str) -> None:
    current = await first_token(house)
    assert code_of(await refresh(house, token)) == OVER
    assert code_of(await house.client().post("/auth/refresh")) == OVER
    await exchange(house, current)


async def test_sign_out(house: House) -> None:
    client = await house.signed_in("ada", Role.ADMIN)
    bearer = {"Authorization": f"Bearer {client.http.cookies[ACCESS_COOKIE]}"}
    token = client.http.cookies[REFRESH_COOKIE]
    answer = await client.post("/auth/sign-out")
    assert (answer.status_code, answer.content) == (204, b"")
    assert {cookie["max-age"] for cookie in cookies_of(answer).values()} == {"0"}
    assert not client.http.cookies
    # What somebody may have kept of it is worth nothing.
    assert (await house.client().call("GET", "/auth/me", headers=bearer)).status_code == 401
    assert code_of(await refresh(house, token)) == OVER
    assert (await client.post("/auth/sign-out")).status_code == 204


async def test_sign_out_with_the_refresh_cookie_alone(house: House) -> None:
    """The access token is over before most people sign out."""
    token = await first_token(house)
    await house.client().call("POST", "/auth/sign-out", headers={"Cookie": f"{REFRESH_COOKIE}={token}"})
    assert await revoked(house) == ["signed out"]


async def listed(client: Client) -> list[dict[str, object]]:
    sessions: list[dict[str, object]] = (await client.get("/auth/sessions")).json()["data"]
    return sessions


async def test_ones_own_sessions(house: House) -> None:
    laptop = await house.signed_in("ada", Role.ADMIN)
    house.clock.advance(1)
    phone = await house.browser("ada")
    await house.signed_in("grace")
    sessions = await listed(laptop)
    assert [session["is_current"] for session in sessions] == [False, True]
    assert all(str(session["created_at"]).endswith("Z") for session in sessions)
    assert (await laptop.call("DELETE", f"/auth/sessions/{sessions[0]['id']}")).status_code == 204
    assert (await phone.get("/auth/me")).status_code == 401
    assert code_of(await phone.post("/auth/refresh")) == OVER
    assert len(await listed(laptop)) == 1
    gone = await laptop.call("DELETE", f"/auth/sessions/{sessions[0]['id']}")
    assert code_of(gone) == (404, "not_found")


async def test_the_sessions_of_others_are_not_there(house: House) -> None:
    grace = await house.signed_in("grace")
    ada = await house.signed_in("ada", Role.ADMIN)
    (hers,) = await listed(grace)
    for session_id in (hers["id"], "ses_" + "0" * 32, "x'; DELETE FROM sessions;--", "%00"):
        answer = await ada.call("DELETE", f"/auth/sessions/{session_id}")
        assert code_of(answer) == (404, "not_found")
    assert (await grace.get("/auth/me")).status_code == 200


async def test_what_ended_long_ago_is_forgotten(house: House) -> None:
    token = await first_token(house)
    for _ in range(3):
        house.clock.advance(LIFETIME.total_seconds() - 1)
        token = await exchange(house, token)
    assert len(await house.rows(RefreshToken)) == 3  # the first two are as good as unknown
    house.clock.advance(2 * LIFETIME.total_seconds() + 1)
    await house.browser("ada")
    assert len(await house.rows(SignInSession)) == 1
    assert len(await house.rows(RefreshToken)) == 1
