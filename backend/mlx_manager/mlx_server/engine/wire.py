"""Frames between the server and a worker: length-prefixed msgpack over an inherited socket pair.

Imports no MLX: the server's side of the socket uses it too. A frame is four bytes of big-endian
length and that many bytes of msgpack. End of file is the death notice in both directions.
"""

from typing import Final

import msgspec
from msgspec import Struct

MAX_FRAME_BYTES: Final = 2**28
HEADER_BYTES: Final = 4


class Load(Struct, tag="load", frozen=True):
    """Load a model; the worker answers `Loaded` or `LoadFailed`. Sent once.

    Attributes:
        max_rows: most sequences that decode together.
        prefill_chunk_tokens: most prompt tokens read between two decode steps.
    """

    path: str
    max_rows: int
    prefill_chunk_tokens: int


class Submit(Struct, tag="submit", frozen=True):
    """Generate after `prompt_ids`; `Steps` follow and one row of them, or a `RowFailed`, ends it.

    Attributes:
        sequence_id: chosen by the server, unique in this worker's life.
        stop_ids: token ids that end the sequence; the ending token is reported, too.
        seed: 64 bits; with the position in the sequence it decides every draw.
    """

    sequence_id: int
    prompt_ids: list[int]
    max_tokens: int
    stop_ids: list[int]
    temperature: float
    top_k: int
    top_p: float
    min_p: float
    seed: int


class Cancel(Struct, tag="cancel", frozen=True):
    """Forget a sequence; nothing more is reported of it after the step that runs now."""

    sequence_id: int


Command = Load | Submit | Cancel


class Hello(Struct, tag="hello", frozen=True):
    """The first frame: the worker has finished its imports.

    Attributes:
        device_limit_bytes: most bytes that MLX may use on this device.
        widens_half: whether half-precision weights are held as fp32 here.
    """

    pid: int
    mlx_version: str
    device: str
    device_limit_bytes: int
    widens_half: bool


class Loaded(Struct, tag="loaded", frozen=True):
    """The model is ready.

    Attributes:
        active_bytes: what MLX holds after the load.
        vocab_size: width of the logits; a prompt's ids must lie below it.
        can_batch: whether the numeric probe found batched logits equal to serial ones.
        probe: the probe's finding in words.
    """

    active_bytes: int
    vocab_size: int
    can_batch: bool
    probe: str
    load_s: float


class LoadFailed(Struct, tag="load_failed", frozen=True):
    """The model could not be loaded; the worker ends after this frame."""

    reason: str


class Prefill(Struct, tag="prefill", frozen=True):
    """A chunk of a prompt was read."""

    sequence_id: int
    done_tokens: int


class Row(Struct, array_like=True, frozen=True):
    """One new token of one sequence; `finish` is `stop`, `length` or empty while it goes on."""

    sequence_id: int
    token_id: int
    finish: str


class Steps(Struct, tag="steps", frozen=True):
    """Every row's token of one step, in one frame."""

    rows: list[Row]


class RowFailed(Struct, tag="row_failed", frozen=True):
    """A sequence ended by a fault in the engine."""

    sequence_id: int
    reason: str


Report = Hello | Loaded | LoadFailed | Prefill | Steps | RowFailed

_encoder = msgspec.msgpack.Encoder()
_command_decoder: msgspec.msgpack.Decoder[Command] = msgspec.msgpack.Decoder(Command)
_report_decoder: msgspec.msgpack.Decoder[Report] = msgspec.msgpack.Decoder(Report)


def encode_frame(message: Command | Report) -> bytes:
    """The message with its length before it."""
    body = _encoder.encode(message)
    return len(body).to_bytes(HEADER_BYTES, "big") + body


def decode_command(body: bytes) -> Command:
    """A frame's body, as the worker reads it. Raises msgspec.DecodeError on anything else."""
    return _command_decoder.decode(body)


def decode_report(body: bytes) -> Report:
    """A frame's body, as the server reads it. Raises msgspec.DecodeError on anything else."""
    return _report_decoder.decode(body)


def frame_length(header: bytes) -> int:
    """The body's length in bytes. Raises ValueError where it cannot be ours."""
    length = int.from_bytes(header, "big")
    if length > MAX_FRAME_BYTES:
        raise ValueError(f"frame of {length} bytes is over the limit of {MAX_FRAME_BYTES}")
    return length
