"""Every frame comes back as it was, and garbage is refused."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlx_manager.mlx_server.engine import wire
from mlx_manager.mlx_server.engine.wire import (
    Budgets,
    Cancel,
    Command,
    Hello,
    Load,
    Loaded,
    LoadFailed,
    Loading,
    Prefill,
    Report,
    Row,
    RowFailed,
    SetBudget,
    Steps,
    Submit,
)

COMMANDS: list[Command] = [
    Load("/models/ä 日本", 32, 512),
    Submit(2**40, [0, 1, 2**31], 5, [], 0.7, 0, 1.0, 0.0, -(2**63)),
    Submit(1, [], 2**63 - 1, [2, 3], 0.0, 40, 0.9, 0.05, 2**63 - 1),
    Cancel(3),
    SetBudget(2**40, 0),
]
REPORTS: list[Report] = [
    Hello(1, "0.32", "cpu", 2**40, True),
    Loaded(5, 97, True, "batches", 0.5),
    Loading(0.25),
    LoadFailed("no\nway"),
    Budgets(1, 2**40),
    Prefill(1, 512),
    Steps([Row(1, 2, ""), Row(2, 3, "stop")]),
    Steps([]),
    RowFailed(1, "RuntimeError: 😀"),
]


def body_of(frame: bytes) -> bytes:
    body = frame[wire.HEADER_BYTES :]
    assert wire.frame_length(frame[: wire.HEADER_BYTES]) == len(body)
    return body


@pytest.mark.parametrize("command", COMMANDS)
def test_commands(command: Command) -> None:
    assert wire.decode_command(body_of(wire.encode_frame(command))) == command


@pytest.mark.parametrize("report", REPORTS)
def test_reports(report: Report) -> None:
    assert wire.decode_report(body_of(wire.encode_frame(report))) == report


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_is_no_report(command: Command) -> None:
    with pytest.raises(msgspec.ValidationError):
        wire.decode_report(body_of(wire.encode_frame(command)))


@settings(derandomize=True, max_examples=200, deadline=None)
@given(garbage=st.binary(max_size=80))
def test_garbage(garbage: bytes) -> None:
    for decode in (wire.decode_command, wire.decode_report):
        with pytest.raises(msgspec.DecodeError):
            decode(garbage)


@pytest.mark.parametrize("frame", [wire.encode_frame(item) for item in (*COMMANDS, *REPORTS)])
def test_every_truncation_is_refused(frame: bytes) -> None:
    body = body_of(frame)
    for end in range(len(body)):
        for decode in (wire.decode_command, wire.decode_report):
            with pytest.raises(msgspec.DecodeError):
                decode(body[:end])


def test_lengths() -> None:
    assert wire.frame_length(wire.MAX_FRAME_BYTES.to_bytes(4, "big")) == wire.MAX_FRAME_BYTES
    for length in (wire.MAX_FRAME_BYTES + 1, 2**32 - 1):
        with pytest.raises(ValueError, match="over the limit"):
            wire.frame_length(length.to_bytes(4, "big"))
