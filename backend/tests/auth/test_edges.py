"""What holds for every account route: the envelope, the commit before the answer, bodies that are none."""

import json
from collections.abc import AsyncIterator, Iterator

import pytest
from fastapi import APIRouter
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlmodel.ext.asyncio.session import AsyncSession

from mlx_manager import faults
from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.core.security.principal import Role
from mlx_manager.db.tables import RefreshToken, User
from mlx_manager.dependencies import ReadingDep, SessionDep
from mlx_manager.mlx_server.protocols.openai.errors import error_response
from tests.accounts import House, code_of, param_of

router = APIRouter(prefix="/api/v1/edges")


@router.post("/commit-fails")
async def commit_fails(session: SessionDep) -> dict[str, str]:
    """All is well until the commit, which finds that there is no such session."""
    await _defer_foreign_keys(session)
    session.add(RefreshToken(session_id="ses_none", digest="x"))
    await session.flush()
    return {"status": "done"}


@router.post("/refused")
async def refused(session: SessionDep) -> dict[str, str]:
    """Writes, and then refuses."""
    session.add(User(name="ghost", name_folded="ghost"))
    await session.flush()
    raise ApiError(ErrorCode.CONFLICT, "no")


@router.post("/reading")
async def reading(session: ReadingDep) -> dict[str, str]:
    """Writes where only reading was asked for."""
    session.add(User(name="ghost", name_folded="ghost"))
    await session.flush()
    return {"status": "done"}


@router.post("/unreachable")
async def unreachable(session: SessionDep) -> dict[str, str]:
    """What the driver raises when nobody answers."""
    await session.exec(text("SELECT 1"))  # type: ignore[call-overload]
    raise OperationalError("SELECT ?", ("a secret value",), OSError("gone"))


async def _defer_foreign_keys(session: AsyncSession) -> None:
    """Until the commit; SQLite's way."""
    await session.exec(text("PRAGMA defer_foreign_keys = ON"))  # type: ignore[call-overload]


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("commit-fails", (500, "internal_error")),
        ("refused", (409, "conflict")),
        ("reading", (500, "internal_error")),
        ("unreachable", (503, "database_unavailable")),
    ],
)
async def test_what_was_not_committed_is_not_answered_with_200(
    house: House, path: str, code: tuple[int, str], caplog: pytest.LogCaptureFixture
) -> None:
    house.app.include_router(router)
    answer = await house.client().post(f"/edges/{path}")
    assert code_of(answer) == code
    assert "secret value" not in answer.text + caplog.text
    assert await house.rows(RefreshToken) == []
    assert [user.name for user in await house.rows(User)] == ["owner"]
    # And the write lock is free again.
    await house.add("ada", Role.ADMIN)


@pytest.mark.parametrize("code", list(ErrorCode))
def test_both_programs_say_it_alike(code: ErrorCode) -> None:
    error = ApiError(code, 'said "no"', param="a.0", retry_after_s=7)
    ours, theirs = faults.error_response(error), error_response(error)
    assert json.loads(bytes(ours.body)) == json.loads(bytes(theirs.body))
    assert (ours.status_code, ours.headers["retry-after"]) == (
        theirs.status_code,
        theirs.headers["retry-after"],
    )


def bad_bodies() -> Iterator[tuple[bytes, str, int]]:
    for body in (b"[]", b"null", b'"x"', b"5", b"", b"{", b"{}{}", b'{"name":', b"\xff", b"[" * 60_000):
        yield body, "application/json", 400
    good = b'{"name": "ada", "password": "12345678"}'
    for media_type in ("text/plain", "application/x-www-form-urlencoded", ""):
        yield good, media_type, 400
    yield b" " * 2**17, "application/json", 413


async def endless() -> AsyncIterator[bytes]:
    """A body that would never end."""
    yield b'{"name": "'
    while True:
        yield b"x" * 1024


async def test_a_body_that_is_none(house: House) -> None:
    client = house.client()
    for body, media_type, status in bad_bodies():
        headers = {"Content-Type": media_type} if media_type else {}
        answer = await client.http.post("/api/v1/auth/setup", content=body, headers=headers)
        assert code_of(answer) == (status, {400: "invalid_json", 413: "body_too_large"}[status]), body[:20]
        assert answer.headers["x-request-id"]
    # Not even where its length is not stated.
    answer = await client.http.post(
        "/api/v1/auth/setup", content=endless(), headers={"Content-Type": "application/json"}
    )
    assert code_of(answer) == (413, "body_too_large")
    assert (await client.get("/auth/status")).json()["needs_setup"] is True


async def test_the_field_is_named_and_not_repeated(house: House) -> None:
    client = house.client()
    for body, param in (
        ({"password": "12345678"}, "name"),
        ({"name": "ada"}, "password"),
        ({"name": 5, "password": "12345678"}, "name"),
        ({"name": "ada", "password": "12345678", "is_builtin": True}, "is_builtin"),
        ({"name": "ada", "password": "12345678", "token": "x" * 257}, "token"),
        ({"name": "ada", "password": "12345678", "x" * 500: 1}, "x" * 128),
    ):
        answer = await client.post("/auth/setup", body)
        assert (code_of(answer), param_of(answer)) == ((400, "invalid_request"), param)
        assert len(answer.text) < 500


async def test_unknown_paths_and_methods(house: House) -> None:
    assert code_of(await house.client().get("/auth/nothing")) == (404, "route_not_found")
    assert code_of(await house.client().get("/auth/sign-in")) == (405, "method_not_allowed")


async def test_the_document_of_the_routes_has_no_secret(house: House) -> None:
    document = json.dumps(house.app.openapi())
    assert house.accounts.setup_token.reveal() not in document
    assert "/api/v1/auth/sign-in" in document
