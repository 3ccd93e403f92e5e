"""Every code can be sent and is explained."""

import json

import pytest

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.mlx_server.protocols.openai.errors import error_response


@pytest.mark.parametrize("code", list(ErrorCode))
def test_each_code(code: ErrorCode) -> None:
    assert code == code.value == code.name.lower()
    assert 400 <= code.status < 600
    assert code.meaning.endswith((".", "`."))
    assert len(code.meaning.split()) >= 4
    assert ErrorCode.__members__[code.name] is code


def test_meanings_differ() -> None:
    assert len({code.meaning for code in ErrorCode}) == len(ErrorCode)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (ErrorCode.INVALID_REQUEST, "invalid_request_error"),
        (ErrorCode.HOST_NOT_ALLOWED, "permission_error"),
        (ErrorCode.MODEL_NOT_FOUND, "not_found_error"),
        (ErrorCode.BODY_TOO_LARGE, "invalid_request_error"),
        (ErrorCode.QUEUE_FULL, "rate_limit_error"),
        (ErrorCode.ENGINE_ERROR, "server_error"),
        (ErrorCode.SHUTTING_DOWN, "service_unavailable_error"),
    ],
)
def test_envelope(code: ErrorCode, kind: str) -> None:
    response = error_response(ApiError(code, 'said "no"\n', param="a.0", retry_after_s=5))
    assert (response.status_code, response.media_type) == (code.status, "application/json")
    assert response.headers["retry-after"] == "5"
    assert json.loads(bytes(response.body)) == {
        "error": {"message": 'said "no"\n', "type": kind, "param": "a.0", "code": code.value}
    }


def test_no_retry_after_unless_stated() -> None:
    assert "retry-after" not in error_response(ApiError(ErrorCode.QUEUE_FULL, "x")).headers
