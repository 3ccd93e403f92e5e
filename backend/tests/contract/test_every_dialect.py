"""One script of events, every dialect: its own SDK reads the same from the stream as from the whole."""

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

import pytest

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.mlx_server.domain.events import Event, Failed, ToolCallStarted
from mlx_manager.mlx_server.protocols.sse import encoded
from tests.contract.dialects import DIALECTS, Dialect
from tests.contract.scripts import SCRIPTS, Reading, play, reading_of

PROMPT_TOKENS = 17
FAULT = Failed(ErrorCode.WORKER_DIED, 'it has "vanished"\n')


async def stream_of(dialect: Dialect, events: Sequence[Event], *, at_once: bool = False) -> bytes:
    parts = [part async for part in encoded(dialect.renderer(), play(events, at_once=at_once), PROMPT_TOKENS)]
    return b"".join(parts)


def expected(dialect: Dialect, script: Sequence[Event]) -> Reading:
    """What the dialect can say of the script."""
    wanted = reading_of(script)
    if not dialect.has_reasoning:
        wanted = replace(wanted, text=wanted.reasoning + wanted.text, reasoning="")
    if not dialect.has_stop_sequence and wanted.reason == "stop_sequence":
        wanted = replace(wanted, reason="stop")
    return wanted


def same(one: Reading, other: Reading) -> None:
    """Equal, calls by the value of their arguments where those are whole."""
    assert replace(one, calls=()) == replace(other, calls=())
    assert [name for name, _ in one.calls] == [name for name, _ in other.calls]
    for (_, mine), (_, theirs) in zip(one.calls, other.calls, strict=True):
        try:
            assert json.loads(mine) == json.loads(theirs)
        except ValueError:
            assert mine == theirs


# A text completion has no tools, so nothing is ever called in one.
CASES = [
    (name, script)
    for name in DIALECTS
    for script, events in SCRIPTS.items()
    if name != "completions" or not any(isinstance(event, ToolCallStarted) for event in events)
]
WHOLE = [(name, script) for name, script in CASES if script != "a call, cut off"]


@pytest.mark.parametrize("at_once", [False, True])
@pytest.mark.parametrize(("name", "script"), WHOLE)
async def test_stream_whole_and_script_agree(name: str, script: str, at_once: bool) -> None:
    dialect, events = DIALECTS[name](), SCRIPTS[script]
    wanted = expected(dialect, events)
    same(dialect.whole(await dialect.renderer().fold(play(events, at_once=at_once))), wanted)
    same(dialect.streamed(await stream_of(dialect, events, at_once=at_once)), wanted)


@pytest.mark.parametrize("name", [name for name in DIALECTS if name != "completions"])
async def test_a_call_that_is_cut_off_is_an_end_by_length(name: str) -> None:
    dialect, events = DIALECTS[name](), SCRIPTS["a call, cut off"]
    whole = dialect.whole(await dialect.renderer().fold(play(events)))
    assert whole.reason == "length"
    assert b'"length"' in (body := await stream_of(dialect, events)) or b"max_" in body


@pytest.mark.parametrize(("name", "script"), CASES)
async def test_a_failure_in_any_state_is_one_error_and_the_last(name: str, script: str) -> None:
    for cut in range(len(SCRIPTS[script])):
        dialect, events = DIALECTS[name](), [*SCRIPTS[script][:cut], FAULT]
        with pytest.raises(ApiError, match="vanished") as caught:
            await dialect.renderer().fold(play(events))
        assert caught.value.code is ErrorCode.WORKER_DIED
        body = await stream_of(dialect, events)
        assert body.count(b"vanished") == 1, "the error is told once"
        assert b"[DONE]" not in body
        with pytest.raises(dialect.error, match="vanished"):
            dialect.streamed(body)


@pytest.mark.parametrize(("name", "script"), CASES)
async def test_a_client_that_leaves_in_any_state_closes_the_generation(name: str, script: str) -> None:
    events = SCRIPTS[script]
    for cut in range(len(events) + 1):
        told: list[str] = []

        async def watched(
            events: Sequence[Event] = events, told: list[str] = told
        ) -> AsyncIterator[Sequence[Event]]:
            told.append("begun")
            try:
                async for batch in play(events):
                    yield batch
            finally:
                told.append("ended")

        source = watched()
        stream = encoded(DIALECTS[name]().renderer(), source, PROMPT_TOKENS)
        parts = [await anext(stream, b"") for _ in range(cut)]
        await stream.aclose()  # type: ignore[attr-defined]
        await source.aclose()  # type: ignore[attr-defined]
        assert told in ([], ["begun", "ended"])
        whole = await stream_of(DIALECTS[name](), events)
        # Every part is whole events, so that what a client has got is well formed.
        assert all(part == b"" or part.endswith(b"\n\n") for part in parts)
        assert len(b"".join(parts)) <= len(whole)
