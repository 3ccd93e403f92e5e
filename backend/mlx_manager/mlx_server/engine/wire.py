"""Frames between the server and a worker: length-prefixed msgpack over an inherited socket pair.

Imports no MLX: the server's side of the socket uses it too. A frame is four bytes of big-endian
length and that many bytes of msgpack. End of file is the death notice in both directions.
"""

from collections.abc import Sequence
from typing import Final

import msgspec
from msgspec import Struct

from mlx_manager.mlx_server.engine.ledger import KVSize

MAX_FRAME_BYTES: Final = 2**28
HEADER_BYTES: Final = 4


class Tracing(Struct, frozen=True):
    """Where a worker sends the spans of traced jobs.

    Attributes:
        model: the model's id.
        targets: endpoints with what authorizes us there; an empty endpoint is what `OTEL_*` variables say.
    """

    model: str
    targets: Sequence[tuple[str, str]]

    def __repr__(self) -> str:
        return f"Tracing({self.model!r})"


class Load(Struct, tag="load", frozen=True):
    """Load a model; the worker answers `Loading` now and then, at last `Loaded` or `LoadFailed`. Sent once.

    Attributes:
        max_rows: most sequences that decode together.
        prefill_chunk_tokens: most prompt tokens read between two decode steps; time may allow fewer.
        kv_budget_bytes: bound of the KV caches of all sequences; 0 leaves them unbounded.
        kv_bits: 8 or 4 holds KV caches quantised, one row at a time; 0 leaves them as they are.
        prompt_lookup: whether a single sequence may be drafted for from its own text.
        cache_budget_bytes: bound of the prefix cache in memory; 0 switches it off.
        cache_dir: folder of the prefix cache's disk tier; empty switches that tier off.
        cache_disk_budget_bytes: bound of that folder.
        cache_disk_floor_bytes: free bytes that the disk tier leaves on its file system.
        probe_dir: folder where a probe's findings are kept for the next load; empty probes each time.
        adapter_path: folder of a LoRA adapter that is applied to the model; empty where there is none.
        tracing: None where no job will be traced.
    """

    path: str
    max_rows: int
    prefill_chunk_tokens: int
    kv_budget_bytes: int = 0
    kv_bits: int = 0
    prompt_lookup: bool = False
    cache_budget_bytes: int = 0
    cache_dir: str = ""
    cache_disk_budget_bytes: int = 0
    cache_disk_floor_bytes: int = 0
    probe_dir: str = ""
    adapter_path: str = ""
    tracing: Tracing | None = None


class Boundary(Struct, array_like=True, frozen=True):
    """A place where a prefix is worth keeping: the end of a message, in tokens from the start.

    Attributes:
        role: of the message that ends there: `system`, `user` or `assistant` (tools count as user).
    """

    position: int
    role: str


class Trigger(Struct, array_like=True, frozen=True):
    """A text that opens a call; see `domain.guide.Trigger`."""

    text: str
    grammar: str
    at_start: bool = False


class ReasoningGuide(Struct, array_like=True, frozen=True):
    """Where reasoning begins and ends; see `domain.guide.ReasoningGuide`."""

    opening: str
    closing: str
    is_open: bool
    budget: int | None = None


class Guide(Struct, array_like=True, frozen=True):
    """What a sequence is held to; see `domain.guide.Guide`."""

    reasoning: ReasoningGuide | None = None
    grammar: str = ""
    triggers: list[Trigger] = []
    ends_after_call: bool = False


class Vocabulary(Struct, tag="vocabulary", frozen=True):
    """The tokenizer that grammars are checked with and sequences guided by; sent before the first of them.

    Attributes:
        tokenizer: JSON of the tokenizers library.
        stop_ids: token ids that end a sequence.
    """

    tokenizer: str
    stop_ids: list[int]


class Check(Struct, tag="check", frozen=True):
    """Asks whether grammars can be enforced; the worker answers `Checked`, in the order of the questions."""

    number: int
    grammars: list[str]


class Submit(Struct, tag="submit", frozen=True):
    """Generate after `prompt_ids`; `Steps` follow and one row of them, or a `RowFailed`, ends it.

    Attributes:
        sequence_id: chosen by the server, unique in this worker's life.
        stop_ids: token ids that end the sequence; the ending token is reported, too.
        seed: 64 bits; with the position in the sequence it decides every draw.
        repetition_penalty: divides (multiplies, where negative) the logits of tokens in prompt and output.
        presence_penalty: subtracted once from the logit of each token drawn before.
        frequency_penalty: subtracted from a token's logit as often as it was drawn before.
        logit_bias: added to the logits of these token ids.
        top_logprobs: None asks for no logprobs; 0 for the drawn token's alone, n for the n likeliest, too.
        tenant: whose request it is; tenants take turns.
        background: gives way to others, but not for ever.
        cache_salt: prefixes are shared between sequences of one salt only.
        boundaries: ends of the prompt's messages, ascending.
        traceparent: the W3C trace context that its spans belong to; empty where it is not traced.
        guide: what it is held to; None leaves it free.
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
    repetition_penalty: float = 1.0
    presence_penalty: float = 0.0
    frequency_penalty: float = 0.0
    logit_bias: dict[int, float] = {}
    top_logprobs: int | None = None
    tenant: str = ""
    background: bool = False
    cache_salt: str = ""
    boundaries: list[Boundary] = []
    traceparent: str = ""
    guide: Guide | None = None


class Cancel(Struct, tag="cancel", frozen=True):
    """Forget a sequence; nothing more is reported of it after the step that runs now."""

    sequence_id: int


class Ping(Struct, tag="ping", frozen=True):
    """Asks the thread that owns MLX for a `Pong`; it answers between two steps."""

    number: int


class SetBudget(Struct, tag="set_budget", frozen=True):
    """Change the bounds of `Load`; the worker answers `Budgets`, commands being taken in their order.

    No sequence is lost: what runs keeps its caches, and what waits goes on waiting. So the bound of
    the KV caches becomes no less than what is charged now, and than the largest sequence alone needs.

    Attributes:
        kv_budget_bytes: as in `Load`, except that there always is a bound: 0 asks for the least.
        cache_budget_bytes: as in `Load`; 0 drops what is held and keeps nothing until the bound grows
            again. A worker that was loaded without a prefix cache gets none.
    """

    kv_budget_bytes: int
    cache_budget_bytes: int


Command = Load | Vocabulary | Check | Submit | Cancel | Ping | SetBudget


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


class Loading(Struct, tag="loading", frozen=True):
    """How far a load is, from 0 to 1; never less than before."""

    fraction: float


class Loaded(Struct, tag="loaded", frozen=True):
    """The model is ready.

    Attributes:
        active_bytes: what MLX holds after the load.
        vocab_size: width of the logits; a prompt's ids must lie below it.
        can_batch: whether the numeric probe found batched logits equal to serial ones.
        probe: the probe's finding in words.
        kv_size: bytes of one row's cache.
        prefix_cache: why there is no prefix cache, or empty where there is one.
        prompt_lookup: why a sequence is not drafted for, or empty where it is.
    """

    active_bytes: int
    vocab_size: int
    can_batch: bool
    probe: str
    load_s: float
    kv_size: KVSize = KVSize(0, 0)
    prefix_cache: str = "off"
    prompt_lookup: str = "off"


class LoadFailed(Struct, tag="load_failed", frozen=True):
    """The model could not be loaded; the worker ends after this frame."""

    reason: str


class Prefill(Struct, tag="prefill", frozen=True):
    """A chunk of a prompt was read."""

    sequence_id: int
    done_tokens: int


class Restored(Struct, tag="restored", frozen=True):
    """What the prefix cache held of a prompt; sent once before its first chunk is read.

    Attributes:
        cached_tokens: tokens that need not be read again.
        matched_tokens: tokens that agree with a stored prompt; more than `cached_tokens` where the model's
            state could not be taken up at that very place.
        stored_ids: up to 16 tokens that stood after the agreeing ones in what was stored.
    """

    sequence_id: int
    cached_tokens: int
    matched_tokens: int
    stored_ids: list[int]


class TokenLogprobs(Struct, array_like=True, frozen=True):
    """Natural logarithms of probabilities at temperature 1, before bias and penalties.

    Attributes:
        logprob: the drawn token's.
        top_ids: the likeliest tokens, descending; as many as were asked for.
        top_logprobs: theirs.
    """

    logprob: float
    top_ids: list[int]
    top_logprobs: list[float]


class Row(Struct, array_like=True, frozen=True):
    """One new token of one sequence.

    Attributes:
        finish: empty while it goes on; else `stop` where the token is one that ends a sequence, `complete`
            where it is the last of a text that its guide says is whole, or `length`.
    """

    sequence_id: int
    token_id: int
    finish: str
    logprobs: TokenLogprobs | None = None


class Steps(Struct, tag="steps", frozen=True):
    """Every row's token of one step, in one frame; a sequence that was drafted for may have several."""

    rows: list[Row]


class RowFailed(Struct, tag="row_failed", frozen=True):
    """A sequence ended by a fault in the engine."""

    sequence_id: int
    reason: str


class Pong(Struct, tag="pong", frozen=True):
    """The engine is alive; what it holds.

    Attributes:
        number: the ping's.
        num_running: sequences that are read or decode.
        num_waiting: sequences that have not been admitted.
        kv_bytes: what the ledger charges for the sequences' KV caches.
        cache_bytes: the prefix cache's bytes in memory.
        active_bytes: what MLX holds.
        fault: what the integrity check found wrong, or empty; it is made when nothing runs or waits.
    """

    number: int
    num_running: int
    num_waiting: int
    kv_bytes: int
    cache_bytes: int
    active_bytes: int
    fault: str = ""


class Budgets(Struct, tag="budgets", frozen=True):
    """The bounds that hold from now on; see `SetBudget`.

    Attributes:
        kv_budget_bytes: of the KV caches of all sequences; more than was asked for where they need it.
        cache_budget_bytes: of the prefix cache in memory; more than was asked for while the disk tier
            reads or writes what would have to go, 0 where there is no cache.
    """

    kv_budget_bytes: int
    cache_budget_bytes: int


class Checked(Struct, tag="checked", frozen=True):
    """What is wrong with each grammar of a `Check`; empty where it can be enforced."""

    number: int
    faults: list[str]


Report = (
    Hello | Loading | Loaded | LoadFailed | Restored | Prefill | Steps | RowFailed | Pong | Budgets | Checked
)

_encoder = msgspec.msgpack.Encoder()
_command_decoder: msgspec.msgpack.Decoder[Command] = msgspec.msgpack.Decoder(Command)
_report_decoder: msgspec.msgpack.Decoder[Report] = msgspec.msgpack.Decoder(Report)


def guide_key(guide: Guide) -> bytes:
    """The same for equal guides."""
    return _encoder.encode(guide)


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
