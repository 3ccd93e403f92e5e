"""Logprobs in OpenAI's two shapes; a stream's parts are those of the whole answer."""

import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from openai.types import Completion
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from mlx_manager.mlx_server.domain.events import (
    ChoiceFinished,
    Event,
    Finished,
    FinishReason,
    ReasoningDelta,
    TextDelta,
    TokenAlternative,
    TokenLogprob,
    Usage,
)
from mlx_manager.mlx_server.protocols.openai_chat.render import ChatRenderer
from mlx_manager.mlx_server.protocols.openai_completions.render import CompletionRenderer
from mlx_manager.mlx_server.protocols.sse import encoded

END = [ChoiceFinished(FinishReason.LENGTH), Finished(Usage(7, 5, cached_tokens=4))]
HEL = TokenAlternative(1, "Hel", b"Hel", -0.5)
LO = TokenAlternative(2, "lo", b"lo", -1.25)
SMILE = TokenAlternative(3, "\ufffd", b"\xf0\x9f", -2.0)
OTHER = TokenAlternative(4, "\ufffd", b"\x98\x80", -3.0)
NEVER = TokenAlternative(5, "<eos>", b"<eos>", float("-inf"))
SCRIPT: list[Event] = [
    ReasoningDelta("hm"),
    TextDelta("Hel", (TokenLogprob(HEL, (HEL, LO), 0),)),
    TextDelta("l"),
    TextDelta("o😀", (TokenLogprob(LO, (HEL, NEVER), 3), TokenLogprob(SMILE, (OTHER, SMILE), 5))),
    TextDelta("", (TokenLogprob(OTHER, (), 6),)),
    *END,
]


async def play(events: Sequence[Event]) -> AsyncIterator[Sequence[Event]]:
    for event in events:
        yield [event]


async def both(renderer: ChatRenderer | CompletionRenderer, events: Sequence[Event]) -> tuple[list[Any], Any]:
    """The chunks of the stream, and the whole answer."""
    stream = b"".join([chunk async for chunk in encoded(renderer, play(events))]).decode()
    *chunks, done = (part.removeprefix("data: ") for part in stream.removesuffix("\n\n").split("\n\n"))
    assert done == "[DONE]"
    return [json.loads(chunk) for chunk in chunks], json.loads(await renderer.fold(play(events)))


async def test_chat_exactly() -> None:
    chunks, body = await both(ChatRenderer("m", logprobs=True), SCRIPT)
    hel = {"token": "Hel", "logprob": -0.5, "bytes": [72, 101, 108]}
    low = {"token": "lo", "logprob": -1.25, "bytes": [108, 111]}
    smile = {"token": "\ufffd", "logprob": -2.0, "bytes": [240, 159]}
    other = {"token": "\ufffd", "logprob": -3.0, "bytes": [152, 128]}
    never = {"token": "<eos>", "logprob": -9999.0, "bytes": list(b"<eos>")}
    content = [
        hel | {"top_logprobs": [hel, low]},
        low | {"top_logprobs": [hel, never]},
        smile | {"top_logprobs": [other, smile]},
        other | {"top_logprobs": []},
    ]
    assert body["choices"][0]["logprobs"] == {"content": content, "refusal": None}
    choices = [chunk["choices"][0] for chunk in chunks]
    assert [(choice["delta"].get("content"), choice["logprobs"]) for choice in choices] == [
        ("", None),
        (None, None),
        ("Hel", {"content": content[:1], "refusal": None}),
        ("l", None),
        ("o😀", {"content": content[1:3], "refusal": None}),
        ("", {"content": content[3:], "refusal": None}),
        (None, None),
    ]


async def test_completion_exactly() -> None:
    script = [event for event in SCRIPT if not isinstance(event, ReasoningDelta)]
    chunks, body = await both(CompletionRenderer("m", logprobs=True), script)
    smile, other = "bytes:\\xf0\\x9f", "bytes:\\x98\\x80"
    assert body["choices"][0]["text"] == "Hello😀"
    assert body["choices"][0]["logprobs"] == {
        "tokens": ["Hel", "lo", smile, other],
        "token_logprobs": [-0.5, -1.25, -2.0, -3.0],
        "top_logprobs": [
            {"Hel": -0.5, "lo": -1.25},
            # The drawn token is listed, too, where it is none of the likeliest.
            {"Hel": -0.5, "<eos>": -9999.0, "lo": -1.25},
            {other: -3.0, smile: -2.0},
            {other: -3.0},
        ],
        "text_offset": [0, 3, 5, 6],
    }
    parts = [chunk["choices"][0] for chunk in chunks]
    assert [part["text"] for part in parts] == ["Hel", "l", "o😀", "", ""]
    assert [part["logprobs"] and part["logprobs"]["tokens"] for part in parts] == [
        ["Hel"],
        None,
        ["lo", smile],
        [other],
        None,
    ]


async def test_two_tokens_of_one_text_keep_the_likelier() -> None:
    one, two = TokenAlternative(8, "x", b"x", -1.0), TokenAlternative(9, "x", b"x", -2.0)
    drawn = TokenAlternative(10, "y", b"y", -3.0)
    script = [TextDelta("y", (TokenLogprob(drawn, (one, two)), TokenLogprob(two, (one, two)))), *END]
    _, body = await both(CompletionRenderer("m", logprobs=True), script)
    assert body["choices"][0]["logprobs"]["top_logprobs"] == [{"x": -1.0, "y": -3.0}, {"x": -2.0}]


async def test_asked_for_and_nothing_drawn() -> None:
    chunks, body = await both(ChatRenderer("m", logprobs=True), END)
    assert body["choices"][0]["logprobs"] == {"content": [], "refusal": None}
    assert [chunk["choices"][0]["logprobs"] for chunk in chunks] == [None, None]
    _, body = await both(CompletionRenderer("m", logprobs=True), END)
    empty = body["choices"][0]["logprobs"]
    assert empty == {"tokens": [], "token_logprobs": [], "top_logprobs": [], "text_offset": []}


async def test_not_asked_for() -> None:
    for renderer in (ChatRenderer("m"), CompletionRenderer("m")):
        chunks, body = await both(renderer, [TextDelta("x"), *END])
        assert {choice["logprobs"] for part in (*chunks, body) for choice in part["choices"]} == {None}


ALTERNATIVES = st.builds(
    lambda token_id, text, logprob: TokenAlternative(token_id, text.decode(errors="replace"), text, logprob),
    st.integers(0, 300),
    st.binary(max_size=4),
    st.floats(max_value=0, allow_nan=False) | st.just(float("-inf")),
)
ENTRIES = st.lists(
    st.builds(
        TokenLogprob,
        ALTERNATIVES,
        st.lists(ALTERNATIVES, max_size=3).map(
            lambda top: tuple(sorted(top, key=lambda token: -token.logprob))
        ),
        st.integers(0, 9),
    ),
    max_size=3,
).map(tuple)
SCRIPTS = st.lists(
    st.one_of(
        st.builds(TextDelta, st.text(max_size=5), ENTRIES), st.builds(ReasoningDelta, st.text(max_size=5))
    ),
    max_size=6,
)


@settings(max_examples=150, deadline=None)
@given(SCRIPTS, st.booleans())
async def test_a_chat_stream_folds_to_the_whole(script: list[Event], include_usage: bool) -> None:
    renderer = ChatRenderer("m", include_usage=include_usage, logprobs=True)
    chunks, body = await both(renderer, [*script, *END])
    whole = ChatCompletion.model_validate(body, strict=True)
    parts = [ChatCompletionChunk.model_validate(chunk, strict=True) for chunk in chunks]
    found = [chunk["choices"][0]["logprobs"] for chunk in chunks if chunk["choices"]]
    streamed = [entry for part in found if part for entry in part["content"]]
    assert streamed == body["choices"][0]["logprobs"]["content"]
    assert "".join(part.choices[0].delta.content or "" for part in parts if part.choices) == (
        whole.choices[0].message.content
    )


@settings(max_examples=150, deadline=None)
@given(SCRIPTS, st.booleans())
async def test_a_completion_stream_folds_to_the_whole(script: list[Event], include_usage: bool) -> None:
    renderer = CompletionRenderer("m", include_usage=include_usage, logprobs=True)
    chunks, body = await both(renderer, [*script, *END])
    whole = Completion.model_validate(body, strict=True).choices[0].logprobs
    assert whole is not None
    found = [choice["logprobs"] for chunk in chunks for choice in chunk["choices"] if choice["logprobs"]]
    for name, entries in body["choices"][0]["logprobs"].items():
        assert [entry for part in found for entry in part[name]] == entries
    lengths = {len(entries) for entries in body["choices"][0]["logprobs"].values()}
    assert len(lengths) == 1
