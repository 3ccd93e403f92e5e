"""Stop strings end the text, are no part of it, and may span tokens."""

from typing import Any

import pytest

from tests.live import server as live
from tests.live.server import Server

BODY = {"model": "stories260k-fp32", "prompt": "Once upon a time", "max_tokens": 64, "temperature": 0}


@pytest.fixture(scope="module")
def pieces(stories_server: Server) -> list[str]:
    """The greedy text as the stream gives it, about a token a piece."""
    chunks = live.stream(stories_server, "/v1/completions", BODY).chunks
    return [text for chunk in chunks if (text := live.chunk_text(chunk))]


def both_ways(server: Server, stop: Any) -> tuple[str, dict[str, Any]]:
    """The text, the same both ways, and the whole answer."""
    body = {**BODY, "stop": stop}
    whole = server.post("/v1/completions", body)
    assert whole.status_code == 200, whole.text
    streamed = live.stream(server, "/v1/completions", body)
    answer: dict[str, Any] = whole.json()
    text: str = answer["choices"][0]["text"]
    assert streamed.text == text
    assert streamed.finish_reason == answer["choices"][0]["finish_reason"]
    return text, answer


@pytest.mark.parametrize("start", [3, 10, 20, 31])
@pytest.mark.parametrize("span", [2, 4])
def test_a_stop_that_spans_tokens_ends_the_text_before_it(
    stories_server: Server, pieces: list[str], start: int, span: int
) -> None:
    run = pieces[start : start + span]
    # From the middle of the first piece to the middle of the last: on no boundary of tokens.
    stop = run[0][len(run[0]) // 2 :] + "".join(run[1:-1]) + run[-1][: max(1, len(run[-1]) // 2)]
    full = "".join(pieces)
    text, answer = both_ways(stories_server, stop)
    assert text == full[: full.index(stop)]
    assert stop not in text
    assert answer["choices"][0]["finish_reason"] == "stop"
    assert answer["usage"]["completion_tokens"] < 64


def test_the_earliest_of_several_ends_it(stories_server: Server, pieces: list[str]) -> None:
    full = "".join(pieces)
    stops = [full[60:66], full[25:30], "never said at all", full[90:99]]
    text, _ = both_ways(stories_server, stops)
    assert text == full[: min(full.index(stop) for stop in stops if stop in full)]


def test_a_single_string_is_a_list_of_one(stories_server: Server, pieces: list[str]) -> None:
    stop = "".join(pieces)[30:34]
    assert both_ways(stories_server, stop)[0] == both_ways(stories_server, [stop])[0]


def test_what_only_begins_a_stop_is_given_out(stories_server: Server, pieces: list[str]) -> None:
    full = "".join(pieces)
    text, answer = both_ways(stories_server, [full[20:26] + "\x00", full[-5:] + "and no more"])
    assert text == full
    assert answer["choices"][0]["finish_reason"] == "length"


@pytest.mark.parametrize("stop", [None, []])
def test_no_stop_is_no_stop(stories_server: Server, pieces: list[str], stop: Any) -> None:
    assert both_ways(stories_server, stop)[0] == "".join(pieces)


@pytest.mark.parametrize("stop", [["a", "b", "c", "d", "e"], "", [""], ["a", ""], 5, [5], {"a": 1}, [["a"]]])
def test_stops_that_are_none_are_refused(stories_server: Server, stop: Any) -> None:
    for streaming in (False, True):
        response = stories_server.post("/v1/completions", {**BODY, "stop": stop, "stream": streaming})
        assert response.status_code == 400
        assert response.json()["error"]["param"] == "stop"


def test_a_stop_in_chat(server: Server) -> None:
    body: dict[str, Any] = {
        "model": "demo",
        "messages": [{"role": "user", "content": "What is MLX Manager?"}],
        "max_tokens": 40,
        "temperature": 0,
    }
    full = server.post("/v1/chat/completions", body).json()["choices"][0]["message"]["content"]
    stop = full[len(full) // 2 : len(full) // 2 + 4]
    whole = server.post("/v1/chat/completions", {**body, "stop": stop}).json()["choices"][0]
    assert whole["message"]["content"] == full[: full.index(stop)]
    assert whole["finish_reason"] == "stop"
    assert (
        live.stream(server, "/v1/chat/completions", {**body, "stop": stop}).text == full[: full.index(stop)]
    )
