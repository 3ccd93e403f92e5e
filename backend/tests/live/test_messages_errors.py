"""What is refused in Anthropic's envelope, and streams that end with an error."""

from typing import Any

import anthropic
import pytest
from anthropic import Anthropic

from tests.live.messages import (
    ASKED,
    COUNT,
    ENDLESSLY,
    HOT,
    PATH,
    check_error,
    post,
    streamed,
)
from tests.live.server import Server


def test_errors_by_the_sdk(claude: Anthropic) -> None:
    with pytest.raises(anthropic.NotFoundError) as missing:
        claude.messages.create(**ASKED | {"model": "no-such-model"})
    body: Any = missing.value.body
    assert body["error"]["type"] == "not_found_error"
    assert missing.value.request_id == body["request_id"]
    with pytest.raises(anthropic.BadRequestError) as long:
        claude.messages.create(**ASKED | {"messages": [{"role": "user", "content": "word " * 6000}]})
    assert "prompt is too long: " in str(long.value)
    assert " tokens > 4095 maximum" in str(long.value)


BAD: list[tuple[dict[str, Any], str]] = [
    ({"max_tokens": None}, "max_tokens"),
    ({"messages": []}, "messages"),
    ({"messages": [{"role": "robot", "content": "x"}]}, "messages.0.role"),
    ({"messages": [{"role": "user", "content": [{"type": "image", "source": {}}]}]}, "messages.0.content.0"),
    ({"temperature": 1.5}, "temperature"),
    ({"tool_choice": {"type": "any"}}, "tool_choice"),
    ({"output_config": {"format": {"type": "xml"}}}, "output_config.format"),
]


@pytest.mark.parametrize(("fields", "param"), BAD)
@pytest.mark.parametrize("stream", [False, True])
def test_refused_before_the_first_byte(
    server: Server, fields: dict[str, Any], param: str, stream: bool
) -> None:
    for path in (PATH, COUNT):
        if (path, param) == (COUNT, "max_tokens"):
            continue
        refused = server.post(path, ASKED | fields | {"stream": stream})
        check_error(refused, 400, "invalid_request_error", param)


def test_bodies_and_routes_that_are_none(server: Server) -> None:
    for path in (PATH, COUNT):
        check_error(server.client.post(path, content=b"{"), 415, "invalid_request_error")
        headers = {"Content-Type": "application/json"}
        broken = server.client.post(path, content=b"{", headers=headers)
        check_error(broken, 400, "invalid_request_error")
        check_error(server.client.get(path), 405, "invalid_request_error")
    check_error(server.client.post(f"{PATH}/nothing"), 404, "not_found_error")
    without = {name: value for name, value in ASKED.items() if name != "max_tokens"}
    check_error(server.post(PATH, without), 400, "invalid_request_error", "max_tokens")


def test_an_answer_that_takes_too_long_ends_with_an_error(server: Server, claude: Anthropic) -> None:
    late = ENDLESSLY | HOT | {"timeout": 0.7}
    post(server, late | {"timeout": 60, "max_tokens": 1})  # the model is resident from here on
    *_, before, error = streamed(server, late)
    assert before["type"] == "content_block_delta"
    assert (error["type"], error["error"]["type"]) == ("error", "timeout_error")
    assert error["error"]["code"] == "deadline_exceeded"
    assert error["request_id"].startswith("req_")
    check_error(server.post(PATH, late), 504, "timeout_error")
    with (
        pytest.raises(anthropic.APIStatusError, match="was not complete"),
        claude.messages.stream(**ENDLESSLY, extra_body=HOT | {"timeout": 0.7}) as stream,
    ):
        stream.until_done()
    server.wait_idle()
