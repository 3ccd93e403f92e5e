"""Access tokens: ours, in time, of their type, and nothing else."""

import base64
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jwt
import pytest

from mlx_manager.core.security.session_tokens import ACCESS_LIFETIME, SessionTokens, read_session_secret
from mlx_manager.core.security.setup_token import SetupToken
from mlx_manager.core.times import utc_now

SECRET = b"s" * 32
NOW = int(utc_now().timestamp())
CLAIMS = {"sub": "user_1", "sid": "ses_1", "iat": NOW, "exp": NOW + 600, "typ": "access"}


def segment(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def test_what_is_issued_can_be_read() -> None:
    tokens = SessionTokens(SECRET)
    token = tokens.issue("user_1", "ses_1")
    claims = tokens.read(token)
    assert claims is not None
    assert (claims.user_id, claims.session_id) == ("user_1", "ses_1")
    raw = jwt.decode(token, SECRET, algorithms=["HS256"])
    assert raw.keys() == {"sub", "sid", "iat", "exp", "typ"}
    assert raw["exp"] - raw["iat"] == 600
    assert claims.expires_at == datetime.fromtimestamp(raw["exp"], UTC)


@pytest.mark.parametrize(
    ("age", "is_valid"), [(ACCESS_LIFETIME - timedelta(seconds=60), True), (ACCESS_LIFETIME, False)]
)
def test_it_expires(age: timedelta, is_valid: bool) -> None:
    token = SessionTokens(SECRET, lambda: utc_now() - age).issue("user_1", "ses_1")
    assert (SessionTokens(SECRET).read(token) is not None) is is_valid


def test_our_own_encoding_is_the_standards() -> None:
    assert SessionTokens(SECRET).read(jwt.encode(CLAIMS, SECRET, "HS256")) is not None


@pytest.mark.parametrize(
    "token",
    [
        jwt.encode(CLAIMS, b"t" * 32, "HS256"),
        jwt.encode(CLAIMS, SECRET * 2, "HS512"),
        jwt.encode(CLAIMS, None, "none"),
        f"{segment({'alg': 'none'})}.{segment(CLAIMS)}.",
        f"{segment({'alg': 'NONE'})}.{segment(CLAIMS)}.",
        *(
            jwt.encode({key: value for key, value in CLAIMS.items() if key != name}, SECRET, "HS256")
            for name in CLAIMS
        ),
        jwt.encode(CLAIMS | {"typ": "refresh"}, SECRET, "HS256"),
        jwt.encode(CLAIMS | {"sid": 5}, SECRET, "HS256"),
        jwt.encode(CLAIMS | {"sid": None}, SECRET, "HS256"),
        jwt.encode(CLAIMS | {"exp": NOW - 1}, SECRET, "HS256"),
        jwt.encode(CLAIMS | {"nbf": NOW + 600}, SECRET, "HS256"),
        jwt.encode(CLAIMS, SECRET, "HS256")[:-2],
        jwt.encode(CLAIMS | {"more": "x" * 5000}, SECRET, "HS256"),
        "",
        "..",
        "é.é.é",
        "\ud800",
        "sk-mlx-" + "a" * 43,
    ],
)
def test_anything_else_is_nothing(token: str) -> None:
    assert SessionTokens(SECRET).read(token) is None


def test_the_secret_is_the_homes(tmp_path: Path) -> None:
    secret = read_session_secret(tmp_path)
    assert len(secret) == 32
    assert read_session_secret(tmp_path) == secret
    token = SessionTokens(secret).issue("user_1", "ses_1")
    (tmp_path / "secrets" / "session.key").unlink()
    assert SessionTokens(read_session_secret(tmp_path)).read(token) is None


def test_the_setup_token_is_random_and_compared_whole() -> None:
    token = SetupToken()
    assert token.matches(token.reveal())
    assert len(token.reveal()) == 32
    assert token.reveal() != SetupToken().reveal()
    assert token.reveal() not in repr(token)
    for offered in ("", token.reveal()[:-1], token.reveal() + "x", token.reveal().upper() + "é", "\ud800"):
        assert not token.matches(offered)
