"""A closed server in Anthropic's words: who may ask, what is left to them, and what is too large."""

from collections.abc import Iterator
from typing import Any

import anthropic
import pytest

from tests.live.accounts import bearer, make_key
from tests.live.messages import COUNT, PATH, check_error, sdk
from tests.live.server import Server, wait_until

MESSAGES = [{"role": "user", "content": "Hi"}]
PATHS = (PATH, COUNT)
ASKED: dict[str, Any] = {"model": "demo", "max_tokens": 1, "messages": MESSAGES}


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    env = {"MLX_SERVER_REQUIRE_AUTH": "true", "MLX_SERVER_MAX_REQUEST_BODY_MB": "0.01"}
    with Server(tmp_path_factory.mktemp("closed"), env, wait_ready=False) as server:
        headers = bearer(make_key(server.home, "waits")["key"])
        wait_until(lambda: server.client.get("/ready", headers=headers).status_code == 200, "it is ready")
        yield server


def test_a_key_comes_by_either_header(closed: Server) -> None:
    key = make_key(closed.home, "either")["key"]
    for credential in ({"api_key": key}, {"auth_token": key}):
        with sdk(closed, **credential) as client:
            assert client.messages.create(**ASKED).usage.output_tokens == 1
            assert client.messages.count_tokens(model="demo", messages=MESSAGES).input_tokens > 1


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("headers", "code"),
    [({}, "authentication_required"), ({"x-api-key": "sk-mlx-wrong"}, "invalid_api_key")],
)
def test_no_key(closed: Server, path: str, headers: dict[str, str], code: str) -> None:
    check_error(closed.post(path, ASKED, headers=headers), 401, "authentication_error", code=code)
    with sdk(closed, api_key="sk-mlx-wrong") as client, pytest.raises(anthropic.AuthenticationError):
        client.messages.create(**ASKED)


@pytest.mark.parametrize("path", PATHS)
def test_a_key_for_other_models(closed: Server, path: str) -> None:
    key = make_key(closed.home, f"other-{path[-6:]}", "--model", "other")["key"]
    refused = closed.post(path, ASKED, headers=bearer(key))
    check_error(refused, 403, "permission_error", "model", "model_not_allowed")


@pytest.mark.parametrize("path", PATHS)
def test_a_body_that_is_too_large(closed: Server, path: str) -> None:
    key = make_key(closed.home, f"large-{path[-6:]}")["key"]
    body = ASKED | {"messages": [{"role": "user", "content": "x" * 20_000}]}
    refused = closed.post(path, body, headers=bearer(key))
    check_error(refused, 413, "request_too_large", code="body_too_large")


def test_limits_are_told(closed: Server) -> None:
    options = ("--requests-per-minute", "2", "--tokens-per-day", "1000")
    headers = bearer(make_key(closed.home, "limited", *options)["key"])
    # Counting is no request for an answer.
    assert all(closed.post(PATHS[1], ASKED, headers=headers).status_code == 200 for _ in range(5))
    for left in ("1", "0"):
        answer = closed.post(PATHS[0], ASKED, headers=headers)
        assert answer.headers["anthropic-ratelimit-requests-limit"] == "2"
        assert answer.headers["anthropic-ratelimit-requests-remaining"] == left
        assert answer.headers["anthropic-ratelimit-tokens-limit"] == "1000"
        assert answer.headers["anthropic-ratelimit-requests-reset"].endswith("Z")
    refused = closed.post(PATHS[0], ASKED, headers=headers)
    check_error(refused, 429, "rate_limit_error", code="rate_limit_exceeded")
    assert int(refused.headers["retry-after"]) >= 1
    assert refused.headers["anthropic-ratelimit-requests-remaining"] == "0"
